//! What else a network goes through besides steps: epochs, other weights, other goals, early stopping.

use super::agreement::{same_weights, values};
use super::networks::{self, batch, data, goal};
use crate::engine::on_devices::on_every_gpu;
use crate::engine::{CpuEngine, Engine, TestGoal, compiled};
use crate::golden::close;
use crate::gpu::driver::Driver;
use crate::gpu::engine::GpuEngine;
use crate::graph::Graph;
use crate::losses::{CategoricalCrossentropy, SparseCategoricalCrossentropy};
use crate::metrics::{Accuracy, MeanAbsoluteError};
use crate::optimizers::{Adam, SGD};
use crate::training::data::DataSet;
use dfdx::tensor::Cpu;

/// Sums of an epoch, and the answers after a few of them.
const TOLERANCE: f32 = 1e-5;

const ROWS: usize = 20;

/// The same network on both devices.
struct Both<D: Driver> {
    cpu: CpuEngine,
    gpu: GpuEngine<D>,
}

impl<D: Driver> Both<D> {
    fn new(device: &D::Device, graph: fn() -> Graph) -> Self {
        Both::with(device, graph, || goal(Adam::new(0.01)))
    }

    fn with(device: &D::Device, graph: fn() -> Graph, goal: fn() -> TestGoal) -> Self {
        Both {
            cpu: compiled(&Cpu::default(), graph(), 5, goal()),
            gpu: compiled(device, graph(), 5, goal()),
        }
    }

    /// An epoch on both, with the same history.
    fn epoch(&mut self, data: &DataSet<'_>, batch_size: usize, seed: u64) {
        epoch(&mut self.cpu, data, batch_size, seed);
        epoch(&mut self.gpu, data, batch_size, seed);
        let expected = values(&self.cpu, &self.cpu.totals().unwrap());
        let got = values(&self.gpu, &self.gpu.totals().unwrap());
        close("an epoch", &got, &expected, TOLERANCE);
    }

    /// The same weights and the same answers.
    fn check(&self, what: &str, data: &DataSet<'_>) {
        same_weights(what, &self.gpu, &self.cpu);
        let got = self.gpu.predict_single(&data.x[0], data.rows).unwrap();
        let expected = self.cpu.predict_single(&data.x[0], data.rows).unwrap();
        close(what, &got, &expected, TOLERANCE);
        let got = values(&self.gpu, &self.gpu.evaluate_all(data).unwrap());
        let expected = values(&self.cpu, &self.cpu.evaluate_all(data).unwrap());
        close(what, &got, &expected, TOLERANCE);
    }
}

/// An epoch as `fit` runs it.
fn epoch(engine: &mut impl Engine, data: &DataSet<'_>, batch_size: usize, seed: u64) {
    engine.start_totals().unwrap();
    let order: Vec<u32> = (0..data.rows as u32).rev().collect();
    engine.run_epoch(batch_size, |engine| {
        for rows in order.chunks(batch_size) {
            engine.train(batch_size, batch(data, rows), seed).unwrap();
        }
    });
    assert_eq!(engine.totals().unwrap().rows, data.rows);
}

fn classes(graph: fn() -> Graph) -> DataSet<'static> {
    data(&graph(), &SparseCategoricalCrossentropy::default(), ROWS)
}

on_every_gpu!(epochs_agree, epochs);

fn epochs<D: Driver>(device: &D::Device) {
    let data = classes(networks::letters);
    let mut both = Both::<D>::new(device, networks::letters);
    // Another batch size and another seed in the middle, as of a second `fit`.
    for (batch_size, seed) in [(8, 1), (8, 1), (20, 2), (50, 2), (3, 1)] {
        both.epoch(&data, batch_size, seed);
    }
    both.check("epochs", &data);
}

on_every_gpu!(kept_weights_come_back, kept_weights);

fn kept_weights<D: Driver>(device: &D::Device) {
    let graph = networks::letters_with_normalization;
    let data = classes(graph);
    let momentum = || {
        goal(SGD {
            momentum: 0.5,
            ..SGD::new(0.01)
        })
    };
    let mut both = Both::<D>::with(device, graph, momentum);
    both.epoch(&data, 8, 1);
    both.cpu.keep().unwrap();
    both.gpu.keep().unwrap();
    let kept = both.gpu.parameters().unwrap();
    let answers = both.gpu.predict_single(&data.x[0], ROWS).unwrap();
    both.epoch(&data, 8, 1);
    assert_ne!(both.gpu.parameters().unwrap(), kept);
    both.cpu.take_back().unwrap();
    both.gpu.take_back().unwrap();
    assert_eq!(both.gpu.parameters().unwrap(), kept);
    assert_eq!(both.gpu.predict_single(&data.x[0], ROWS).unwrap(), answers);
    both.check("taken back", &data);
    // The optimizer has forgotten everything; the masks of dropout go on.
    both.epoch(&data, 8, 1);
    both.check("trained on", &data);
}

on_every_gpu!(weights_can_be_set, set_weights);

fn set_weights<D: Driver>(device: &D::Device) {
    let graph = networks::strided;
    let data = classes(graph);
    let mut both = Both::<D>::new(device, graph);
    both.epoch(&data, 8, 1);
    let mut weights = both.cpu.parameters().unwrap();
    weights
        .iter_mut()
        .flatten()
        .for_each(|w| *w = *w * 0.5 + 0.01);
    both.gpu.set_parameters(weights.clone()).unwrap();
    assert_eq!(both.gpu.parameters().unwrap(), weights);
    both.cpu.set_parameters(weights).unwrap();
    both.check("set", &data);
    both.epoch(&data, 8, 1);
    both.check("trained on", &data);

    let mut weights = both.gpu.parameters().unwrap();
    weights[0][0] = f32::INFINITY;
    assert!(both.gpu.is_finite().unwrap());
    both.gpu.set_parameters(weights).unwrap();
    assert!(!both.gpu.is_finite().unwrap());
}

on_every_gpu!(another_goal_can_be_set, another_goal);

fn another_goal<D: Driver>(device: &D::Device) {
    let graph = networks::mlp;
    let mut both = Both::<D>::new(device, graph);
    both.epoch(&classes(graph), 8, 1);
    // Fewer remembered numbers, other targets, more metrics.
    let recompile = |engine: &mut dyn FnMut(_, _, _)| {
        engine(
            Box::new(SGD {
                momentum: 0.9,
                ..SGD::new(0.05)
            }) as _,
            Box::new(CategoricalCrossentropy::default()) as _,
            vec![Box::new(MeanAbsoluteError) as _, Box::new(Accuracy) as _],
        );
    };
    recompile(&mut |o, l, m| both.cpu.compile_single(o, l, m).unwrap());
    recompile(&mut |o, l, m| both.gpu.compile_single(o, l, m).unwrap());
    let one_hot = data(&graph(), &CategoricalCrossentropy::default(), ROWS);
    for _ in 0..2 {
        both.epoch(&one_hot, 8, 1);
    }
    both.check("another goal", &one_hot);

    // Options outside their range leave everything as it was.
    let (_, loss, metrics) = goal(SGD::new(0.1));
    let wrong = Box::new(SGD::new(-1.0));
    assert!(both.gpu.compile_single(wrong, loss, metrics).is_err());
    both.epoch(&one_hot, 8, 1);
    both.check("as before", &one_hot);
}

on_every_gpu!(more_samples_than_fit_at_once, many_samples);

fn many_samples<D: Driver>(device: &D::Device) {
    let graph = networks::mlp;
    let data = data(&graph(), &SparseCategoricalCrossentropy::default(), 1030);
    let both = Both::<D>::new(device, graph);
    both.check("many samples", &data);
    let none = both.gpu.evaluate(&data, &[]).unwrap();
    assert_eq!((none.rows, none.loss()), (0, 0.0));
    assert!(both.gpu.predict_single(&[], 0).unwrap().is_empty());
}
