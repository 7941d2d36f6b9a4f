//! Which numbers are dropped is the same on every device, bit for bit.

use super::bench::Bench;
use super::trial::{LAYER, train};
use crate::engine::on_devices::on_every_gpu;
use crate::gpu::driver::Driver;
use crate::gpu::weights::StepState;
use crate::layers::Dropout;
use crate::layers::trial::Trial;
use crate::op::Phase;
use crate::shape::Shape;

on_every_gpu!(masks_are_those_of_the_cpu, masks);

fn masks<D: Driver>(device: &D::Device) {
    let bench = Bench::<D>::new(device);
    let cases = [
        (0, 0, 0.5),
        (u64::MAX, 1, 0.1),
        (0x0123_4567_89ab_cdef, 41, 0.25),
        (1 << 32, 1_000_000, 0.9),
        (3, 5, 0.0),
    ];
    // Samples whose numbers are no multiple of the four that are drawn at a time; more than one block of threads.
    for (rows, size) in [(1, 1), (5, 7), (3, 343), (2, 1024)] {
        let input = Shape::new([size]);
        for (seed, steps, rate) in cases {
            let dropout = Dropout::new(rate);
            let trial = Trial::new(dropout, input, &dropout.output(&[input]));
            let x: Vec<f32> = (0..rows * size).map(|i| 1.0 + i as f32).collect();
            let dy: Vec<f32> = x.iter().map(|x| -x).collect();
            let phase = Phase::Training {
                seed,
                step: steps,
                layer: LAYER,
            };
            let state = StepState {
                seed,
                steps,
                updates: 0,
                learning_rate: 1.0,
            };
            let expected = trial.run(&x, &dy, phase, rows);
            let got = train(&bench, &trial, (&x, &dy), rows, state, true);
            let what = format!("{rows} rows of {size}, seed {seed}, step {steps}, {rate}");
            assert_eq!(got.y, expected.y, "{what}");
            assert_eq!(got.dx, expected.dx, "{what}: backward");
        }
    }
}
