//! The networks of the lectures in miniature, and data for them.

use crate::activations::ActivationFunction::{Linear, Relu, Sigmoid, Softmax, Tanh};
use crate::engine::TestGoal;
use crate::graph::{Graph, chain};
use crate::layers::{
    Activation, AveragePooling2D, BatchNormalization, Conv2D, Dense, Dropout, Flatten,
    GlobalMaxPooling2D, LSTM, MaxPooling2D, Padding,
};
use crate::losses::{Loss, SparseCategoricalCrossentropy};
use crate::metrics::Accuracy;
use crate::optimizers::Optimizer;
use crate::plan::Batch;
use crate::training::data::DataSet;
use crate::training::labels::{TargetRule, Targets};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

pub(super) fn xor() -> Graph {
    chain! {
        [2];
        "dense", Dense { activation: Tanh, ..Dense::new(4) };
        "dense_1", Dense { activation: Tanh, ..Dense::new(3) };
        "dense_2", Dense { activation: Softmax, ..Dense::new(2) };
    }
}

pub(super) fn mlp() -> Graph {
    chain! {
        [20];
        "dense", Dense { activation: Relu, ..Dense::new(32) };
        "dense_1", Dense { activation: Sigmoid, use_bias: false, ..Dense::new(17) };
        "dense_2", Dense::new(5);
        "softmax", Activation::new(Softmax);
    }
}

pub(super) fn conv_and_pool() -> Graph {
    chain! {
        [10, 10, 1];
        "conv2d", Conv2D { activation: Relu, ..Conv2D::new(8, [3, 3]) };
        "max_pooling2d", MaxPooling2D::new();
        "flatten", Flatten::new();
        "dense", Dense { activation: Softmax, ..Dense::new(5) };
    }
}

pub(super) fn letters() -> Graph {
    chain! {
        [16, 16, 1];
        "conv2d", Conv2D { activation: Relu, ..Conv2D::new(4, [3, 3]) };
        "conv2d_1", Conv2D { activation: Relu, ..Conv2D::new(4, [3, 3]) };
        "max_pooling2d", MaxPooling2D::new();
        "conv2d_2", Conv2D { activation: Relu, ..Conv2D::new(8, [3, 3]) };
        "conv2d_3", Conv2D { activation: Relu, ..Conv2D::new(8, [3, 3]) };
        "max_pooling2d_1", MaxPooling2D::new();
        "flatten", Flatten::new();
        "dense", Dense { activation: Relu, ..Dense::new(24) };
        "dropout", Dropout::new(0.5);
        "dense_1", Dense { activation: Softmax, ..Dense::new(5) };
    }
}

pub(super) fn letters_with_normalization() -> Graph {
    chain! {
        [16, 16, 1];
        "conv2d", Conv2D { activation: Relu, ..Conv2D::new(4, [3, 3]) };
        "batch_normalization", BatchNormalization::new();
        "conv2d_1", Conv2D { use_bias: false, ..Conv2D::new(4, [3, 3]) };
        "batch_normalization_1", BatchNormalization { scale: false, ..BatchNormalization::new() };
        "activation", Activation::new(Relu);
        "max_pooling2d", MaxPooling2D::new();
        "conv2d_2", Conv2D { activation: Relu, ..Conv2D::new(8, [3, 3]) };
        "batch_normalization_2", BatchNormalization { center: false, ..BatchNormalization::new() };
        "flatten", Flatten::new();
        "dense", Dense { activation: Relu, ..Dense::new(24) };
        "dropout", Dropout::new(0.5);
        "dense_1", Dense { activation: Softmax, ..Dense::new(5) };
    }
}

/// No `Dense` at all; more filters than the narrow kernels hold.
pub(super) fn fully_convolutional() -> Graph {
    chain! {
        [8, 8, 3];
        "conv2d", Conv2D { activation: Relu, padding: Padding::Same, ..Conv2D::new(20, [3, 3]) };
        "max_pooling2d", MaxPooling2D::new();
        "conv2d_1", Conv2D { activation: Relu, ..Conv2D::new(36, [3, 3]) };
        "conv2d_2", Conv2D { activation: Linear, ..Conv2D::new(5, [1, 1]) };
        "global_max_pooling2d", GlobalMaxPooling2D::new();
        "softmax", Activation::new(Softmax);
    }
}

/// Strides, `same`, means of windows, and randomness between images.
pub(super) fn strided() -> Graph {
    chain! {
        [11, 9, 2];
        "conv2d", Conv2D { activation: Tanh, padding: Padding::Same, strides: [2, 2], ..Conv2D::new(6, [3, 3]) };
        "dropout", Dropout::new(0.25);
        "average_pooling2d", AveragePooling2D { padding: Padding::Same, ..AveragePooling2D::new() };
        "conv2d_1", Conv2D { activation: Sigmoid, strides: [1, 2], ..Conv2D::new(4, [2, 2]) };
        "flatten", Flatten::new();
        "dense", Dense { activation: Softmax, ..Dense::new(5) };
    }
}

pub(super) fn yes_or_no() -> Graph {
    chain! {
        [6];
        "dense", Dense { activation: Relu, ..Dense::new(8) };
        "dropout", Dropout::new(0.1);
        "dense_1", Dense { activation: Sigmoid, ..Dense::new(3) };
    }
}

pub(super) fn regression() -> Graph {
    chain! {
        [6];
        "dense", Dense { activation: Tanh, ..Dense::new(8) };
        "batch_normalization", BatchNormalization::new();
        "dense_1", Dense::new(3);
    }
}

/// Steps that one layer hands to the next, which takes them from the end.
pub(super) fn sequences() -> Graph {
    chain! {
        [4, 3];
        "lstm", LSTM { return_sequences: true, ..LSTM::new(6) };
        "lstm_1", LSTM { go_backwards: true, use_bias: false, ..LSTM::new(5) };
        "dense", Dense { activation: Softmax, ..Dense::new(5) };
    }
}

/// A network's name, and what makes it.
pub(super) type Named = (&'static str, fn() -> Graph);

/// Every network. All of them can be trained to tell classes apart.
pub(super) const NETWORKS: [Named; 10] = [
    ("xor", xor),
    ("mlp", mlp),
    ("conv_and_pool", conv_and_pool),
    ("letters", letters),
    ("letters_with_normalization", letters_with_normalization),
    ("fully_convolutional", fully_convolutional),
    ("strided", strided),
    ("yes_or_no", yes_or_no),
    ("regression", regression),
    ("sequences", sequences),
];

/// What a classifier is trained for.
pub(super) fn goal(optimizer: impl Optimizer + 'static) -> TestGoal {
    let loss = Box::new(SparseCategoricalCrossentropy::default());
    (Box::new(optimizer), loss, vec![Box::new(Accuracy)])
}

/// Samples from -1 to 1 for this network, and targets that its loss takes.
pub(super) fn data(graph: &Graph, loss: &dyn Loss, rows: usize) -> DataSet<'static> {
    let mut generator = ChaCha8Rng::seed_from_u64(99);
    let mut number = || (generator.next_u32() >> 8) as f32 / (1 << 24) as f32;
    let (_, input) = graph.inputs()[0];
    let (_, output) = graph.outputs()[0];
    let size = graph.shape(output).size();
    let x: Vec<f32> = (0..rows * graph.shape(input).size())
        .map(|_| 2.0 * number() - 1.0)
        .collect();
    let targets = match loss.target_rule() {
        TargetRule::ClassIds => {
            Targets::Classes((0..rows).map(|_| (number() * size as f32) as i64).collect())
        }
        rule => Targets::Values {
            values: (0..rows * size)
                .map(|_| match rule {
                    TargetRule::Finite => 4.0 * number() - 2.0,
                    _ => number().round(),
                })
                .collect(),
            size,
        },
    };
    DataSet::single(x, targets, rows)
}

/// Rows of a data set as a batch.
pub(super) fn batch<'a>(data: &'a DataSet<'_>, rows: &'a [u32]) -> Batch<'a> {
    data.batch(rows)
}
