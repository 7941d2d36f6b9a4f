//! Whole steps: that the result does not depend on how a batch is cut, and that it is the right one.

mod bytes;
mod cutting;
mod deferred;
mod graphs;
mod large_dense;
mod memory;
mod merging;
mod random;

use super::{Batch, Totals};
use crate::activations::ActivationFunction::{Relu, Softmax, Tanh};
use crate::engine::{CpuEngine, Engine};
use crate::graph::{Graph, chain};
use crate::layers::{
    Activation, AveragePooling2D, BatchNormalization, Conv2D, Dense, Dropout, Flatten, LSTM,
    MaxPooling2D, Padding, Reshape,
};
use crate::losses::SparseCategoricalCrossentropy;
use crate::metrics::Accuracy;
use crate::optimizers::{Adam, Optimizer};
use crate::training::data::DataSet;
use crate::training::labels::Targets;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// Numbers from -1 to 1.
fn numbers(seed: u64, len: usize) -> Vec<f32> {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    (0..len)
        .map(|_| (generator.next_u32() >> 8) as f32 / (1 << 23) as f32 - 1.0)
        .collect()
}

/// Images of 12 by 12 pixels and two channels, in five classes.
fn images(rows: usize) -> DataSet<'static> {
    let mut generator = ChaCha8Rng::seed_from_u64(99);
    let classes = (0..rows).map(|_| i64::from(generator.next_u32() % 5));
    let targets = Targets::Classes(classes.collect());
    DataSet::single(numbers(5, rows * 12 * 12 * 2), targets, rows)
}

/// Everything in one region: all rows go through all layers in one go.
fn with_dropout() -> Graph {
    chain! {
        [12, 12, 2];
        "conv2d", Conv2D { activation: Relu, ..Conv2D::new(8, [3, 3]) };
        "max_pooling2d", MaxPooling2D::new();
        "dropout", Dropout::new(0.25);
        "conv2d_1", Conv2D { activation: Tanh, padding: Padding::Same, ..Conv2D::new(6, [3, 3]) };
        "flatten", Flatten::new();
        "dense", Dense { activation: Relu, ..Dense::new(24) };
        "dropout_1", Dropout::new(0.5);
        "dense_1", Dense { activation: Softmax, ..Dense::new(5) };
    }
}

/// Layers that need the whole batch in between.
fn with_normalization() -> Graph {
    chain! {
        [12, 12, 2];
        "conv2d", Conv2D { activation: Relu, ..Conv2D::new(8, [3, 3]) };
        "batch_normalization", BatchNormalization::new();
        "average_pooling2d", AveragePooling2D::new();
        "conv2d_1", Conv2D { use_bias: false, ..Conv2D::new(6, [3, 3]) };
        "batch_normalization_1", BatchNormalization::new();
        "activation", Activation::new(Relu);
        "dropout", Dropout::new(0.25);
        "flatten", Flatten::new();
        "dense", Dense { activation: Softmax, ..Dense::new(5) };
    }
}

/// Layers that like many rows at a time.
fn with_memory() -> Graph {
    chain! {
        [12, 12, 2];
        "reshape", Reshape::new([12, 24]);
        "lstm", LSTM { return_sequences: true, ..LSTM::new(18) };
        "lstm_1", LSTM { go_backwards: true, ..LSTM::new(7) };
        "dense", Dense { activation: Softmax, ..Dense::new(5) };
    }
}

fn compiled(graph: Graph, optimizer: impl Optimizer + 'static) -> CpuEngine {
    let loss = Box::new(SparseCategoricalCrossentropy::default());
    CpuEngine::compiled(
        graph,
        3,
        Box::new(optimizer),
        loss,
        vec![Box::new(Accuracy)],
    )
}

/// Rows of a data set as a batch.
fn batch<'a>(data: &'a DataSet<'_>, rows: &'a [u32]) -> Batch<'a> {
    data.batch(rows)
}

/// Two epochs; the last batch of each is smaller.
fn train(graph: Graph, data: &DataSet<'_>, batch_size: usize) -> (Vec<Totals>, CpuEngine) {
    let mut engine = compiled(graph, Adam::new(0.01));
    let order: Vec<u32> = (0..data.rows as u32).rev().collect();
    assert!(!data.rows.is_multiple_of(batch_size));
    let mut steps = Vec::new();
    for _ in 0..2 {
        for rows in order.chunks(batch_size) {
            let totals = engine.step(batch_size, batch(data, rows), 17);
            assert_eq!(totals.rows, rows.len());
            steps.push(totals);
        }
    }
    (steps, engine)
}
