//! `ModelCheckpoint`.

use super::monitor::{Best, Mode};
use super::{Callback, Logs, Next, Training, file_name};
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// Saves the weights after each epoch, or whenever a value is the best so far.
///
/// # Arguments
/// - `filepath`: where to. The epoch and whatever is measured may stand in it, in Python's or Rust's format:
///   `"letters-{epoch:02d}-{val_loss:.3f}.safetensors"`. A file that is there is replaced only once the new one is complete.
/// - `monitor` = `"val_loss"`: what is watched. Without `save_best_only` nothing is.
/// - `save_best_only` = `false`: whether to save only when the value is the best so far.
/// - `mode` = `Auto`: which direction is an improvement.
///
/// # Errors
/// From `fit`, before the first step: [`Error::NotMeasured`] if nothing of that name is measured, and
/// [`Error::InvalidOption`] for a `filepath` that cannot be read. Later: [`Error::File`] if a file cannot be written.
///
/// # Source
/// Same rules and defaults as `keras.callbacks.ModelCheckpoint` with `save_weights_only=True`; `verbose` and `save_freq`
/// are left out.
///
/// # Examples
/// ```
/// use addax::callbacks::ModelCheckpoint;
///
/// let best = ModelCheckpoint { save_best_only: true, ..ModelCheckpoint::new("best.safetensors") };
/// assert_eq!(best.monitor, "val_loss");
/// ```
#[derive(Clone, Debug)]
pub struct ModelCheckpoint {
    /// Where to save.
    pub filepath: PathBuf,
    /// What is watched.
    pub monitor: &'static str,
    /// Whether to save only when the value is the best so far.
    pub save_best_only: bool,
    /// Which direction is an improvement.
    pub mode: Mode,
    #[doc(hidden)]
    pub state: State,
}

/// What it remembers.
#[derive(Clone, Debug, Default)]
pub struct State {
    best: Best,
    saved: Option<PathBuf>,
}

impl ModelCheckpoint {
    /// Saves to `filepath` after each epoch.
    pub fn new(filepath: impl AsRef<Path>) -> Self {
        ModelCheckpoint {
            filepath: filepath.as_ref().to_owned(),
            monitor: "val_loss",
            save_best_only: false,
            mode: Mode::Auto,
            state: State::default(),
        }
    }

    /// The file that the last training saved last; `None` if it saved none.
    pub fn saved(&self) -> Option<&Path> {
        self.state.saved.as_deref()
    }

    fn pattern(&self) -> Result<&str> {
        self.filepath.to_str().ok_or_else(|| self.unreadable())
    }

    fn unreadable(&self) -> Error {
        Error::InvalidOption {
            option: "filepath of `ModelCheckpoint`",
            value: self.filepath.display().to_string(),
            expected: "values stand in it in braces: `best-{epoch:02d}-{val_loss:.3f}.safetensors`",
        }
    }
}

impl Callback for ModelCheckpoint {
    fn on_train_begin(&mut self, training: &mut dyn Training) -> Result<()> {
        self.state = State::default();
        let names = file_name::names(self.pattern()?).ok_or_else(|| self.unreadable())?;
        for name in names {
            Best::of("ModelCheckpoint", name, self.mode, training)?;
        }
        if self.save_best_only {
            self.state.best = Best::of("ModelCheckpoint", self.monitor, self.mode, training)?;
        }
        Ok(())
    }

    fn on_epoch_end(
        &mut self,
        epoch: usize,
        logs: &mut Logs,
        training: &mut dyn Training,
    ) -> Result<Next> {
        if !self.save_best_only || self.state.best.improves(self.monitor, 0.0, logs) {
            let path = PathBuf::from(file_name::fill(self.pattern()?, epoch, logs));
            training.save_weights(&path)?;
            self.state.saved = Some(path);
        }
        Ok(Next::GoOn)
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::Trial;
    use super::*;

    #[test]
    fn only_the_best_are_saved() {
        let mut best = ModelCheckpoint {
            save_best_only: true,
            ..ModelCheckpoint::new("{epoch}.st")
        };
        let trial = Trial::run(&mut best, "val_loss", &[1.0, 2.0, 0.5, 0.5]);
        assert_eq!(trial.saved, ["1.st", "3.st"]);
        assert_eq!(best.saved(), Some(Path::new("3.st")));
    }

    #[test]
    fn every_epoch_is_saved() {
        let mut every = ModelCheckpoint::new("{epoch:02d}-{val_loss:.1f}.st");
        let trial = Trial::run(&mut every, "val_loss", &[1.0, 2.0]);
        assert_eq!(trial.saved, ["01-1.0.st", "02-2.0.st"]);
    }
}
