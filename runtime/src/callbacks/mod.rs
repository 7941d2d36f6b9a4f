//! Callbacks: what is done after each epoch of `fit`. One file each.
//!
//! A callback is given to `fit` in [`FitOptions::callbacks`](crate::FitOptions::callbacks) and lent for the time of the
//! call, so that it can be asked afterwards. What it watches must be measured; if it is not, `fit` says so before the
//! first step.
//!
//! ```
//! use addax::callbacks::{EarlyStopping, ReduceLROnPlateau};
//! use addax::prelude::*;
//!
//! network! {
//!     /// One line.
//!     Line: 1 => 1 {
//!         Dense(1),
//!     }
//! }
//!
//! # fn main() -> addax::Result<()> {
//! let x: Vec<[f32; 1]> = (0..64).map(|i| [i as f32 / 64.0]).collect();
//! let y: Vec<f32> = x.iter().map(|[x]| 2.0 * x + 1.0).collect();
//! let mut model = Line::build(&Cpu::default())?.compile(SGD::new(0.5), MeanSquaredError, ())?;
//!
//! let mut stop = EarlyStopping { min_delta: 1e-6, patience: 3, ..EarlyStopping::default() };
//! let mut reduce = ReduceLROnPlateau { factor: 0.5, patience: 2, ..ReduceLROnPlateau::default() };
//! let history = model.fit(&x, &y, FitOptions {
//!     epochs: 500,
//!     validation_split: 0.25,
//!     verbose: Verbose::Silent,
//!     callbacks: vec![&mut stop, &mut reduce],
//!     ..FitOptions::default()
//! })?;
//! assert_eq!(stop.stopped_epoch(), Some(history.epochs()));
//! # Ok(())
//! # }
//! ```

use crate::error::Result;
use std::fmt::Debug;
use std::path::Path;

mod early_stopping;
mod file_name;
mod model_checkpoint;
mod monitor;
mod reduce_lr_on_plateau;

pub use early_stopping::EarlyStopping;
pub use model_checkpoint::ModelCheckpoint;
pub use monitor::Mode;
pub use reduce_lr_on_plateau::ReduceLROnPlateau;

/// Something that is done during `fit`.
///
/// ```
/// use addax::callbacks::{Callback, Logs, Next, Training};
///
/// /// Stops when the loss is small enough.
/// #[derive(Debug)]
/// struct GoodEnough(f64);
///
/// impl Callback for GoodEnough {
///     fn on_epoch_end(&mut self, _: usize, logs: &mut Logs, _: &mut dyn Training) -> addax::Result<Next> {
///         Ok(if logs.get("loss").is_some_and(|loss| loss < self.0) { Next::Stop } else { Next::GoOn })
///     }
/// }
/// ```
pub trait Callback: Debug {
    /// Called before the first step. What it needs and does not find, it says here.
    ///
    /// # Errors
    /// Whatever it likes: `fit` gives the error back and trains nothing.
    fn on_train_begin(&mut self, training: &mut dyn Training) -> Result<()> {
        let _ = training;
        Ok(())
    }

    /// Called after each epoch, which is counted from 1, when everything has been measured.
    ///
    /// # Errors
    /// Whatever it likes: `fit` gives the error back. The weights stay.
    fn on_epoch_end(
        &mut self,
        epoch: usize,
        logs: &mut Logs,
        training: &mut dyn Training,
    ) -> Result<Next>;

    /// Called after the last epoch.
    ///
    /// # Errors
    /// Whatever it likes: `fit` gives the error back.
    fn on_train_end(&mut self, training: &mut dyn Training) -> Result<()> {
        let _ = training;
        Ok(())
    }
}

/// Whether there will be another epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// If any are left.
    GoOn,
    /// No.
    Stop,
}

/// One thing that is measured in each epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Its name: `val_loss`.
    pub name: String,
    /// Whether larger values are better, as for accuracy.
    pub larger_is_better: bool,
}

/// A network in training, as a callback sees it.
pub trait Training {
    /// What each epoch will measure.
    fn measured(&self) -> &[Measured];

    /// The optimizer's step size.
    fn learning_rate(&self) -> f64;

    /// Changes the step size from the next step on.
    fn set_learning_rate(&mut self, learning_rate: f64);

    /// Copies of all weights in order.
    ///
    /// # Errors
    /// [`Error::Device`](crate::Error::Device) if the device fails.
    fn weights(&self) -> Result<Vec<Vec<f32>>>;

    /// Takes over weights in the same form.
    ///
    /// # Errors
    /// [`Error::Device`](crate::Error::Device) if the device fails.
    fn set_weights(&mut self, weights: Vec<Vec<f32>>) -> Result<()>;

    /// Writes all weights to a file, as [`Model::save_weights`](crate::Model::save_weights) does.
    ///
    /// # Errors
    /// [`Error::File`](crate::Error::File) if the file cannot be written.
    fn save_weights(&self, path: &Path) -> Result<()>;
}

/// What an epoch has measured: names and values.
#[derive(Clone, Debug, Default)]
pub struct Logs {
    values: Vec<(String, f64)>,
}

impl Logs {
    pub(crate) fn new(values: Vec<(String, f64)>) -> Self {
        Logs { values }
    }

    /// One value by its name, or `None` if nothing has that name.
    pub fn get(&self, name: &str) -> Option<f64> {
        let name = crate::training::full_name(name);
        let (_, value) = self.values.iter().find(|(n, _)| *n == name)?;
        Some(*value)
    }

    /// Adds a value, which then stands in the history as well.
    pub fn push(&mut self, name: &str, value: f64) {
        self.values.push((name.to_owned(), value));
    }

    /// All names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.values
            .iter()
            .map(|(name, value)| (name.as_str(), *value))
    }

    pub(crate) fn values(&self) -> &[(String, f64)] {
        &self.values
    }
}

#[cfg(test)]
mod trial;
