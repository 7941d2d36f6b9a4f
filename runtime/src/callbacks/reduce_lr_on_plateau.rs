//! `ReduceLROnPlateau`.

use super::monitor::{Best, Mode};
use super::{Callback, Logs, Next, Training};
use crate::error::{Error, Result};

/// Makes the learning rate smaller when a value has not improved for some epochs: `learning_rate ← factor · learning_rate`.
///
/// # Arguments
/// - `monitor` = `"val_loss"`: what is watched.
/// - `factor` = 0.1: what the learning rate is multiplied with, below 1.
/// - `patience` = 10: epochs without improvement before it acts.
/// - `mode` = `Auto`: which direction is an improvement.
/// - `min_delta` = 0.0001: a smaller improvement is none.
/// - `cooldown` = 0: epochs after it has acted that are not counted.
/// - `min_lr` = 0: the learning rate goes no lower.
///
/// The learning rate of each epoch stands in the history as `learning_rate`.
///
/// # Errors
/// From `fit`, before the first step: [`Error::NotMeasured`] if nothing of that name is measured, and
/// [`Error::InvalidOption`] for a `factor` that is not below 1 or a `min_lr` that is not below the learning rate: the
/// callback could never act.
///
/// # Source
/// Same rules and defaults as `keras.callbacks.ReduceLROnPlateau`; `verbose` is left out. Keras says nothing about a
/// `min_lr` that is too large.
///
/// # Examples
/// ```
/// use addax::callbacks::ReduceLROnPlateau;
///
/// let reduce = ReduceLROnPlateau { factor: 0.2, patience: 5, ..ReduceLROnPlateau::default() };
/// assert_eq!(reduce.min_delta, 1e-4);
/// ```
#[derive(Clone, Debug)]
pub struct ReduceLROnPlateau {
    /// What is watched.
    pub monitor: &'static str,
    /// What the learning rate is multiplied with.
    pub factor: f64,
    /// Epochs without improvement before it acts.
    pub patience: usize,
    /// Which direction is an improvement.
    pub mode: Mode,
    /// A smaller improvement is none.
    pub min_delta: f64,
    /// Epochs after it has acted that are not counted.
    pub cooldown: usize,
    /// The learning rate goes no lower.
    pub min_lr: f64,
    #[doc(hidden)]
    pub state: State,
}

/// What it remembers.
#[derive(Clone, Debug, Default)]
pub struct State {
    best: Best,
    waited: usize,
    cooling: usize,
}

impl Default for ReduceLROnPlateau {
    fn default() -> Self {
        ReduceLROnPlateau {
            monitor: "val_loss",
            factor: 0.1,
            patience: 10,
            mode: Mode::Auto,
            min_delta: 1e-4,
            cooldown: 0,
            min_lr: 0.0,
            state: State::default(),
        }
    }
}

impl ReduceLROnPlateau {
    fn check(&self, learning_rate: f64) -> Result<()> {
        let refuse = |option, value: f64, expected| {
            Err(Error::InvalidOption {
                option,
                value: value.to_string(),
                expected,
            })
        };
        if !(self.factor > 0.0 && self.factor < 1.0) {
            return refuse(
                "factor of `ReduceLROnPlateau`",
                self.factor,
                "the learning rate gets smaller with a factor above 0 and below 1",
            );
        }
        if !(self.min_lr >= 0.0 && self.min_lr < learning_rate) {
            return refuse(
                "min_lr of `ReduceLROnPlateau`",
                self.min_lr,
                "it must be below the optimizer's learning rate, or the callback can never act",
            );
        }
        Ok(())
    }
}

impl Callback for ReduceLROnPlateau {
    fn on_train_begin(&mut self, training: &mut dyn Training) -> Result<()> {
        self.check(training.learning_rate())?;
        self.state = State {
            best: Best::of("ReduceLROnPlateau", self.monitor, self.mode, training)?,
            ..State::default()
        };
        Ok(())
    }

    fn on_epoch_end(
        &mut self,
        _: usize,
        logs: &mut Logs,
        training: &mut dyn Training,
    ) -> Result<Next> {
        let rate = training.learning_rate();
        logs.push("learning_rate", rate);
        let state = &mut self.state;
        if state.cooling > 0 {
            state.cooling -= 1;
            state.waited = 0;
        }
        if state.best.improves(self.monitor, self.min_delta, logs) {
            state.waited = 0;
        } else if state.cooling == 0 {
            state.waited += 1;
            if state.waited >= self.patience && rate > self.min_lr {
                training.set_learning_rate((rate * self.factor).max(self.min_lr));
                state.cooling = self.cooldown;
                state.waited = 0;
            }
        }
        Ok(Next::GoOn)
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::Trial;
    use super::*;

    #[test]
    fn the_rate_falls_when_patience_is_over() {
        let mut reduce = ReduceLROnPlateau {
            factor: 0.5,
            patience: 2,
            min_lr: 0.2,
            ..ReduceLROnPlateau::default()
        };
        let trial = Trial::run(&mut reduce, "val_loss", &[1.0; 8]);
        assert_eq!(trial.rates, [1.0, 1.0, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2]);
    }

    #[test]
    fn epochs_after_it_are_not_counted() {
        let mut reduce = ReduceLROnPlateau {
            factor: 0.5,
            patience: 1,
            cooldown: 2,
            ..ReduceLROnPlateau::default()
        };
        let trial = Trial::run(&mut reduce, "val_loss", &[1.0; 6]);
        assert_eq!(trial.rates, [1.0, 0.5, 0.5, 0.25, 0.25, 0.125]);
    }

    #[test]
    fn it_must_be_able_to_act() {
        for wrong in [
            ReduceLROnPlateau {
                min_lr: 1.0,
                ..ReduceLROnPlateau::default()
            },
            ReduceLROnPlateau {
                factor: 1.0,
                ..ReduceLROnPlateau::default()
            },
        ] {
            assert!(matches!(wrong.check(1.0), Err(Error::InvalidOption { .. })));
        }
        assert!(ReduceLROnPlateau::default().check(0.01).is_ok());
    }
}
