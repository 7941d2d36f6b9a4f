//! Layers of several inputs that are larger than a block of threads: sizes that the files of Keras' values do not reach.

use super::bench::Bench;
use super::trial::{predict, train};
use crate::engine::on_devices::on_every_gpu;
use crate::golden::close;
use crate::gpu::driver::Driver;
use crate::gpu::weights::StepState;
use crate::layers::trial::{TRAINING, Trial};
use crate::layers::{Add, Average, Concatenate, Dot, Layer, Maximum, Multiply, Subtract};
use crate::shape::{Outcome, Shape};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// Sums of thousands of numbers in another order differ by up to 1e-5.
const TOLERANCE: f32 = 3e-5;

fn numbers(seed: u64, len: usize) -> Vec<f32> {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    (0..len)
        .map(|_| (generator.next_u32() >> 8) as f32 / (1 << 23) as f32 - 1.0)
        .collect()
}

/// Compares everything that a layer gives with what it gives on the CPU.
fn check<D: Driver>(
    bench: &Bench<D>,
    layer: impl Layer,
    outcome: &Outcome,
    inputs: &[Shape],
    rows: usize,
) {
    assert_eq!(outcome.message(), None);
    let name = format!("{layer:?} on {rows} of {inputs:?}");
    let size = |shape: &Shape| shape.size();
    let trial = Trial::of_several(layer, inputs, outcome);
    let x = numbers(1, rows * inputs.iter().map(size).sum::<usize>());
    let dy = numbers(2, rows * outcome.shape("").size());
    let compare = |what: &str, got: &[f32], expected: &[f32]| {
        close(&format!("{name}: {what}"), got, expected, TOLERANCE);
    };
    let y = predict(bench, &trial, &x, (rows, dy.len()));
    compare("predicted y", &y, &trial.predict(&x));
    let state = StepState {
        seed: 1,
        steps: 2,
        updates: 2,
        learning_rate: 0.1,
    };
    let got = train(bench, &trial, (&x, &dy), rows, state, true);
    let expected = trial.run(&x, &dy, TRAINING, rows);
    compare("y", &got.y, &expected.y);
    compare("dx", &got.dx, &expected.dx);
}

fn every_layer<D: Driver>(device: &D::Device) {
    let bench = &Bench::<D>::new(device);
    macro_rules! check {
        ($layer:expr, $rows:expr; $($dims:expr),+) => {
            let (layer, inputs) = ($layer, [$(Shape::new($dims)),+]);
            check(bench, layer, &layer.output(&inputs), &inputs, $rows);
        };
    }
    check!(Add::new(), 5; [33, 21], [33, 21]);
    // A sum over a whole image, over its pixels, over its channels, and over both ends.
    check!(Multiply::new(), 3; [40, 31, 1], [1, 1, 1]);
    check!(Subtract::new(), 3; [20, 21, 35], [35]);
    check!(Maximum::new(), 3; [20, 21, 1], [20, 21, 67]);
    check!(Average::new(), 2; [1, 30, 1], [22, 30, 17]);
    check!(Multiply::new(), 2; [19, 1, 13, 1], [1, 7, 1, 9], [19, 7, 13, 9]);
    check!(Concatenate::new(), 3; [9, 10, 33], [9, 10, 1], [9, 10, 6]);
    check!(Concatenate { axis: 1 }, 3; [9, 40], [1, 40]);
    for normalize in [false, true] {
        check!(Dot { axes: [2, 1], normalize }, 3; [9, 70, 5], [70, 33]);
        check!(Dot { axes: [1, 1], normalize }, 300; [40], [40]);
    }
}

on_every_gpu!(large_layers_of_several_inputs, every_layer);
