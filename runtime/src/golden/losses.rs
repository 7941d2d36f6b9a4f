//! Every loss: from probabilities, from logits, and behind a softmax or a sigmoid of the network.

use super::{Golden, close};
use crate::activations::ActivationFunction;
use crate::engine::{CpuEngine, Engine};
use crate::graph::Graph;
use crate::kernels::aligned::AlignedVec;
use crate::layers::Dense;
use crate::losses::{
    BinaryCrossentropy, CategoricalCrossentropy, Loss, LossCall, MeanAbsoluteError,
    MeanSquaredError, SparseCategoricalCrossentropy,
};
use crate::optimizers::Optimizer;
use crate::shape::Shape;
use crate::training::data::DataSet;
use crate::training::labels::{TargetRows, Targets};

/// Keras' own rounding is 1.2e-7, and a loss of 16 keeps fewer digits behind the point.
pub(super) const TOLERANCE: f32 = 1e-6;

/// A loss by Keras' name.
pub(super) fn loss(name: &str, from_logits: bool) -> Box<dyn Loss> {
    match name {
        "binary_crossentropy" => Box::new(BinaryCrossentropy { from_logits }),
        "categorical_crossentropy" => Box::new(CategoricalCrossentropy { from_logits }),
        "sparse_categorical_crossentropy" => {
            Box::new(SparseCategoricalCrossentropy { from_logits })
        }
        "mean_absolute_error" | "mae" => Box::new(MeanAbsoluteError),
        "mean_squared_error" | "mse" => Box::new(MeanSquaredError),
        other => panic!("loss {other}"),
    }
}

#[test]
fn losses_are_keras_losses() {
    let (mut largest, mut heads) = (0.0_f32, 0);
    for golden in Golden::all("losses", 31) {
        let from_logits = golden.case["options"]["from_logits"]
            .as_bool()
            .unwrap_or(false);
        let loss = loss(golden.case["loss"].as_str().unwrap(), from_logits);
        let difference = match golden.case.get("head") {
            None => check(&golden, &*loss),
            Some(head) => {
                heads += 1;
                let head = match head.as_str().unwrap() {
                    "sigmoid" => ActivationFunction::Sigmoid,
                    "softmax" => ActivationFunction::Softmax,
                    other => panic!("head {other}"),
                };
                check_head(&golden, &*loss, head).max(check_network(&golden, loss, head))
            }
        };
        largest = largest.max(difference);
    }
    assert_eq!(heads, 6);
    println!("losses: largest difference {largest:e}");
}

/// What a loss makes of the last values `z` of a network, `at_once` rows at a time.
struct Judged {
    loss: f32,
    y_pred: Vec<f32>,
    d_z: Vec<f32>,
}

fn judge(
    loss: &dyn Loss,
    head: ActivationFunction,
    z: &[f32],
    targets: &Targets<'_>,
    rows: usize,
    at_once: usize,
) -> Judged {
    let size = z.len() / rows;
    let order: Vec<u32> = (0..rows as u32).collect();
    let (mut y_pred, mut d_z) = (vec![f32::NAN; z.len()], vec![f32::NAN; z.len()]);
    let (mut trained, mut evaluated) = (0.0, 0.0);
    for first in (0..rows).step_by(at_once) {
        let part = first..(first + at_once).min(rows);
        let numbers = part.start * size..part.end * size;
        let mut run = |d_z| {
            loss.run(LossCall {
                rows: part.len(),
                size,
                width: size,
                head,
                z: &z[numbers.clone()],
                y_pred: &mut y_pred[numbers.clone()],
                targets: TargetRows::new(targets, &order).part(part.clone()),
                d_z,
                scale: 1.0 / rows as f32,
            })
        };
        evaluated += run(None);
        trained += run(Some(&mut d_z[numbers.clone()]));
    }
    assert_eq!(
        trained, evaluated,
        "the loss does not depend on whether its gradient is wanted"
    );
    Judged {
        loss: (trained / rows as f64) as f32,
        y_pred,
        d_z,
    }
}

fn check(golden: &Golden, loss: &dyn Loss) -> f32 {
    let (rows, _) = golden.samples("y_pred");
    let targets = golden.targets("y_true", rows);
    let mut largest = 0.0_f32;
    for at_once in [rows, 1, 2, 3] {
        let y_pred = golden.floats("y_pred");
        let judged = judge(
            loss,
            ActivationFunction::Linear,
            y_pred,
            &targets,
            rows,
            at_once,
        );
        assert_eq!(judged.y_pred, y_pred, "{}", golden.name);
        let mut compare = |what: &str, got: &[f32]| {
            let name = format!("{}, {at_once} rows at once: {what}", golden.name);
            largest = largest.max(close(&name, got, golden.floats(what), TOLERANCE));
        };
        compare("loss", &[judged.loss]);
        compare("d_y_pred", &judged.d_z);
    }
    largest
}

/// The loss on the values before the activation, and the same loss on plain probabilities, which Keras clips.
fn check_head(golden: &Golden, loss: &dyn Loss, head: ActivationFunction) -> f32 {
    let (rows, shape) = golden.samples("logits");
    let targets = golden.targets("y_true", rows);
    let mut largest = 0.0_f32;
    for at_once in [rows, 1, 3] {
        let mut compare = |what: &str, got: &[f32]| {
            let name = format!("{}, {at_once} rows at once: {what}", golden.name);
            largest = largest.max(close(&name, got, golden.floats(what), TOLERANCE));
        };
        let judged = judge(loss, head, golden.floats("logits"), &targets, rows, at_once);
        compare("loss", &[judged.loss]);
        compare("y_pred", &judged.y_pred);
        compare("d_logits", &judged.d_z);
        let y_pred = golden.floats("y_pred");
        let mut judged = judge(
            loss,
            ActivationFunction::Linear,
            y_pred,
            &targets,
            rows,
            at_once,
        );
        head.backward(y_pred, &mut judged.d_z, shape.last());
        compare("loss_probabilities", &[judged.loss]);
        compare("d_logits_probabilities", &judged.d_z);
    }
    largest
}

/// Puts the gradients where the weights are.
#[derive(Debug)]
struct ShowGradients;

impl Optimizer for ShowGradients {
    fn name(&self) -> &'static str {
        "ShowGradients"
    }

    fn learning_rate(&self) -> f64 {
        1.0
    }

    fn set_learning_rate(&mut self, _: f64) {}

    fn states(&self) -> usize {
        0
    }

    fn update(&self, weights: &mut [f32], gradients: &[f32], _: &mut [&mut [f32]]) {
        weights.copy_from_slice(gradients);
    }
}

/// The same through a network: fed with unit vectors, the kernel of a `Dense` layer is its logits, and the gradient of
/// the kernel that of the logits.
fn check_network(golden: &Golden, loss: Box<dyn Loss>, head: ActivationFunction) -> f32 {
    let (rows, output) = golden.samples("logits");
    let mut graph = Graph::new("head");
    let input = graph.input("input", Shape::new([rows]));
    let dense = Dense {
        activation: head,
        use_bias: false,
        ..Dense::new(output.size())
    };
    let outcome = dense.output(&[Shape::new([rows])]);
    let layer = graph.layer("dense", dense, &outcome);
    let value = graph.call(layer, &outcome, &[input]);
    graph.output("output", value);
    let mut engine = CpuEngine::compiled(graph, 0, Box::new(ShowGradients), loss, Vec::new());
    let (_, store) = engine.store_mut();
    store
        .layer_mut(0)
        .get(0)
        .copy_from_slice(golden.floats("logits"));

    let mut x = AlignedVec::new(rows * rows);
    for row in 0..rows {
        x[row * rows + row] = 1.0;
    }
    let order: Vec<u32> = (0..rows as u32).collect();
    let data = DataSet::single(&x[..], golden.targets("y_true", rows), rows);
    let y_pred = engine.predict_single(&x, rows).unwrap();
    let totals = engine.step(rows, data.batch(&order), 0);
    let gradient = engine.store().layer(0).get(0);
    let name = &golden.name;
    let loss = [totals.mean_loss() as f32];
    close(
        &format!("{name}: predicted"),
        &y_pred,
        golden.floats("y_pred"),
        TOLERANCE,
    )
    .max(close(
        &format!("{name}: loss of a network"),
        &loss,
        golden.floats("loss"),
        TOLERANCE,
    ))
    .max(close(
        &format!("{name}: gradient in a network"),
        gradient,
        golden.floats("d_logits"),
        TOLERANCE,
    ))
}
