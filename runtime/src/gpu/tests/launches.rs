//! The commands of a step, in order, with their grids.

use super::logging::{Event, LoggingDriver};
use super::networks::{self, batch, data, goal};
use crate::engine::{Engine, compiled};
use crate::gpu::Command;
use crate::gpu::engine::GpuEngine;
use crate::graph::Graph;
use crate::losses::SparseCategoricalCrossentropy;
use crate::optimizers::SGD;
use std::sync::Arc;

/// A command on a line: a kernel and its grid, or the three sizes of a product, behind a plus if it is added. A convolution is what our kernels make of
/// it.
fn line(command: &Command) -> String {
    match command {
        Command::Launch { kernel, grid, .. } => format!("{kernel} {grid:?}\n"),
        Command::Product(p) => {
            let t = |transposed| if transposed { "^T" } else { "" };
            let (a, b) = (t(p.transpose_a), t(p.transpose_b));
            let plus = if p.accumulate { "+ " } else { "" };
            format!("{plus}({}, {}){a} ({}, {}){b}\n", p.m, p.k, p.k, p.n)
        }
        Command::Convolution(convolution) => convolution.own.iter().map(line).collect(),
        Command::Host(_) => "host\n".to_owned(),
    }
}

/// The commands of a training step with 32 samples, each on its line.
fn step(graph: Graph) -> String {
    let driver: Arc<LoggingDriver> = Arc::default();
    let data = data(&graph, &SparseCategoricalCrossentropy::default(), 32);
    let mut engine: GpuEngine<LoggingDriver> = compiled(&driver, graph, 5, goal(SGD::new(0.1)));
    let rows: Vec<u32> = (0..32).collect();
    driver.events();
    engine.train(32, batch(&data, &rows), 1).unwrap();
    let events = driver.events();
    let Some(Event::Run(commands)) = events.last() else {
        panic!("a step ends with its commands");
    };
    commands.iter().map(line).collect()
}

const XOR: &str = "\
begin_step [1, 1, 1]
(32, 2) (2, 4)
bias_activate [1, 1, 1]
(32, 4) (4, 3)
bias_activate [1, 1, 1]
(32, 3) (3, 2)
bias_activate [1, 1, 1]
sparse_categorical_crossentropy [4, 1, 1]
add_rows [1, 1, 1]
accuracy_classes [4, 1, 1]
add_rows [1, 1, 1]
add_count [1, 1, 1]
(3, 32)^T (32, 2)
column_sums [1, 1, 1]
(32, 2) (2, 3)^T
activate_backward [1, 1, 1]
(4, 32)^T (32, 3)
column_sums [1, 1, 1]
(32, 3) (3, 4)^T
activate_backward [1, 1, 1]
(2, 32)^T (32, 4)
column_sums [1, 1, 1]
sgd [1, 1, 1]
";

const CONV_AND_POOL: &str = "\
begin_step [1, 1, 1]
conv2d_forward_16 [8, 1, 1]
max_pool_forward [16, 1, 1]
(32, 128) (128, 5)
bias_activate [1, 1, 1]
sparse_categorical_crossentropy [4, 1, 1]
add_rows [1, 1, 1]
accuracy_classes [4, 1, 1]
add_rows [1, 1, 1]
add_count [1, 1, 1]
(128, 32)^T (32, 5)
column_sums [1, 1, 1]
(32, 5) (5, 128)^T
max_pool_backward [64, 1, 1]
activate_backward [16, 1, 1]
conv2d_kernel_gradient_16 [1, 1, 8]
sum_partials [3, 1, 1]
column_sums [1, 2, 1]
sum_partials [1, 1, 1]
sgd [1, 1, 1]
";

const LETTERS_WITH_NORMALIZATION: &str = "\
begin_step [1, 1, 1]
conv2d_forward_16 [25, 1, 1]
batch_moment_sums [1, 3, 1]
batch_moments [1, 1, 1]
batch_normalize [25, 1, 1]
conv2d_forward_16 [18, 1, 1]
batch_moment_sums [1, 2, 1]
batch_moments [1, 1, 1]
batch_normalize [18, 1, 1]
activate [18, 1, 1]
max_pool_forward [18, 1, 1]
conv2d_forward_16 [2, 1, 1]
batch_moment_sums [1, 1, 1]
batch_moments [1, 1, 1]
batch_normalize [4, 1, 1]
(32, 128) (128, 24)
bias_activate [1, 1, 1]
dropout [1, 1, 1]
(32, 24) (24, 5)
bias_activate [1, 1, 1]
sparse_categorical_crossentropy [4, 1, 1]
add_rows [1, 1, 1]
accuracy_classes [4, 1, 1]
add_rows [1, 1, 1]
add_count [1, 1, 1]
(24, 32)^T (32, 5)
column_sums [1, 1, 1]
(32, 5) (5, 24)^T
dropout [1, 1, 1]
activate_backward [1, 1, 1]
(128, 32)^T (32, 24)
column_sums [1, 1, 1]
(32, 24) (24, 128)^T
batch_normalize_part_sums [1, 1, 1]
batch_normalize_sums [1, 1, 1]
batch_normalize_backward [4, 1, 1]
activate_backward [4, 1, 1]
conv2d_kernel_gradient_16 [1, 1, 2]
sum_partials [9, 1, 1]
column_sums [1, 1, 1]
conv2d_input_gradient_16 [5, 1, 1]
max_pool_backward [72, 1, 1]
activate_backward [18, 1, 1]
batch_normalize_part_sums [1, 2, 1]
batch_normalize_sums [1, 1, 1]
batch_normalize_backward [18, 1, 1]
conv2d_kernel_gradient_16 [1, 1, 18]
sum_partials [5, 1, 1]
conv2d_input_gradient_16 [25, 1, 1]
batch_normalize_part_sums [1, 3, 1]
batch_normalize_sums [1, 1, 1]
batch_normalize_backward [25, 1, 1]
activate_backward [25, 1, 1]
conv2d_kernel_gradient_16 [1, 1, 25]
sum_partials [2, 1, 1]
column_sums [1, 3, 1]
sum_partials [1, 1, 1]
sgd [4, 1, 1]
";

const STRIDED: &str = "\
begin_step [1, 1, 1]
conv2d_forward_16 [4, 1, 1]
dropout [6, 1, 1]
average_pool_forward [7, 1, 1]
conv2d_forward_16 [1, 1, 1]
(32, 8) (8, 5)
bias_activate [1, 1, 1]
sparse_categorical_crossentropy [4, 1, 1]
add_rows [1, 1, 1]
accuracy_classes [4, 1, 1]
add_rows [1, 1, 1]
add_count [1, 1, 1]
(8, 32)^T (32, 5)
column_sums [1, 1, 1]
(32, 5) (5, 8)^T
activate_backward [1, 1, 1]
conv2d_kernel_gradient_16 [1, 1, 1]
column_sums [1, 1, 1]
conv2d_input_gradient_16 [1, 1, 2]
average_pool_backward [23, 1, 1]
dropout [6, 1, 1]
activate_backward [6, 1, 1]
conv2d_kernel_gradient_16 [1, 1, 4]
sum_partials [4, 1, 1]
column_sums [1, 1, 1]
sgd [1, 1, 1]
";

const SEQUENCES: &str = "\
begin_step [1, 1, 1]
(128, 3) (3, 24)
lstm_begin [1, 1, 1]
lstm_forward [1, 1, 1]
+ (32, 6) (6, 24)
lstm_forward [1, 1, 1]
+ (32, 6) (6, 24)
lstm_forward [1, 1, 1]
+ (32, 6) (6, 24)
lstm_forward [1, 1, 1]
(128, 6) (6, 20)
lstm_begin [1, 1, 1]
lstm_forward [1, 1, 1]
+ (32, 5) (5, 20)
lstm_forward [1, 1, 1]
+ (32, 5) (5, 20)
lstm_forward [1, 1, 1]
+ (32, 5) (5, 20)
lstm_forward [1, 1, 1]
(32, 5) (5, 5)
bias_activate [1, 1, 1]
sparse_categorical_crossentropy [4, 1, 1]
add_rows [1, 1, 1]
accuracy_classes [4, 1, 1]
add_rows [1, 1, 1]
add_count [1, 1, 1]
(5, 32)^T (32, 5)
column_sums [1, 1, 1]
(32, 5) (5, 5)^T
lstm_backward [1, 1, 1]
(32, 20) (20, 5)^T
lstm_backward [1, 1, 1]
(32, 20) (20, 5)^T
lstm_backward [1, 1, 1]
(32, 20) (20, 5)^T
lstm_backward [1, 1, 1]
(6, 128)^T (128, 20)
(5, 128)^T (128, 20)
(128, 20) (20, 6)^T
lstm_backward [1, 1, 1]
+ (32, 24) (24, 6)^T
lstm_backward [1, 1, 1]
+ (32, 24) (24, 6)^T
lstm_backward [1, 1, 1]
+ (32, 24) (24, 6)^T
lstm_backward [1, 1, 1]
(3, 128)^T (128, 24)
(6, 128)^T (128, 24)
column_sums [1, 1, 1]
sgd [1, 1, 1]
";

#[test]
fn a_step_of_xor() {
    assert_eq!(step(networks::xor()), XOR);
}

#[test]
fn a_step_of_conv_and_pool() {
    assert_eq!(step(networks::conv_and_pool()), CONV_AND_POOL);
}

#[test]
fn a_step_of_letters_with_normalization() {
    assert_eq!(
        step(networks::letters_with_normalization()),
        LETTERS_WITH_NORMALIZATION
    );
}

#[test]
fn a_step_of_strided() {
    assert_eq!(step(networks::strided()), STRIDED);
}

#[test]
fn a_step_of_sequences() {
    assert_eq!(step(networks::sequences()), SEQUENCES);
}
