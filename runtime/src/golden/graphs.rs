//! Functional networks, trained: the losses and metrics of each output in each step, the weights at the end, and what the
//! trained network answers.

use super::losses::loss;
use super::metrics::metric;
use super::optimizers::optimizer;
use super::training::weight_names;
use super::{Golden, Visitor, close, shape, with_layer};
use crate::engine::on_devices::on_every_device;
use crate::engine::{Engine, Setup};
use crate::error::Result;
use crate::gpu::{RecordLoss, Recorder};
use crate::graph::{Graph, LayerId};
use crate::layers::{Layer, LayerSizes};
use crate::losses::{Loss, LossCall};
use crate::op::Op;
use crate::plan::Goal;
use crate::shape::{Outcome, Shape};
use crate::tape::NoParameters;
use crate::training::data::DataSet;
use crate::training::labels::TargetRule;
use dfdx::shapes::Dtype;
use dfdx::tensor_ops::Device as DfdxDevice;
use serde_json::Value as Json;
use std::borrow::Cow;
use std::collections::HashMap;

/// Over 30 and 40 steps, as for lists of layers.
const TOLERANCE: f32 = 1e-5;

/// A list of layers as one layer.
#[derive(Clone, Copy, Debug)]
struct Inner(&'static Json);

impl Inner {
    fn graph(self) -> Graph {
        let mut graph = Graph::new("inner");
        let dims: Vec<usize> = serde_json::from_value(self.0["input"].clone()).unwrap();
        let mut value = graph.input("input", shape(&dims));
        for layer in self.0["layers"].as_array().unwrap() {
            let before = [graph.shape(value)];
            let (id, outcome) = add(&mut graph, layer, &before);
            value = graph.call(id, &outcome, &[value]);
        }
        graph.output("output", value);
        graph
    }

    fn output(self, _: &[Shape]) -> Outcome {
        let output = self.graph().output_shapes().next();
        Outcome::ok(output.unwrap())
    }
}

impl Layer for Inner {
    const KIND: &'static str = "Network";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = NoParameters<E, D>;

    fn op(&self, _: &[Shape], _: Shape) -> Box<dyn Op> {
        unreachable!("the layers inside are bound")
    }

    fn network(&self) -> Option<Graph> {
        Some(self.graph())
    }
}

/// Adds a layer to a graph.
struct Add<'a> {
    graph: &'a mut Graph,
    name: &'static str,
}

impl Visitor for Add<'_> {
    type Output = (LayerId, Outcome);

    fn visit<L: Layer>(self, layer: L, outcome: Outcome) -> Self::Output {
        (self.graph.layer(self.name, layer, &outcome), outcome)
    }
}

/// Names are constants in a program, so a graph wants them to live for ever.
fn for_ever(text: &Json) -> &'static str {
    Box::leak(text.as_str().unwrap().to_owned().into_boxed_str())
}

fn add(graph: &mut Graph, layer: &Json, inputs: &[Shape]) -> (LayerId, Outcome) {
    let name = for_ever(&layer["layer"]);
    let add = Add { graph, name };
    if layer["type"] == "Network" {
        let inner = Inner(Box::leak(Box::new(layer.clone())));
        return add.visit(inner, inner.output(inputs));
    }
    let kind = layer["type"].as_str().unwrap();
    with_layer(kind, &layer["options"], inputs, add).unwrap_or_else(|| panic!("no layer {kind}"))
}

/// The outcome of one more call of a layer.
struct Again;

impl Visitor for Again {
    type Output = Outcome;

    fn visit<L: Layer>(self, _: L, outcome: Outcome) -> Outcome {
        outcome
    }
}

fn strings(list: &Json) -> impl Iterator<Item = &str> {
    list.as_array().unwrap().iter().map(|s| s.as_str().unwrap())
}

/// The network that a file describes, under Keras' names.
fn graph(golden: &Golden) -> Graph {
    let case = &golden.case;
    let mut graph = Graph::new("functional");
    let mut values = HashMap::new();
    for name in case["inputs"].as_array().unwrap() {
        let name = for_ever(name);
        let (_, shape) = golden.samples(&format!("x.{name}"));
        values.insert(name.to_owned(), graph.input(name, shape));
    }
    let layers = case["layers"].as_array().unwrap();
    let mut added: HashMap<&str, LayerId> = HashMap::new();
    for call in case["calls"].as_array().unwrap() {
        let name = call["layer"].as_str().unwrap();
        let layer = layers.iter().find(|layer| layer["layer"] == name).unwrap();
        let inputs: Vec<_> = strings(&call["inputs"]).map(|v| values[v]).collect();
        let shapes: Vec<Shape> = inputs.iter().map(|&v| graph.shape(v)).collect();
        let (id, outcome) = match added.get(name) {
            None => add(&mut graph, layer, &shapes),
            Some(&id) => {
                let kind = layer["type"].as_str().unwrap();
                let again = with_layer(kind, &layer["options"], &shapes, Again);
                (id, again.unwrap_or_else(|| Outcome::ok(Shape::UNKNOWN)))
            }
        };
        added.insert(name, id);
        let value = graph.call(id, &outcome, &inputs);
        values.insert(call["output"].as_str().unwrap().to_owned(), value);
    }
    for output in case["outputs"].as_array().unwrap() {
        let name = for_ever(&output["name"]);
        graph.output(name, values[name]);
    }
    graph
}

/// A loss that only the file knows.
#[derive(Debug)]
struct Named(Box<dyn Loss>);

impl Loss for Named {
    type Target = ();

    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn target_rule(&self) -> TargetRule {
        self.0.target_rule()
    }

    fn run(&self, call: LossCall<'_>) -> f64 {
        self.0.run(call)
    }

    fn record(&self, call: RecordLoss, to: &mut Recorder) -> Result<usize> {
        self.0.record(call, to)
    }
}

fn goals(case: &Json) -> Vec<Goal> {
    let outputs = case["outputs"].as_array().unwrap().iter();
    outputs
        .map(|output| Goal {
            loss: Box::new(
                Named(loss(output["loss"].as_str().unwrap(), false))
                    .weighted(output["weight"].as_f64().unwrap() as f32),
            ),
            metrics: strings(&output["metrics"]).map(metric).collect(),
        })
        .collect()
}

/// Keras' name of a value in its logs.
fn in_the_file(golden: &Golden, name: &str) -> String {
    match golden.tensors.contains_key(&format!("step.{name}")) {
        true => name.to_owned(),
        false => name
            .replace("mean_absolute_error", "mae")
            .replace("mean_squared_error", "mse"),
    }
}

on_every_device!(functional_training_is_keras_training, every_training);

fn every_training<E: Engine>(device: &E::Device) {
    for golden in Golden::all("graphs", 3) {
        let [values, weights] = check::<E>(&golden, device);
        println!("{}: values {values:e}, weights {weights:e}", golden.name);
    }
}

fn check<E: Engine>(golden: &Golden, device: &E::Device) -> [f32; 2] {
    let case = &golden.case;
    let name = &golden.name;
    let mut engine = E::new(device, Setup::new(graph(golden), 7)).unwrap();
    let kind = case["optimizer"]["type"].as_str().unwrap();
    let optimizer = optimizer(kind, &case["optimizer"]["options"]);
    engine.compile(optimizer, goals(case)).unwrap();
    let names = weight_names(&engine.setup().graph);
    let initial = names
        .iter()
        .map(|name| golden.floats(&format!("initial.{name}")).to_vec());
    engine.set_parameters(initial.collect()).unwrap();
    let in_file = golden
        .tensors
        .keys()
        .filter(|n| n.starts_with("initial."))
        .count();
    assert_eq!(names.len(), in_file, "weights of {name}");

    let x: Vec<&[f32]> = strings(&case["inputs"])
        .map(|n| golden.floats(&format!("x.{n}")))
        .collect();
    let first = case["inputs"][0].as_str().unwrap();
    let (rows, _) = golden.samples(&format!("x.{first}"));
    let outputs: Vec<&str> = case["outputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|o| o["name"].as_str().unwrap())
        .collect();
    let data = DataSet {
        x: x.iter().map(|&x| Cow::Borrowed(x)).collect(),
        targets: outputs
            .iter()
            .map(|n| golden.targets(&format!("y.{n}"), rows))
            .collect(),
        rows,
    };
    let batch_size = case["batch_size"].as_u64().unwrap() as usize;
    let order: Vec<u32> = (0..rows as u32).collect();
    let mut logs: HashMap<String, Vec<f32>> = HashMap::new();
    for step in 0..case["steps"].as_u64().unwrap() as usize {
        let first = step * batch_size % rows;
        let totals = engine.step(batch_size, data.batch(&order[first..first + batch_size]), 0);
        for (name, value) in engine.setup().values("", &totals) {
            logs.entry(name).or_default().push(value as f32);
        }
    }
    let mut values = 0.0_f32;
    let mut compare = |what: &str, got: &[f32]| {
        let label = format!("{name}: {what}");
        values = values.max(close(&label, got, golden.floats(what), TOLERANCE));
    };
    let steps = golden
        .tensors
        .keys()
        .filter(|n| n.starts_with("step."))
        .count();
    assert_eq!(logs.len(), steps, "{name}: {:?}", logs.keys());
    for (name, log) in &logs {
        compare(&format!("step.{}", in_the_file(golden, name)), log);
    }
    let answers = engine.predict(&data.x, rows).unwrap();
    for (output, answers) in outputs.iter().zip(&answers) {
        compare(&format!("predict.{output}"), answers);
    }
    let totals = engine.evaluate_all(&data).unwrap();
    for (name, value) in engine.setup().values("", &totals) {
        compare(
            &format!("evaluate.{}", in_the_file(golden, &name)),
            &[value as f32],
        );
    }
    let mut weights = 0.0_f32;
    for (weight, values) in names.iter().zip(engine.parameters().unwrap()) {
        let label = format!("{name}: {weight}");
        let expected = golden.floats(&format!("final.{weight}"));
        weights = weights.max(close(&label, &values, expected, TOLERANCE));
    }
    [values, weights]
}
