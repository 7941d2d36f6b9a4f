//! A hundred training steps on a GPU are a hundred training steps on the CPU.

use super::networks::{self, batch, data, goal};
use crate::engine::on_devices::on_every_gpu;
use crate::engine::{CpuEngine, Engine, TestGoal, compiled};
use crate::golden::close;
use crate::gpu::driver::Driver;
use crate::gpu::engine::GpuEngine;
use crate::graph::Graph;
use crate::losses::{
    BinaryCrossentropy, CategoricalCrossentropy, Loss, MeanAbsoluteError, MeanSquaredError,
};
use crate::metrics::{
    Accuracy, MeanAbsoluteError as AbsoluteMetric, MeanSquaredError as SquaredMetric,
};
use crate::optimizers::{Adam, RMSprop, SGD};
use crate::plan::Totals;
use dfdx::tensor::Cpu;

/// Losses and metrics on the way and at the end, and answers. The largest difference seen is 4e-7.
const TOLERANCE: f32 = 1e-5;

/// Weights after the last step. The largest difference seen is 4e-7.
const WEIGHT_TOLERANCE: f32 = 1e-5;

const STEPS: usize = 100;

/// Three batches to an epoch, the last of which is smaller.
const ROWS: usize = 20;
const BATCH: usize = 8;

/// Both halves of the seed count.
const SEED: u64 = 0x0123_4567_89ab_cdef;

/// Trains `graph` on both devices and compares everything that can be seen of it.
fn agree<D: Driver>(name: &str, device: &D::Device, graph: fn() -> Graph, goal: fn() -> TestGoal) {
    let mut cpu: CpuEngine = compiled(&Cpu::default(), graph(), 5, goal());
    let mut gpu: GpuEngine<D> = compiled(device, graph(), 5, goal());
    assert_eq!(
        cpu.parameters().unwrap(),
        gpu.parameters().unwrap(),
        "{name}: first weights"
    );
    let (_, loss, _) = goal();
    let data = data(&graph(), &*loss, ROWS);
    let order: Vec<u32> = (0..ROWS as u32).rev().collect();
    let batches: Vec<&[u32]> = order.chunks(BATCH).collect();
    let mut largest = [0.0_f32; 2];
    let before = cpu.evaluate_all(&data).unwrap().mean_loss();
    for step in 0..STEPS {
        if step == STEPS / 2 {
            halve_learning_rate(&mut cpu);
            halve_learning_rate(&mut gpu);
        }
        let rows = batches[step % batches.len()];
        let expected = cpu.step(BATCH, batch(&data, rows), SEED);
        let got = gpu.step(BATCH, batch(&data, rows), SEED);
        assert_eq!(got.rows, expected.rows);
        let (expected, got) = (values(&cpu, &expected), values(&gpu, &got));
        let what = format!("{name}: step {step}");
        largest[0] = largest[0].max(close(&what, &got, &expected, TOLERANCE));
    }
    largest[1] = same_weights(name, &gpu, &cpu);
    let what = format!("{name}: predict");
    let answers = gpu.predict_single(&data.x[0], ROWS).unwrap();
    let expected = cpu.predict_single(&data.x[0], ROWS).unwrap();
    largest[0] = largest[0].max(close(&what, &answers, &expected, TOLERANCE));
    let what = format!("{name}: evaluate");
    let got = values(&gpu, &gpu.evaluate_all(&data).unwrap());
    let expected = values(&cpu, &cpu.evaluate_all(&data).unwrap());
    largest[0] = largest[0].max(close(&what, &got, &expected, TOLERANCE));
    assert!(gpu.is_finite().unwrap());
    // What learns nothing would agree with anything.
    let after = gpu.evaluate_all(&data).unwrap().mean_loss();
    assert!(after < 0.9 * before, "{name}: {before} became {after}");
    let [values, weights] = largest;
    println!("{name}: values {values:e}, weights {weights:e}");
}

fn halve_learning_rate(engine: &mut impl Engine) {
    if let Some(compiled) = &mut engine.setup_mut().compiled {
        let rate = compiled.optimizer.learning_rate();
        compiled.optimizer.set_learning_rate(rate / 2.0);
    }
}

/// The loss and the metrics.
pub(super) fn values(engine: &impl Engine, totals: &Totals) -> Vec<f32> {
    let values = engine.setup().values("", totals);
    values.iter().map(|&(_, value)| value as f32).collect()
}

/// Compares all weights. Gives the largest difference.
pub(super) fn same_weights(name: &str, got: &impl Engine, expected: &impl Engine) -> f32 {
    let (got, expected) = (got.parameters().unwrap(), expected.parameters().unwrap());
    assert_eq!(got.len(), expected.len());
    let pairs = got.iter().zip(&expected).enumerate();
    pairs
        .map(|(i, (got, expected))| {
            let what = format!("{name}: parameter {i}");
            close(&what, got, expected, WEIGHT_TOLERANCE)
        })
        .fold(0.0, f32::max)
}

fn a_goal(loss: impl Loss + 'static) -> TestGoal {
    let metrics = vec![Box::new(SquaredMetric) as _, Box::new(AbsoluteMetric) as _];
    (Box::new(Adam::new(0.01)), Box::new(loss), metrics)
}

/// Makes tests of networks, each with what it is trained for.
macro_rules! agreements {
    ($($name:ident: $graph:expr, $goal:expr;)+) => {
        $(
            fn $name<D: Driver>(device: &D::Device) {
                agree::<D>(stringify!($name), device, $graph, || $goal);
            }
            on_every_gpu!($name, $name);
        )+
    };
}

agreements! {
    xor: networks::xor, goal(SGD::new(0.5));
    mlp: networks::mlp, goal(RMSprop::default());
    conv_and_pool: networks::conv_and_pool, goal(Adam::default());
    letters: networks::letters, goal(Adam::default());
    // The mean of a batch takes every shift out again, so the gradients of what only shifts are rounding errors around 0,
    // of which Adam would make whole steps.
    letters_with_normalization: networks::letters_with_normalization, goal(SGD::new(0.01));
    fully_convolutional: networks::fully_convolutional, goal(SGD::new(0.05));
    strided: networks::strided, goal(RMSprop::new(0.002));
    sequences: networks::sequences, goal(Adam::new(0.01));
    yes_or_no: networks::yes_or_no, (
        Box::new(Adam::new(0.01)),
        Box::new(BinaryCrossentropy::default()),
        vec![Box::new(Accuracy)],
    );
    one_hot: networks::mlp, (
        Box::new(Adam::new(0.01)),
        Box::new(CategoricalCrossentropy::default()),
        vec![Box::new(Accuracy), Box::new(SquaredMetric)],
    );
    squares: networks::regression, a_goal(MeanSquaredError);
    absolutes: networks::regression, a_goal(MeanAbsoluteError);
    adam: networks::mlp, goal(Adam { beta_1: 0.8, beta_2: 0.99, epsilon: 1e-3, ..Adam::new(0.01) });
    plain_sgd: networks::mlp, goal(SGD::new(0.1));
    momentum: networks::mlp, goal(SGD { momentum: 0.9, ..SGD::new(0.02) });
    nesterov: networks::mlp, goal(SGD { momentum: 0.9, nesterov: true, ..SGD::new(0.02) });
    rmsprop_with_momentum: networks::mlp, goal(RMSprop { momentum: 0.5, ..RMSprop::new(0.002) });
}
