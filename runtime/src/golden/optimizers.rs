//! Every optimizer: twenty steps, the weights after each of them.

use super::{Golden, close};
use crate::kernels::aligned::AlignedVec;
use crate::optimizers::{Adam, Optimizer, RMSprop, SGD};
use serde_json::Value;

/// Gradients of 100 make weights of 30 that then pass through 0, so the last digits of 30 count.
pub(super) const TOLERANCE: f32 = 3e-6;

/// An optimizer by Keras' name, with Keras' defaults for what is left out.
pub(super) fn optimizer(kind: &str, options: &Value) -> Box<dyn Optimizer> {
    let number =
        |name: &str, default: f64| options.get(name).map_or(default, |v| v.as_f64().unwrap());
    let flag = |name: &str| options.get(name).is_some_and(|v| v.as_bool().unwrap());
    assert!(!flag("centered"), "a centered RMSprop");
    match kind {
        "Adam" => {
            let default = Adam::default();
            Box::new(Adam {
                learning_rate: number("learning_rate", default.learning_rate),
                beta_1: number("beta_1", default.beta_1),
                beta_2: number("beta_2", default.beta_2),
                epsilon: number("epsilon", default.epsilon),
                ..default
            })
        }
        "RMSprop" => {
            let default = RMSprop::default();
            Box::new(RMSprop {
                learning_rate: number("learning_rate", default.learning_rate),
                rho: number("rho", default.rho),
                momentum: number("momentum", default.momentum),
                epsilon: number("epsilon", default.epsilon),
            })
        }
        "SGD" => {
            let default = SGD::default();
            Box::new(SGD {
                learning_rate: number("learning_rate", default.learning_rate),
                momentum: number("momentum", default.momentum),
                nesterov: flag("nesterov"),
            })
        }
        other => panic!("optimizer {other}"),
    }
}

#[test]
fn optimizers_are_keras_optimizers() {
    let mut largest = 0.0_f32;
    for golden in Golden::all("optimizers", 7) {
        // All weights at once, and in pieces as threads would do it.
        for at_once in [35, 16, 1] {
            largest = largest.max(check(&golden, at_once));
        }
    }
    println!("optimizers: largest difference {largest:e}");
}

fn check(golden: &Golden, at_once: usize) -> f32 {
    let mut optimizer = optimizer(
        golden.case["optimizer"].as_str().unwrap(),
        &golden.case["options"],
    );
    assert!(optimizer.problem().is_none());
    let mut weights = golden.floats("w0").to_vec();
    let numbers = weights.len();
    // As the engine does it.
    let mut states: Vec<AlignedVec> = (0..optimizer.states())
        .map(|_| AlignedVec::new(numbers))
        .collect();
    let gradients = golden.floats("g").chunks_exact(numbers);
    let expected = golden.floats("w").chunks_exact(numbers);
    assert_eq!((gradients.len(), expected.len()), (20, 20));
    let mut largest = 0.0_f32;
    for (step, (gradient, expected)) in gradients.zip(expected).enumerate() {
        optimizer.begin_step();
        for first in (0..numbers).step_by(at_once) {
            let part = first..(first + at_once).min(numbers);
            let mut parts: Vec<&mut [f32]> =
                states.iter_mut().map(|s| &mut s[part.clone()]).collect();
            optimizer.update(
                &mut weights[part.clone()],
                &gradient[part.clone()],
                &mut parts,
            );
        }
        let name = format!("{}, {at_once} at once, step {step}", golden.name);
        largest = largest.max(close(&name, &weights, expected, TOLERANCE));
    }
    largest
}
