//! Networks that are not a list: several inputs and outputs, values that are used twice, layers that are called twice.

use super::numbers;
use crate::activations::ActivationFunction::{self, Linear, Sigmoid, Softmax, Tanh};
use crate::engine::on_devices::on_every_device;
use crate::engine::{Engine, Setup};
use crate::golden::close;
use crate::graph::{Graph, LayerId, Value};
use crate::layers::{Activation, Dense, Layer};
use crate::losses::{BinaryCrossentropy, Loss, MeanSquaredError, SparseCategoricalCrossentropy};
use crate::metrics::{Accuracy, Metric};
use crate::optimizers::SGD;
use crate::plan::Goal;
use crate::shape::{Outcome, Shape};
use crate::training::data::DataSet;
use crate::training::labels::Targets;

const ROWS: usize = 6;

fn dense(units: usize, activation: ActivationFunction) -> Dense {
    Dense {
        activation,
        ..Dense::new(units)
    }
}

/// Calls a layer that has been added, at sizes that suit it.
fn call(graph: &mut Graph, layer: LayerId, outcome: &Outcome, input: Value) -> Value {
    graph.call(layer, outcome, &[input])
}

/// Adds a layer and calls it once.
fn add(
    graph: &mut Graph,
    name: &'static str,
    layer: impl Layer,
    outcome: Outcome,
    input: Value,
) -> Value {
    let layer = graph.layer(name, layer, &outcome);
    call(graph, layer, &outcome, input)
}

/// Two inputs through the same layer; what it makes of the first is an output itself, and used twice more.
fn faces() -> Graph {
    let mut graph = Graph::new("faces");
    let shape = Shape::new([5]);
    let (left, right) = (graph.input("left", shape), graph.input("right", shape));
    let tower = dense(4, Tanh);
    let outcome = tower.output(&[shape]);
    let tower = graph.layer("tower", tower, &outcome);
    let a = call(&mut graph, tower, &outcome, left);
    let b = call(&mut graph, tower, &outcome, right);
    let of = |layer: Dense| layer.output(&[Shape::new([4])]);
    let race = add(
        &mut graph,
        "race",
        dense(3, Softmax),
        of(dense(3, Softmax)),
        a,
    );
    let hidden = Activation::new(Tanh);
    let hidden = add(
        &mut graph,
        "hidden",
        hidden,
        hidden.output(&[Shape::new([4])]),
        a,
    );
    let age = add(
        &mut graph,
        "age",
        dense(2, Linear),
        of(dense(2, Linear)),
        hidden,
    );
    let glad = add(
        &mut graph,
        "glad",
        dense(1, Sigmoid),
        of(dense(1, Sigmoid)),
        b,
    );
    for (name, value) in [("race", race), ("age", age), ("glad", glad), ("tower", a)] {
        graph.output(name, value);
    }
    graph
}

fn goals() -> Vec<Goal> {
    let goal = |loss: Box<dyn Loss>| Goal {
        loss,
        metrics: Vec::new(),
    };
    let metrics: Vec<Box<dyn Metric>> = vec![Box::new(Accuracy)];
    vec![
        Goal {
            loss: Box::new(SparseCategoricalCrossentropy::default()),
            metrics,
        },
        goal(Box::new(MeanSquaredError.weighted(0.5))),
        goal(Box::<BinaryCrossentropy>::default()),
        goal(Box::new(MeanSquaredError.weighted(2.0))),
    ]
}

fn data() -> DataSet<'static> {
    let values = |seed, size: usize| Targets::Values {
        values: numbers(seed, ROWS * size).into(),
        size,
    };
    DataSet {
        x: vec![numbers(1, ROWS * 5).into(), numbers(2, ROWS * 5).into()],
        targets: vec![
            Targets::Classes(vec![0, 1, 2, 2, 1, 0]),
            values(3, 2),
            Targets::Values {
                values: vec![0.0, 1.0, 1.0, 0.0, 1.0, 0.0].into(),
                size: 1,
            },
            values(4, 4),
        ],
        rows: ROWS,
    }
}

fn engine<E: Engine>(device: &E::Device) -> E {
    let mut engine = E::new(device, Setup::new(faces(), 7)).unwrap();
    engine.compile(Box::new(SGD::new(1.0)), goals()).unwrap();
    engine
}

on_every_device!(gradients_of_a_graph_are_right, gradients);

/// One step of SGD with a learning rate of 1 takes the gradient off the weights.
fn gradients<E: Engine>(device: &E::Device) {
    let mut engine = engine::<E>(device);
    let data = data();
    let before = engine.parameters().unwrap();
    let loss = engine.evaluate_all(&data).unwrap().mean_loss();
    let order: Vec<u32> = (0..ROWS as u32).collect();
    let totals = engine.step(ROWS, data.batch(&order), 0);
    assert!((totals.mean_loss() - loss).abs() < 1e-6);
    let after = engine.parameters().unwrap();
    for (index, values) in before.iter().enumerate() {
        let gradient: Vec<f32> = values
            .iter()
            .zip(&after[index])
            .map(|(b, a)| b - a)
            .collect();
        let expected: Vec<f32> = (0..values.len())
            .map(|i| {
                let mut loss_at = |shift: f32| {
                    let mut moved = before.clone();
                    moved[index][i] += shift;
                    engine.set_parameters(moved).unwrap();
                    engine.evaluate_all(&data).unwrap().mean_loss()
                };
                ((loss_at(0.01) - loss_at(-0.01)) / 0.02) as f32
            })
            .collect();
        assert!(
            expected.iter().any(|g| g.abs() > 0.01),
            "parameter {index} has a gradient"
        );
        close(
            &format!("gradient of parameter {index}"),
            &gradient,
            &expected,
            3e-4,
        );
    }
}

on_every_device!(outputs_have_their_names, names);

fn names<E: Engine>(device: &E::Device) {
    let mut engine = engine::<E>(device);
    let data = data();
    let order: Vec<u32> = (0..ROWS as u32).collect();
    let totals = engine.step(ROWS, data.batch(&order), 0);
    let values = engine.setup().values("val_", &totals);
    let names: Vec<&str> = values.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "val_loss",
        "val_race_loss",
        "val_race_accuracy",
        "val_age_loss",
        "val_glad_loss",
        "val_tower_loss",
    ];
    assert_eq!(names, expected);
    let sum = values[1].1 + 0.5 * values[3].1 + values[4].1 + 2.0 * values[5].1;
    assert!(
        (values[0].1 - sum).abs() < 1e-9,
        "the loss is the weighted sum"
    );
}

on_every_device!(answers_come_for_each_output, answers);

fn answers<E: Engine>(device: &E::Device) {
    let engine = engine::<E>(device);
    let data = data();
    let answers = engine.predict(&data.x, ROWS).unwrap();
    assert_eq!(
        answers.iter().map(Vec::len).collect::<Vec<_>>(),
        [18, 12, 6, 24]
    );
    // The race is a softmax of a dense layer on the fourth output.
    let parameters = engine.parameters().unwrap();
    let (kernel, bias) = (&parameters[2], &parameters[3]);
    for row in 0..ROWS {
        let tower = &answers[3][4 * row..][..4];
        let logit = |class: usize| {
            let products = tower
                .iter()
                .enumerate()
                .map(|(i, x)| x * kernel[3 * i + class]);
            (products.sum::<f32>() + bias[class]).exp()
        };
        let sum: f32 = (0..3).map(logit).sum();
        let expected: Vec<f32> = (0..3).map(|class| logit(class) / sum).collect();
        close("race", &answers[0][3 * row..][..3], &expected, 1e-5);
    }
}
