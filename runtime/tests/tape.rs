//! The two ways to run a network give the same numbers: planned steps, and dfdx's tape with dfdx's loss and optimizer.

use addax::dfdx::losses::cross_entropy_with_logits_loss;
use addax::dfdx::nn::ZeroGrads;
use addax::dfdx::optim::{Optimizer as _, Sgd, SgdConfig};
use addax::dfdx::prelude::{Rank0, Rank2, Rank4};
use addax::dfdx::tensor::{AsArray, Tensor, TensorFrom, Trace};
use addax::dfdx::tensor_ops::Backward;
use addax::prelude::*;

network! {
    /// Convolutions, pooling, dense layers.
    Plain: (10, 9, 2) => 4 {
        Conv2D(5, 3, activation = relu),
        MaxPooling2D(),
        Conv2D(6, 2, padding = same, strides = 2, activation = tanh),
        Flatten(),
        Dense(12, activation = sigmoid),
        Dense(4),
    }
}

network! {
    /// Statistics of the batch and moving averages.
    Normalized: (10, 9, 2) => 4 {
        Conv2D(5, 3, use_bias = false),
        BatchNormalization(),
        Activation(relu),
        AveragePooling2D(),
        BatchNormalization(momentum = 0.9, scale = false),
        GlobalMaxPooling2D(),
        Dense(4),
    }
}

network! {
    /// Masks: the same where seed, step and layer are the same.
    Dropped: (10, 9, 2) => 4 {
        Dropout(0.2),
        Conv2D(5, 3, activation = relu),
        Dropout(0.3),
        Reshape((280,)),
        Dense(12, activation = tanh),
        Dropout(0.5),
        Dense(4),
    }
}

network! {
    /// In the plan the gradients of the largest kernel are made after all else, from values that must still be there.
    Wide: (10, 9, 2) => 4 {
        Flatten(),
        Dense(400, activation = tanh),
        BatchNormalization(),
        Dense(300, activation = relu),
        Dense(4),
    }
}

network! {
    /// Layers with three parameters, one of them without the third.
    Recurrent: (10, 9, 2) => 4 {
        Reshape((10, 18)),
        LSTM(6, return_sequences = true),
        LSTM(17, go_backwards = true, return_sequences = true, use_bias = false),
        LSTM(5),
        Dense(4),
    }
}

network! {
    /// A network that is a layer of the next one.
    Eye: (8, 7, 5) => 12 {
        Conv2D(4, 3, activation = tanh),
        BatchNormalization(),
        GlobalMaxPooling2D(),
        Dense(12, activation = tanh),
    }
}

network! {
    /// Branches, a value that is used four times, and a layer and a network that are called twice.
    Branched: (image: (10, 9, 2)) => (classes: 4) {
        let x = Conv2D(5, 3, activation = relu)(image);
        let same = Conv2D(5, 3, padding = same, activation = tanh);
        let y = same(x);
        let z = same(y) + x;
        let eye = Eye();
        let a = eye(z);
        let b = eye(Maximum()(x, y));
        let mixed = Concatenate()(a, a * b, Subtract()(b, a));
        let classes = Dense(4)(mixed);
    }
}

type Image = [[[f32; 2]; 9]; 10];

const BATCH: usize = 8;
const STEPS: usize = 20;

fn data() -> (Vec<Image>, Vec<usize>) {
    let mut state = 7_u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    let mut x = vec![[[[0.0; 2]; 9]; 10]; BATCH * STEPS];
    x.as_flattened_mut()
        .as_flattened_mut()
        .as_flattened_mut()
        .iter_mut()
        .for_each(|v| *v = random());
    // Something to learn: where the image is brightest.
    let corner = |image: &Image, i: usize| image[i / 2 * 5][i % 2 * 4][0];
    let y = x.iter().map(|image| {
        (0..4)
            .max_by(|&a, &b| corner(image, a).total_cmp(&corner(image, b)))
            .unwrap()
    });
    let y = y.collect();
    (x, y)
}

fn batch(x: &[Image], y: &[usize], step: usize) -> ([Image; BATCH], [[f32; 4]; BATCH]) {
    let rows = step * BATCH..(step + 1) * BATCH;
    let mut targets = [[0.0; 4]; BATCH];
    for (target, &class) in targets.iter_mut().zip(&y[rows.clone()]) {
        target[class] = 1.0;
    }
    (x[rows].try_into().unwrap(), targets)
}

#[track_caller]
fn close(what: &str, got: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(got.len(), expected.len(), "{what}");
    let mut largest = 0.0_f32;
    for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
        let difference = (got - expected).abs() / (1.0 + expected.abs());
        assert!(
            difference <= 2e-6,
            "{what}[{i}] is {got} on the tape, but {expected} in the plan"
        );
        largest = largest.max(difference);
    }
    largest
}

/// The same training twice. The networks have types of their own, so this is a macro.
macro_rules! same_training {
    ($test:ident, $Network:ident) => {
        #[test]
        fn $test() {
            let device = Cpu::seed_from_u64(5);
            let (x, y) = data();
            let rate = 0.1;
            let loss = SparseCategoricalCrossentropy { from_logits: true };
            let mut model = $Network::build(&device)
                .unwrap()
                .compile(SGD::new(rate), loss, ())
                .unwrap();
            let mut layers = model.layers().unwrap();
            let config = SgdConfig {
                lr: rate,
                momentum: None,
                weight_decay: None,
            };
            let mut sgd = Sgd::new(&layers, config);
            let mut largest = 0.0_f32;
            for step in 0..STEPS {
                if step == STEPS / 2 {
                    // Layers taken from a model in the middle of its training go on as the model does.
                    layers = model.layers().unwrap();
                    sgd = Sgd::new(&layers, config);
                }
                let (inputs, targets) = batch(&x, &y, step);
                let inputs: Tensor<Rank4<BATCH, 10, 9, 2>, f32, Cpu> = device.tensor(inputs);
                let targets: Tensor<Rank2<BATCH, 4>, f32, Cpu> = device.tensor(targets);
                let traced = inputs.traced(layers.alloc_grads());
                let logits = layers.forward_mut(traced).unwrap();
                let on_tape: Tensor<Rank0, f32, Cpu, _> =
                    cross_entropy_with_logits_loss(logits, targets);
                let value = on_tape.array();
                let gradients = on_tape.backward();
                sgd.update(&mut layers, &gradients).unwrap();

                let rows = step * BATCH..(step + 1) * BATCH;
                let options = FitOptions {
                    batch_size: BATCH,
                    shuffle: false,
                    verbose: Verbose::Silent,
                    ..FitOptions::default()
                };
                let history = model.fit(&x[rows.clone()], &y[rows], options).unwrap();
                let planned = history["loss"][0] as f32;
                largest = largest.max(close(&format!("loss {step}"), &[value], &[planned]));
                largest = largest.max(close(
                    &format!("weights {step}"),
                    &weights(&layers),
                    &weights(&model.layers().unwrap()),
                ));
            }

            // In inference as well, with the moving averages.
            let (inputs, _) = batch(&x, &y, 3);
            let tensor: Tensor<Rank4<BATCH, 10, 9, 2>, f32, Cpu> = device.tensor(inputs);
            let planned = model.predict(&inputs).unwrap().as_vec();
            layers = model.layers().unwrap();
            let answers: Tensor<Rank2<BATCH, 4>, f32, Cpu> =
                layers.forward(tensor.clone()).unwrap();
            largest = largest.max(close("answers", &answers.as_vec(), &planned));
            let traced: Tensor<Rank2<BATCH, 4>, f32, Cpu, _> =
                layers.forward(tensor.traced(layers.alloc_grads())).unwrap();
            close("traced answers", &traced.as_vec(), &planned);

            // And back: a model that takes over the layers' weights says what they say.
            let mut other = $Network::build(&device).unwrap();
            assert_ne!(other.predict(&inputs).unwrap().as_vec(), planned);
            other.set_layers(&layers).unwrap();
            assert_eq!(other.predict(&inputs).unwrap().as_vec(), planned);
            println!("{}: largest difference {largest:e}", stringify!($Network));
        }
    };
}

fn weights<L: addax::LayerSet<Cpu>>(layers: &L) -> Vec<f32> {
    let mut all = Vec::new();
    layers.visit(&mut |values| all.extend(values));
    all
}

same_training!(convolutions, Plain);
same_training!(batch_normalization, Normalized);
same_training!(dropout, Dropped);
same_training!(deferred_gradients, Wide);
same_training!(recurrent, Recurrent);
same_training!(branched, Branched);
