//! Whole trainings: every loss on the way, the weights at the end, and what the network then says.

use super::losses::loss;
use super::metrics::metric;
use super::optimizers::optimizer;
use super::{Golden, Visitor, close, with_layer};
use crate::engine::on_devices::on_every_device;
use crate::engine::{Engine, compiled};
use crate::graph::{Graph, Value};
use crate::layers::Layer;
use crate::shape::{Outcome, Shape};
use crate::training::data::DataSet;

/// Twenty steps of Adam behind a `BatchNormalization` reach 2.6e-6; everything else stays below 1e-6.
const TOLERANCE: f32 = 5e-6;

/// The same network reaches 4e-6, and Keras itself 3e-6 when it adds in another order.
const WEIGHT_TOLERANCE: f32 = 1e-5;

/// Puts a layer at the end of a graph.
struct Append<'a> {
    graph: &'a mut Graph,
    name: &'static str,
    after: Value,
}

impl Visitor for Append<'_> {
    type Output = Value;

    fn visit<L: Layer>(self, layer: L, outcome: Outcome) -> Value {
        let layer = self.graph.layer(self.name, layer, &outcome);
        self.graph.call(layer, &outcome, &[self.after])
    }
}

/// The network that a file describes, under Keras' names.
fn graph(golden: &Golden) -> Graph {
    let (_, input) = golden.samples("x");
    let mut graph = Graph::new("sequential");
    let mut value = graph.input("input", input);
    for layer in golden.case["network"].as_array().unwrap() {
        let text = |key: &str| layer[key].as_str().unwrap();
        // Names are constants in a program, so a graph wants them to live for ever.
        let name = Box::leak(text("layer").to_owned().into_boxed_str());
        let before: Shape = graph.shape(value);
        let append = Append {
            graph: &mut graph,
            name,
            after: value,
        };
        value = with_layer(text("type"), &layer["options"], &[before], append)
            .unwrap_or_else(|| panic!("{}: no layer {}", golden.name, text("type")));
    }
    graph.output("output", value);
    graph
}

on_every_device!(training_is_keras_training, every_training);

fn every_training<E: Engine>(device: &E::Device) {
    let mut largest = [0.0_f32; 2];
    for golden in Golden::all("training", 7) {
        let [values, weights] = check::<E>(&golden, device);
        println!("{}: values {values:e}, weights {weights:e}", golden.name);
        largest = [largest[0].max(values), largest[1].max(weights)];
    }
    println!(
        "training: largest difference {:e}, of weights {:e}",
        largest[0], largest[1]
    );
}

fn check<E: Engine>(golden: &Golden, device: &E::Device) -> [f32; 2] {
    let case = &golden.case;
    let name = &golden.name;
    let metric_names: Vec<&str> = case["metrics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m.as_str().unwrap())
        .collect();
    let goal = (
        optimizer(
            case["optimizer"]["type"].as_str().unwrap(),
            &case["optimizer"]["options"],
        ),
        loss(case["loss"].as_str().unwrap(), false),
        metric_names.iter().map(|name| metric(name)).collect(),
    );
    let mut engine: E = compiled(device, graph(golden), 7, goal);
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

    let batch_size = case["batch_size"].as_u64().unwrap() as usize;
    let steps = case["steps"].as_u64().unwrap() as usize;
    let (rows, _) = golden.samples("x");
    let data = DataSet::single(golden.floats("x"), golden.targets("y", rows), rows);
    let order: Vec<u32> = (0..rows as u32).collect();
    let mut logs = vec![Vec::new(); 1 + metric_names.len()];
    for step in 0..steps {
        let first = step * batch_size % rows;
        let part = &order[first..first + batch_size];
        let totals = engine.step(batch_size, data.batch(part), 0);
        for (log, (_, value)) in logs.iter_mut().zip(engine.setup().values("", &totals)) {
            log.push(value as f32);
        }
    }

    let mut values = 0.0_f32;
    let mut compare = |what: &str, got: &[f32], expected: &str| {
        values = values.max(close(
            &format!("{name}: {what}"),
            got,
            golden.floats(expected),
            TOLERANCE,
        ));
    };
    compare("losses", &logs[0], "losses");
    for (metric, log) in metric_names.iter().zip(&logs[1..]) {
        compare(metric, log, metric);
    }
    let (test_rows, _) = golden.samples("x_test");
    compare(
        "predict",
        &engine
            .predict_single(golden.floats("x_test"), test_rows)
            .unwrap(),
        "predict",
    );
    let targets = golden.targets("y_test", test_rows);
    let data = DataSet::single(golden.floats("x_test"), targets, test_rows);
    let totals = engine.evaluate_all(&data).unwrap();
    let evaluated: Vec<f32> = engine
        .setup()
        .values("", &totals)
        .iter()
        .map(|&(_, v)| v as f32)
        .collect();
    compare("evaluate", &evaluated, "evaluate");

    let mut difference = 0.0_f32;
    for (weight, values) in names.iter().zip(engine.parameters().unwrap()) {
        difference = difference.max(close(
            &format!("{name}: {weight}"),
            &values,
            golden.floats(&format!("final.{weight}")),
            WEIGHT_TOLERANCE,
        ));
    }
    [values, difference]
}

/// The names of all parameters in order: `dense_1.bias`.
pub(super) fn weight_names(graph: &Graph) -> Vec<String> {
    let layers = graph.layers().iter();
    layers
        .flat_map(|layer| {
            let present = layer.parameters.iter().filter(|p| p.shape.size() > 0);
            present.map(|p| format!("{}.{}", layer.name, p.name))
        })
        .collect()
}
