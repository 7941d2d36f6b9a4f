//! A training without a network, for tests of callbacks.

use super::{Callback, Logs, Measured, Next, Training};
use crate::error::Result;
use std::cell::RefCell;
use std::path::Path;

/// What a callback did to a training whose weight is the number of the epoch.
#[derive(Debug)]
pub(super) struct Trial {
    measured: Vec<Measured>,
    rate: f64,
    /// Epochs that were run.
    pub(super) epochs: usize,
    /// The weights at the end.
    pub(super) weights: Vec<Vec<f32>>,
    /// The learning rate after each epoch.
    pub(super) rates: Vec<f64>,
    /// The files that were saved.
    pub(super) saved: Vec<String>,
    newly_saved: RefCell<Vec<String>>,
}

impl Trial {
    /// One epoch for each value of what is measured under this name.
    pub(super) fn run(callback: &mut dyn Callback, name: &str, values: &[f64]) -> Trial {
        let mut trial = Trial {
            measured: vec![Measured {
                name: name.to_owned(),
                larger_is_better: name.contains("acc"),
            }],
            rate: 1.0,
            epochs: 0,
            weights: vec![vec![0.0]],
            rates: Vec::new(),
            saved: Vec::new(),
            newly_saved: RefCell::default(),
        };
        callback.on_train_begin(&mut trial).unwrap();
        for (epoch, &value) in (1..).zip(values) {
            trial.epochs = epoch;
            trial.weights = vec![vec![epoch as f32]];
            let mut logs = Logs::new(vec![(name.to_owned(), value)]);
            let next = callback.on_epoch_end(epoch, &mut logs, &mut trial).unwrap();
            trial.rates.push(trial.rate);
            if next == Next::Stop {
                break;
            }
        }
        callback.on_train_end(&mut trial).unwrap();
        trial.saved = trial.newly_saved.take();
        trial
    }
}

impl Training for Trial {
    fn measured(&self) -> &[Measured] {
        &self.measured
    }

    fn learning_rate(&self) -> f64 {
        self.rate
    }

    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.rate = learning_rate;
    }

    fn weights(&self) -> Result<Vec<Vec<f32>>> {
        Ok(self.weights.clone())
    }

    fn set_weights(&mut self, weights: Vec<Vec<f32>>) -> Result<()> {
        self.weights = weights;
        Ok(())
    }

    fn save_weights(&self, path: &Path) -> Result<()> {
        self.newly_saved
            .borrow_mut()
            .push(path.display().to_string());
        Ok(())
    }
}
