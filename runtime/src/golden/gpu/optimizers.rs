//! Every optimizer: twenty steps, the weights after each of them.

use crate::engine::on_devices::on_every_gpu;
use crate::golden::optimizers::{TOLERANCE, optimizer};
use crate::golden::{Golden, close};
use crate::gpu::driver::Driver;
use crate::gpu::tests::bench::{Bench, Piece};
use crate::gpu::weights::StepState;
use crate::gpu::{Pointer, RecordUpdate, Recorder};

on_every_gpu!(optimizers_are_keras_optimizers, every_optimizer);

fn every_optimizer<D: Driver>(device: &D::Device) {
    let bench = Bench::<D>::new(device);
    let mut largest = 0.0_f32;
    for golden in Golden::all("optimizers", 7) {
        largest = largest.max(check(&bench, &golden));
    }
    println!("optimizers: largest difference {largest:e}");
}

fn check<D: Driver>(bench: &Bench<D>, golden: &Golden) -> f32 {
    let kind = golden.case["optimizer"].as_str().unwrap();
    let optimizer = optimizer(kind, &golden.case["options"]);
    let weights = bench.floats(golden.floats("w0"));
    let count = golden.floats("w0").len();
    let memory: Vec<Piece<D>> = (0..optimizer.states())
        .map(|_| bench.floats(&vec![0.0; count]))
        .collect();
    let places: Vec<Pointer> = memory.iter().map(Piece::start).collect();
    let state = bench.state(StepState {
        seed: 0,
        steps: 0,
        updates: 0,
        learning_rate: optimizer.learning_rate(),
    });
    let gradients = golden.floats("g").chunks_exact(count);
    let expected = golden.floats("w").chunks_exact(count);
    assert_eq!((gradients.len(), expected.len()), (20, 20));
    let mut largest = 0.0_f32;
    for (step, (gradient, expected)) in gradients.zip(expected).enumerate() {
        let gradients = bench.floats(gradient);
        let mut to = Recorder::default();
        to.begin_step(state.start(), optimizer.betas());
        let call = RecordUpdate {
            count,
            weights: weights.start(),
            gradients: gradients.start(),
            memory: &places,
            state: state.start(),
        };
        optimizer.record(call, &mut to).unwrap();
        bench.run(to);
        let name = format!("{}, step {step}", golden.name);
        largest = largest.max(close(&name, &weights.read(), expected, TOLERANCE));
    }
    largest
}
