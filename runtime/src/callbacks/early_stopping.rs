//! `EarlyStopping`.

use super::monitor::{Best, Mode};
use super::{Callback, Logs, Next, Training};
use crate::error::Result;

/// Stops when a value has not improved for some epochs.
///
/// # Arguments
/// - `monitor` = `"val_loss"`: what is watched.
/// - `min_delta` = 0: a smaller improvement is none.
/// - `patience` = 0: so many epochs without improvement are borne, and the next one is the last.
/// - `mode` = `Auto`: which direction is an improvement.
/// - `baseline` = `None`: without beating it, an improvement does not count against patience.
/// - `restore_best_weights` = `false`: whether the weights of the best epoch are taken back at the end.
/// - `start_from_epoch` = 0: so many epochs are not watched.
///
/// # Errors
/// From `fit`, before the first step: [`Error::NotMeasured`](crate::Error::NotMeasured) if nothing of that name is
/// measured, such as `val_loss` without validation data.
///
/// # Source
/// Same rules and defaults as `keras.callbacks.EarlyStopping`; `verbose` is left out.
///
/// # Examples
/// ```
/// use addax::callbacks::EarlyStopping;
///
/// let stop = EarlyStopping { patience: 5, restore_best_weights: true, ..EarlyStopping::default() };
/// assert_eq!((stop.monitor, stop.stopped_epoch()), ("val_loss", None));
/// ```
#[derive(Clone, Debug)]
pub struct EarlyStopping {
    /// What is watched.
    pub monitor: &'static str,
    /// A smaller improvement is none.
    pub min_delta: f64,
    /// Epochs without improvement that are borne.
    pub patience: usize,
    /// Which direction is an improvement.
    pub mode: Mode,
    /// Without beating it, an improvement does not count against patience.
    pub baseline: Option<f64>,
    /// Whether the weights of the best epoch are taken back.
    pub restore_best_weights: bool,
    /// Epochs that are not watched.
    pub start_from_epoch: usize,
    #[doc(hidden)]
    pub state: State,
}

/// What it remembers.
#[derive(Clone, Debug, Default)]
pub struct State {
    best: Best,
    best_weights: Option<Vec<Vec<f32>>>,
    best_epoch: Option<usize>,
    waited: usize,
    stopped: Option<usize>,
}

impl Default for EarlyStopping {
    fn default() -> Self {
        EarlyStopping {
            monitor: "val_loss",
            min_delta: 0.0,
            patience: 0,
            mode: Mode::Auto,
            baseline: None,
            restore_best_weights: false,
            start_from_epoch: 0,
            state: State::default(),
        }
    }
}

impl EarlyStopping {
    /// The epoch, counted from 1, after which it stopped the last training; `None` if it did not.
    pub fn stopped_epoch(&self) -> Option<usize> {
        self.state.stopped
    }

    /// The best epoch of the last training, counted from 1.
    pub fn best_epoch(&self) -> Option<usize> {
        self.state.best_epoch
    }
}

impl Callback for EarlyStopping {
    fn on_train_begin(&mut self, training: &mut dyn Training) -> Result<()> {
        self.state = State {
            best: Best::of("EarlyStopping", self.monitor, self.mode, training)?,
            ..State::default()
        };
        Ok(())
    }

    fn on_epoch_end(
        &mut self,
        epoch: usize,
        logs: &mut Logs,
        training: &mut dyn Training,
    ) -> Result<Next> {
        if epoch <= self.start_from_epoch {
            return Ok(Next::GoOn);
        }
        let state = &mut self.state;
        state.waited += 1;
        let (monitor, min_delta) = (self.monitor, self.min_delta);
        if state.best.improves(monitor, min_delta, logs) {
            state.best_epoch = Some(epoch);
            if self.restore_best_weights {
                state.best_weights = Some(training.weights()?);
            }
            let good_enough = |baseline| state.best.beats(baseline, monitor, min_delta, logs);
            if self.baseline.is_none_or(good_enough) {
                state.waited = 0;
            }
        } else if state.waited >= self.patience && epoch > 1 {
            state.stopped = Some(epoch);
            return Ok(Next::Stop);
        }
        Ok(Next::GoOn)
    }

    fn on_train_end(&mut self, training: &mut dyn Training) -> Result<()> {
        match self.state.best_weights.take() {
            Some(weights) => training.set_weights(weights),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::Trial;
    use super::*;

    #[test]
    fn it_stops_when_patience_is_over() {
        let mut stop = EarlyStopping {
            patience: 2,
            restore_best_weights: true,
            ..EarlyStopping::default()
        };
        let trial = Trial::run(&mut stop, "val_loss", &[1.0, 0.5, 0.6, 0.5, 0.1]);
        assert_eq!(
            (trial.epochs, stop.stopped_epoch(), stop.best_epoch()),
            (4, Some(4), Some(2))
        );
        assert_eq!(trial.weights, [[2.0]], "the weights of the second epoch");
    }

    #[test]
    fn up_is_better_for_accuracy() {
        let mut stop = EarlyStopping {
            monitor: "val_acc",
            patience: 1,
            ..EarlyStopping::default()
        };
        let trial = Trial::run(&mut stop, "val_accuracy", &[0.1, 0.2, 0.3, 0.3, 0.9]);
        assert_eq!((trial.epochs, stop.stopped_epoch()), (4, Some(4)));
    }

    #[test]
    fn a_small_improvement_is_none() {
        let mut stop = EarlyStopping {
            min_delta: 0.1,
            patience: 1,
            ..EarlyStopping::default()
        };
        let trial = Trial::run(&mut stop, "val_loss", &[1.0, 0.95, 0.2]);
        assert_eq!(trial.epochs, 2);
    }

    #[test]
    fn a_baseline_must_be_reached() {
        let mut stop = EarlyStopping {
            baseline: Some(0.5),
            patience: 2,
            ..EarlyStopping::default()
        };
        let trial = Trial::run(&mut stop, "val_loss", &[1.0, 0.9, 0.95, 0.1]);
        assert_eq!((trial.epochs, stop.best_epoch()), (3, Some(2)));
        let trial = Trial::run(&mut stop, "val_loss", &[1.0, 0.4, 0.45, 0.1]);
        assert_eq!(trial.epochs, 4);
    }
}
