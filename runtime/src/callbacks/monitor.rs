//! Watching one value from epoch to epoch.

use super::{Logs, Training};
use crate::error::{Error, Result};
use crate::training::full_name;

/// Which direction is an improvement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Up for accuracy and the like, down for losses and errors.
    #[default]
    Auto,
    /// Down.
    Min,
    /// Up.
    Max,
}

/// The best value so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Best {
    /// `true` if larger is better.
    up: bool,
    value: Option<f64>,
}

impl Best {
    /// Nothing yet. The value must be one that is measured.
    pub(super) fn of(
        callback: &'static str,
        monitor: &str,
        mode: Mode,
        training: &dyn Training,
    ) -> Result<Best> {
        let name = full_name(monitor);
        let measured = training.measured();
        let Some(found) = measured.iter().find(|measured| measured.name == name) else {
            return Err(Error::NotMeasured {
                callback,
                monitor: monitor.to_owned(),
                measured: measured.iter().map(|m| m.name.clone()).collect(),
            });
        };
        Ok(Best {
            up: match mode {
                Mode::Auto => found.larger_is_better,
                Mode::Min => false,
                Mode::Max => true,
            },
            value: None,
        })
    }

    /// Whether the epoch's value is better than the best so far by more than `min_delta`; if so, it is the best from now
    /// on.
    pub(super) fn improves(&mut self, monitor: &str, min_delta: f64, logs: &Logs) -> bool {
        let better = self
            .value
            .is_none_or(|best| self.beats(best, monitor, min_delta, logs));
        if better {
            self.value = logs.get(monitor);
        }
        better
    }

    /// Whether the epoch's value is better than `reference` by more than `min_delta`.
    pub(super) fn beats(&self, reference: f64, monitor: &str, min_delta: f64, logs: &Logs) -> bool {
        logs.get(monitor).is_some_and(|value| {
            let gain = value - reference;
            (if self.up { gain } else { -gain }) > min_delta
        })
    }
}
