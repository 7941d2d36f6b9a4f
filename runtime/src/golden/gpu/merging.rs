//! Every layer of several inputs: output and all gradients.

use crate::engine::on_devices::on_every_gpu;
use crate::golden::close;
use crate::golden::merging::{Case, TOLERANCE};
use crate::gpu::driver::Driver;
use crate::gpu::tests::bench::Bench;
use crate::gpu::tests::trial::{predict, train_wanting};
use crate::gpu::weights::StepState;

on_every_gpu!(layers_of_several_inputs_are_keras_layers, every_layer);

fn every_layer<D: Driver>(device: &D::Device) {
    let bench = Bench::<D>::new(device);
    let mut largest = 0.0_f32;
    for case in Case::all() {
        let Case {
            golden,
            trial,
            rows,
            x,
            dx,
        } = &case;
        let name = &golden.name;
        let (y, dy) = (golden.floats("y"), golden.floats("dy"));
        let mut compare = |what: &str, got: &[f32], expected: &[f32]| {
            largest = largest.max(close(&format!("{name}: {what}"), got, expected, TOLERANCE));
        };
        compare(
            "predicted y",
            &predict(&bench, trial, x, (*rows, y.len())),
            y,
        );
        let state = StepState {
            seed: 1,
            steps: 2,
            updates: 2,
            learning_rate: 0.1,
        };
        let answer = train_wanting(&bench, trial, (x, dy), *rows, state, |_| true);
        compare("y", &answer.y, y);
        compare("dx", &answer.dx, dx);
        // Nobody may need the gradients of the other inputs.
        for only in 0..trial.inputs.len() {
            let lean = train_wanting(&bench, trial, (x, dy), *rows, state, |i| i == only);
            for (i, (lean, all)) in trial
                .cut(&lean.dx)
                .into_iter()
                .zip(trial.cut(&answer.dx))
                .enumerate()
            {
                if i == only {
                    assert_eq!(lean, all, "{name}: the gradient of input {only} alone");
                } else {
                    assert!(
                        lean.iter().all(|n| n.is_nan()),
                        "{name}: input {i} is left alone"
                    );
                }
            }
        }
    }
    println!("merging: largest difference {largest:e}");
}
