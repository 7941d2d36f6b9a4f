//! `fit`.

use super::data::{DataSet, FitsInput, Labels, Samples, TargetRows};
use super::history::History;
use super::options::{FitOptions, Verbose};
use super::progress::Progress;
use crate::device::Device;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::losses::Loss;
use crate::model::Model;
use crate::network::Network;
use crate::plan::{Batch, Totals};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

impl<N: Network, D: Device, L: Loss> Model<N, D, L> {
    /// Trains the network on samples `x` with labels `y`.
    ///
    /// In each epoch all samples are used once, in batches of `batch_size` (the last may be smaller); after each batch
    /// the optimizer changes the weights. Calling `fit` again goes on where the last call ended, the optimizer's memory
    /// included. The loss and the metrics of the training data are means over the epoch, while the weights change.
    ///
    /// # Arguments
    /// - `x`: samples of the network's input shape; see [`Samples`].
    /// - `y`: one label for each sample, of the kind that the loss takes; see [`Labels`].
    /// - `options`: see [`FitOptions`].
    ///
    /// # Errors
    /// Before training starts: no data, `x` and `y` of different length, a label outside the classes, a number that is
    /// NaN or infinite, an option outside its range. In training: [`Error::LossNotFinite`]; the weights are then those
    /// of the last epoch that ended well, and the optimizer starts afresh.
    ///
    /// # Examples
    /// ```
    /// use addax::prelude::*;
    ///
    /// network! {
    ///     /// The smaller of two numbers?
    ///     Compare: 2 => 1 {
    ///         Dense(4, activation = tanh),
    ///         Dense(1, activation = sigmoid),
    ///     }
    /// }
    ///
    /// # fn main() -> addax::Result<()> {
    /// let x: Vec<[f32; 2]> = (0..100).map(|i| [(i % 10) as f32 / 10.0, (i / 10) as f32 / 10.0]).collect();
    /// let y: Vec<f32> = x.iter().map(|[a, b]| f32::from(a < b)).collect();
    /// let mut model = Compare::build(&Cpu::default())?.compile(
    ///     Adam::new(0.05),
    ///     BinaryCrossentropy::default(),
    ///     Accuracy,
    /// )?;
    /// let history = model.fit(&x, &y, FitOptions { epochs: 40, verbose: Verbose::Silent, ..Default::default() })?;
    /// assert!(history["accuracy"][39] > 0.9);
    /// # Ok(())
    /// # }
    /// ```
    pub fn fit<X, Y>(&mut self, x: &X, y: &Y, options: FitOptions<'_, X, Y>) -> Result<History>
    where
        X: Samples + ?Sized,
        X::Sample: FitsInput<N::Input, N>,
        Y: Labels<L::Target, N::Output> + ?Sized,
    {
        options.check()?;
        let data = self.data_set("x", x, y)?;
        let training_rows = options.training_rows(data.rows)?;
        let validation = match options.validation_data {
            Some((x, y)) => Some(self.data_set("validation_data", x, y)?),
            None => None,
        };
        let run = Run {
            batch_size: options.batch_size,
            epochs: options.epochs,
            shuffle: options.shuffle,
            verbose: options.verbose,
            seed: options.seed.unwrap_or(self.engine().seed()),
            training_rows,
        };
        run.fit(self.engine_mut(), &data, validation.as_ref())
    }
}

/// A call of `fit` without its types.
struct Run {
    batch_size: usize,
    epochs: usize,
    shuffle: bool,
    verbose: Verbose,
    seed: u64,
    training_rows: usize,
}

impl Run {
    fn fit(
        &self,
        engine: &mut Engine,
        data: &DataSet<'_>,
        validation: Option<&DataSet<'_>>,
    ) -> Result<History> {
        let mut history = History::default();
        let mut order: Vec<u32> = (0..self.training_rows as u32).collect();
        let held_out: Vec<u32> = (self.training_rows as u32..data.rows as u32).collect();
        let steps = self.training_rows.div_ceil(self.batch_size);
        let mut good = engine.snapshot();
        for epoch in 1..=self.epochs {
            if self.shuffle {
                let mut generator = ChaCha8Rng::seed_from_u64(self.seed);
                generator.set_stream(engine.next_epoch());
                order.shuffle(&mut generator);
            }
            let mut progress = Progress::start(self.verbose, epoch, self.epochs, steps);
            // On one of rayon's own threads, which shares a step out to the others without waking itself up in between
            // and without the queue for calls from outside, which now and then allocates.
            let trained = rayon::scope(|_| self.epoch(engine, data, &order, &mut progress));
            let totals = match trained {
                Ok(totals) => totals,
                Err(loss) => {
                    engine.restore(&good);
                    return Err(Error::LossNotFinite { epoch, loss });
                }
            };
            let mut values = engine.values("", &totals);
            if let Some(totals) = self.validate(engine, data, &held_out, validation) {
                values.extend(engine.values("val_", &totals));
            }
            progress.finish(&values);
            for (name, value) in values {
                history.push(&name, value);
            }
            engine.snapshot_into(&mut good);
        }
        Ok(history)
    }

    /// All steps of an epoch. The error is a loss that is NaN or infinite.
    fn epoch(
        &self,
        engine: &mut Engine,
        data: &DataSet<'_>,
        order: &[u32],
        progress: &mut Progress,
    ) -> Result<Totals, f64> {
        let mut totals = engine.new_totals();
        for (step, rows) in order.chunks(self.batch_size).enumerate() {
            let batch = Batch {
                x: &data.x,
                rows,
                targets: Some(TargetRows::new(&data.targets, rows)),
            };
            engine.train(self.batch_size, batch, self.seed, &mut totals);
            if !totals.loss.is_finite() {
                return Err(totals.loss);
            }
            progress.step(step + 1, || engine.values("", &totals));
        }
        // What the last step did to the weights would show in the next loss only, and until then the epoch would count
        // as one that ended well.
        if engine.is_finite() {
            Ok(totals)
        } else {
            Err(f64::NAN)
        }
    }

    fn validate(
        &self,
        engine: &Engine,
        data: &DataSet<'_>,
        held_out: &[u32],
        validation: Option<&DataSet<'_>>,
    ) -> Option<Totals> {
        match validation {
            Some(validation) => Some(engine.evaluate_all(validation)),
            None if !held_out.is_empty() => Some(engine.evaluate(data, held_out)),
            None => None,
        }
    }
}
