//! Layers of several inputs in a network: values that are stretched, used by several layers, and twice by one; and a
//! function of a user's own among them.

use super::numbers;
use crate::activations::ActivationFunction::{self, Linear, Tanh};
use crate::engine::on_devices::on_every_device;
use crate::engine::{Engine, Setup};
use crate::golden::close;
use crate::graph::{Graph, Value};
use crate::layers::{
    Add, Average, Concatenate, Dense, Dot, Lambda, Layer, Maximum, Multiply, Subtract, Typed,
};
use crate::losses::MeanSquaredError;
use crate::optimizers::SGD;
use crate::plan::Goal;
use crate::shape::{Outcome, Shape};
use crate::tape::TapeTensor;
use crate::training::data::DataSet;
use crate::training::labels::Targets;
use dfdx::shapes::{Const, HasShape};
use dfdx::tensor_ops::ReshapeTo;
use std::marker::PhantomData;

const ROWS: usize = 6;

fn dense(units: usize, activation: ActivationFunction) -> Dense {
    Dense {
        activation,
        ..Dense::new(units)
    }
}

/// Adds a layer and calls it on these values.
fn add(
    graph: &mut Graph,
    name: &'static str,
    layer: impl Layer,
    rule: impl Fn(&[Shape]) -> Outcome,
    inputs: &[Value],
) -> Value {
    let shapes: Vec<Shape> = inputs.iter().map(|&value| graph.shape(value)).collect();
    let outcome = rule(&shapes);
    assert_eq!(outcome.message(), None);
    let layer = graph.layer(name, layer, &outcome);
    graph.call(layer, &outcome, inputs)
}

/// The middle two of four numbers, squared: on a GPU the host computes this.
fn own(x: TapeTensor<(usize, Const<4>)>) -> TapeTensor<(usize, Const<2>)> {
    let rows = x.shape().0;
    x.slice((.., 1..3)).reshape_like(&(rows, Const)).square()
}

fn network() -> Graph {
    let mut graph = Graph::new("merging");
    let shape = Shape::new([5]);
    let (left, right) = (graph.input("left", shape), graph.input("right", shape));
    macro_rules! add {
        ($name:literal, $layer:expr, $($input:ident),+) => {{
            let layer = $layer;
            add(&mut graph, $name, layer, |inputs| layer.output(inputs), &[$($input),+])
        }};
    }
    let a = add!("a", dense(4, Tanh), left);
    let b = add!("b", dense(4, Tanh), right);
    let twice = add!("twice", Add::new(), a, a);
    let square = add!("square", Multiply::new(), b, b, b);
    let likeness = add!(
        "likeness",
        Dot {
            axes: [1, 1],
            normalize: true
        },
        a,
        b
    );
    let stretched = add!("stretched", Multiply::new(), likeness, twice);
    let change = add!("change", Subtract::new(), square, likeness);
    let mean = add!("mean", Average::new(), stretched, change, b);
    let largest = add!("largest", Maximum::new(), mean, twice);
    let own = add!("own", Lambda::new(&Typed(own, PhantomData)), largest);
    let all = add!("all", Concatenate::new(), largest, likeness, left, own);
    let answer = add!("answer", dense(3, Linear), all);
    graph.output("answer", answer);
    graph
}

fn data() -> DataSet<'static> {
    DataSet {
        x: vec![numbers(1, ROWS * 5).into(), numbers(2, ROWS * 5).into()],
        targets: vec![Targets::Values {
            values: numbers(3, ROWS * 3).into(),
            size: 3,
        }],
        rows: ROWS,
    }
}

on_every_device!(gradients_of_merged_values_are_right, gradients);

/// One step of SGD with a learning rate of 1 takes the gradient off the weights.
fn gradients<E: Engine>(device: &E::Device) {
    let mut engine = E::new(device, Setup::new(network(), 7)).unwrap();
    let goal = Goal {
        loss: Box::new(MeanSquaredError),
        metrics: Vec::new(),
    };
    engine.compile(Box::new(SGD::new(1.0)), vec![goal]).unwrap();
    let data = data();
    let before = engine.parameters().unwrap();
    let order: Vec<u32> = (0..ROWS as u32).collect();
    engine.step(ROWS, data.batch(&order), 0);
    let after = engine.parameters().unwrap();
    for (index, values) in before.iter().enumerate() {
        let changes = values.iter().zip(&after[index]);
        let gradient: Vec<f32> = changes.map(|(before, after)| before - after).collect();
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
        assert!(expected.iter().any(|g| g.abs() > 0.01), "parameter {index}");
        let what = format!("gradient of parameter {index}");
        close(&what, &gradient, &expected, 1e-3);
    }
}
