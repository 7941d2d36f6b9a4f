//! Layers that are larger than a block of threads, and sums that are cut into parts: sizes that the files of Keras' values
//! do not reach.

use super::bench::Bench;
use super::trial::{predict, train};
use crate::activations::ActivationFunction::{Relu, Sigmoid, Softmax, Tanh};
use crate::engine::on_devices::on_every_gpu;
use crate::golden::close;
use crate::gpu::driver::Driver;
use crate::gpu::weights::StepState;
use crate::layers::trial::{TRAINING, Trial};
use crate::layers::{
    Activation, AveragePooling2D, BatchNormalization, Conv2D, Conv2DTranspose, Dense,
    GlobalMaxPooling2D, LSTM, Layer, MaxPooling2D, Padding,
};
use crate::shape::{Outcome, Shape};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// Sums of thousands of products in another order differ by up to 9e-6.
const TOLERANCE: f32 = 3e-5;

fn numbers(seed: u64, len: usize) -> Vec<f32> {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    (0..len)
        .map(|_| (generator.next_u32() >> 8) as f32 / (1 << 23) as f32 - 1.0)
        .collect()
}

/// Compares everything that a layer gives with what it gives on the CPU.
pub(super) fn check<D: Driver>(
    bench: &Bench<D>,
    layer: impl Layer,
    outcome: &Outcome,
    input: Shape,
    rows: usize,
) -> f32 {
    assert_eq!(outcome.message(), None);
    let name = format!("{layer:?} on {rows} of {input:?}");
    let output = outcome.shape("").size();
    let mut trial = Trial::new(layer, input, outcome);
    for (i, values) in trial.values.iter_mut().enumerate() {
        // Small weights keep sums small; a variance is above 0.
        let scale = (fan(values.len(), output) as f32).sqrt().recip();
        let drawn = numbers(10 + i as u64, values.len());
        for (value, number) in values.iter_mut().zip(drawn) {
            *value = if i == 3 { 1.5 + number } else { scale * number };
        }
    }
    let (x, dy) = (numbers(1, rows * input.size()), numbers(2, rows * output));
    let mut largest = 0.0_f32;
    let mut compare = |what: &str, got: &[f32], expected: &[f32]| {
        let difference = close(&format!("{name}: {what}"), got, expected, TOLERANCE);
        largest = largest.max(difference);
    };
    let y = predict(bench, &trial, &x, (rows, rows * output));
    compare("predicted y", &y, &trial.predict(&x));
    let state = StepState {
        seed: 1,
        steps: 2,
        updates: 2,
        learning_rate: 0.1,
    };
    let expected = trial.run(&x, &dy, TRAINING, rows);
    for wanted in [true, false] {
        let got = train(bench, &trial, (&x, &dy), rows, state, wanted);
        compare("y", &got.y, &expected.y);
        if wanted {
            compare("dx", &got.dx, &expected.dx);
        }
        for (got, expected) in got.gradients.iter().zip(&expected.gradients) {
            compare("a gradient", got, expected);
        }
        for (got, expected) in got.after.iter().zip(&expected.after) {
            compare("a parameter", got, expected);
        }
    }
    largest
}

/// How many weights lead to each number of the output, at most.
fn fan(weights: usize, output: usize) -> usize {
    (weights / output.min(weights).max(1)).max(1)
}

on_every_gpu!(large_layers_agree, large_layers);

pub(crate) fn large_layers<D: Driver>(device: &D::Device) {
    let bench = Bench::<D>::new(device);
    let mut largest = 0.0_f32;
    macro_rules! check {
        ($input:expr, $rows:expr, $layer:expr) => {{
            let input = Shape::new($input);
            let layer = $layer;
            let outcome = layer.output(&[input]);
            largest = largest.max(check(&bench, layer, &outcome, input, $rows));
        }};
    }
    check!(
        [300],
        70,
        Dense {
            activation: Relu,
            ..Dense::new(600)
        }
    );
    check!(
        [33],
        1100,
        Dense {
            activation: Softmax,
            ..Dense::new(65)
        }
    );
    check!([1], 1, Dense::new(1));
    check!(
        [20, 20, 3],
        9,
        Conv2D {
            activation: Relu,
            ..Conv2D::new(16, [3, 3])
        }
    );
    check!(
        [12, 12, 20],
        4,
        Conv2D {
            activation: Tanh,
            padding: Padding::Same,
            ..Conv2D::new(70, [3, 3])
        }
    );
    check!(
        [13, 9, 70],
        3,
        Conv2D {
            strides: [2, 3],
            ..Conv2D::new(33, [3, 2])
        }
    );
    check!(
        [30, 30, 40],
        2,
        Conv2D {
            activation: Sigmoid,
            use_bias: false,
            ..Conv2D::new(5, [1, 1])
        }
    );
    check!(
        [15, 13, 20],
        4,
        Conv2DTranspose {
            activation: Relu,
            strides: [2, 2],
            ..Conv2DTranspose::new(12, [5, 5])
        }
    );
    check!(
        [9, 11, 33],
        3,
        Conv2DTranspose {
            activation: Sigmoid,
            strides: [2, 3],
            padding: Padding::Same,
            output_padding: Some([1, 2]),
            ..Conv2DTranspose::new(70, [4, 3])
        }
    );
    check!(
        [37, 37, 8],
        2,
        Conv2DTranspose {
            activation: Softmax,
            use_bias: false,
            strides: [2, 2],
            ..Conv2DTranspose::new(2, [5, 5])
        }
    );
    check!([40, 40, 8], 5, MaxPooling2D::new());
    check!(
        [31, 17, 40],
        2,
        AveragePooling2D {
            padding: Padding::Same,
            ..AveragePooling2D::new()
        }
    );
    check!([30, 30, 70], 3, GlobalMaxPooling2D::new());
    check!([300], 100, BatchNormalization::new());
    check!([20, 20, 33], 10, BatchNormalization::new());
    check!(
        [20, 20, 5],
        20,
        BatchNormalization {
            center: false,
            scale: false,
            ..BatchNormalization::new()
        }
    );
    check!([9, 40], 33, LSTM::new(70));
    check!(
        [40, 7],
        20,
        LSTM {
            return_sequences: true,
            ..LSTM::new(33)
        }
    );
    check!([1030], 9, Activation::new(Softmax));
    check!([1030], 9, Activation::new(Tanh));
    println!("large layers: largest difference {largest:e}");
}
