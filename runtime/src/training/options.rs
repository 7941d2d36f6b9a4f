//! The options of `fit`.

use crate::callbacks::Callback;
use crate::error::{Error, Result};

/// How much `fit` prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verbose {
    /// Nothing. Keras' 0.
    Silent,
    /// A progress bar for each epoch on a terminal, and one line for each epoch. Keras' 1.
    #[default]
    Bar,
    /// One line for each epoch. Keras' 2.
    Line,
}

/// The options of [`Model::fit`](crate::Model::fit), with Keras' names and defaults.
///
/// ```
/// use addax::FitOptions;
///
/// let options: FitOptions<Vec<[f32; 3]>, Vec<usize>> = FitOptions {
///     epochs: 10,
///     validation_split: 0.1,
///     ..FitOptions::default()
/// };
/// assert_eq!(options.batch_size, 32);
/// ```
#[derive(Debug)]
pub struct FitOptions<'a, X: ?Sized, Y: ?Sized> {
    /// Samples for each step, at least 1. Default 32.
    pub batch_size: usize,
    /// How many times all samples are used. Default 1.
    pub epochs: usize,
    /// Whether the order of the samples is drawn anew for each epoch. Default `true`.
    pub shuffle: bool,
    /// Samples and labels that the network is measured on after each epoch, and never trained on.
    pub validation_data: Option<(&'a X, &'a Y)>,
    /// The share of the data that is kept for validation: the *last* rows, before shuffling, as in Keras. From 0 to
    /// below 1; default 0. Not used if there are `validation_data`.
    pub validation_split: f64,
    /// What is printed. Default [`Verbose::Bar`].
    pub verbose: Verbose,
    /// What is done after each epoch, in this order; see [`callbacks`](crate::callbacks).
    pub callbacks: Vec<&'a mut dyn Callback>,
    /// What shuffling and dropout are drawn from. The same seed on the same data gives the same weights, bit by bit,
    /// on any number of threads. `None` (default) for the seed that the model was built with.
    pub seed: Option<u64>,
}

impl<X: ?Sized, Y: ?Sized> Default for FitOptions<'_, X, Y> {
    fn default() -> Self {
        FitOptions {
            batch_size: 32,
            epochs: 1,
            shuffle: true,
            validation_data: None,
            validation_split: 0.0,
            verbose: Verbose::Bar,
            callbacks: Vec::new(),
            seed: None,
        }
    }
}

impl<X: ?Sized, Y: ?Sized> FitOptions<'_, X, Y> {
    pub(crate) fn check(&self) -> Result<()> {
        if self.batch_size == 0 {
            return Err(Error::InvalidOption {
                option: "batch_size",
                value: "0".to_owned(),
                expected: "a step needs at least one sample; a usual batch_size is 32",
            });
        }
        if !(0.0..1.0).contains(&self.validation_split) {
            return Err(Error::InvalidOption {
                option: "validation_split",
                value: self.validation_split.to_string(),
                expected: "it is a share: from 0.0 up to, but not including, 1.0",
            });
        }
        Ok(())
    }

    /// How many of `samples` are trained on; the others are for validation.
    pub(crate) fn training_rows(&self, samples: usize) -> Result<usize> {
        if self.validation_data.is_some() || self.validation_split == 0.0 {
            return Ok(samples);
        }
        let split = self.validation_split;
        let rows = (samples as f64 * (1.0 - split)).floor() as usize;
        let side = match rows {
            0 => "training",
            n if n == samples => "validation",
            _ => return Ok(rows),
        };
        Err(Error::EmptySplit {
            split,
            samples,
            side,
        })
    }
}
