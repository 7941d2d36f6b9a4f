//! Every layer: output, all gradients, and the parameters after the step.

use crate::engine::on_devices::on_every_gpu;
use crate::golden::layers::{NOT_SUPPORTED, TOLERANCE, Try};
use crate::golden::{Golden, close, with_layer};
use crate::gpu::driver::Driver;
use crate::gpu::tests::bench::Bench;
use crate::gpu::tests::trial::{predict, train};
use crate::gpu::weights::StepState;
use crate::layers::trial::Trial;

on_every_gpu!(layers_are_keras_layers, every_layer);

pub(crate) fn every_layer<D: Driver>(device: &D::Device) {
    let bench = Bench::<D>::new(device);
    let mut largest = 0.0_f32;
    let (mut not_supported, mut views, mut only_forward) = (Vec::new(), 0, 0);
    for golden in Golden::all("layers", 113) {
        let (_, input) = golden.samples("x");
        let (_, output) = golden.samples("y");
        let kind = golden.case["layer"].as_str().unwrap();
        let options = &golden.case["options"];
        let Some(mut trial) = with_layer(kind, options, &[input], Try { input, output }) else {
            not_supported.push(golden.name);
            continue;
        };
        for (parameter, values) in trial.parameters.iter().zip(&mut trial.values) {
            values.copy_from_slice(golden.floats(parameter.name));
        }
        if trial.op.is_view() {
            // No step ever calls it.
            views += 1;
            continue;
        }
        let training = golden.case["training"].as_bool().unwrap();
        if !training {
            largest = largest.max(predicts(&bench, &golden, &trial));
        }
        // Gradients outside of training are asked of no GPU: only the normalization by moving averages has other ones.
        if training || kind != "BatchNormalization" {
            largest = largest.max(learns(&bench, &golden, &trial));
        } else {
            only_forward += 1;
        }
    }
    assert_eq!(not_supported, NOT_SUPPORTED);
    assert_eq!((views, only_forward), (5, 4));
    println!("layers: largest difference {largest:e}");
}

fn predicts<D: Driver>(bench: &Bench<D>, golden: &Golden, trial: &Trial) -> f32 {
    let (rows, shape) = golden.samples("y");
    let numbers = (rows, rows * shape.size());
    let y = predict(bench, trial, golden.floats("x"), numbers);
    let what = format!("{}: predicted y", golden.name);
    close(&what, &y, golden.floats("y"), TOLERANCE)
}

fn learns<D: Driver>(bench: &Bench<D>, golden: &Golden, trial: &Trial) -> f32 {
    let name = &golden.name;
    let (rows, _) = golden.samples("x");
    let numbers = (golden.floats("x"), golden.floats("dy"));
    let state = StepState {
        seed: 1,
        steps: 2,
        updates: 2,
        learning_rate: 0.1,
    };
    let answer = train(bench, trial, numbers, rows, state, true);
    let mut largest = 0.0_f32;
    let mut compare = |what: &str, got: &[f32], expected: &str| {
        let what = format!("{name}: {what}");
        largest = largest.max(close(&what, got, golden.floats(expected), TOLERANCE));
    };
    compare("y", &answer.y, "y");
    compare("dx", &answer.dx, "dx");
    for (parameter, gradient) in trial.parameters.iter().zip(&answer.gradients) {
        let gradient_name = format!("d_{}", parameter.name);
        compare(&gradient_name, gradient, &gradient_name);
    }
    for (parameter, values) in trial.parameters.iter().zip(&answer.after) {
        let after = format!("new_{}", parameter.name);
        let changes = golden.tensors.contains_key(&after);
        let expected = if changes { &after } else { parameter.name };
        compare(parameter.name, values, expected);
    }
    let lean = train(bench, trial, numbers, rows, state, false);
    assert_eq!(
        lean.gradients, answer.gradients,
        "{name}: without the gradient of the input"
    );
    largest
}
