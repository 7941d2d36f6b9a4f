//! The time of a step and of a prediction.

use crate::clock::median;
use crate::task::{Samples, Task};
use std::time::Instant;

/// Times in seconds: medians over repeats.
#[derive(Clone, Copy, Debug)]
pub struct Speed {
    /// Of a training step.
    pub step: f64,
    /// Of a call of `predict`.
    pub prediction: f64,
}

/// How long is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// How often.
    pub repeats: usize,
    /// How long each time, in seconds. It may be longer: a step is never cut.
    pub seconds: f64,
}

/// How many samples there should be to train on in steps of `batch`, each of so many numbers: several steps, if they are small.
pub fn enough(batch: usize, numbers: usize) -> usize {
    const MOST_NUMBERS: usize = 8 << 20;
    const MOST_STEPS: usize = 20_000;
    batch * (MOST_NUMBERS / (batch * numbers)).clamp(1, MOST_STEPS)
}

/// Measures steps of `batch` samples, and calls of `predict` for all that a task has to predict for.
///
/// # Errors
/// Those of the task.
pub fn speed(
    task: &mut dyn Task,
    samples: Samples,
    batch: usize,
    effort: Effort,
) -> addax::Result<Speed> {
    // As many steps as fit into the time, by how long a few take.
    task.train(batch, batch)?;
    let most = samples.training / batch;
    let few = most.min(4);
    let start = Instant::now();
    task.train(few * batch, batch)?;
    let steps = effort.seconds * few as f64 / start.elapsed().as_secs_f64();
    let steps = (steps as usize).clamp(1, most);
    let mut training = Vec::new();
    let mut prediction = Vec::new();
    for _ in 0..effort.repeats.max(1) {
        let start = Instant::now();
        task.train(steps * batch, batch)?;
        training.push(start.elapsed().as_secs_f64() / steps as f64);

        // The first makes a plan, and lays out the new weights.
        task.predict(samples.prediction)?;
        let (start, mut calls) = (Instant::now(), 0);
        while calls == 0 || start.elapsed().as_secs_f64() < effort.seconds {
            task.predict(samples.prediction)?;
            calls += 1;
        }
        prediction.push(start.elapsed().as_secs_f64() / f64::from(calls));
    }
    Ok(Speed {
        step: median(training),
        prediction: median(prediction),
    })
}
