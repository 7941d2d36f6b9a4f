//! `fit`.

use super::callbacks::Callbacks;
use super::data::DataSet;
use super::history::History;
use super::labels::LabelData;
use super::options::{FitOptions, Verbose};
use super::progress::Progress;
use super::samples::{FitsInput, InputData};
use crate::callbacks::{Callback, Logs, Next};
use crate::device::Device;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::losses::LossSet;
use crate::model::Model;
use crate::network::Network;
use crate::plan::Totals;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

impl<N: Network, D: Device, L> Model<N, D, L> {
    /// Trains the network on samples `x` with labels `y`.
    ///
    /// In each epoch all samples are used once, in batches of `batch_size` (the last may be smaller); after each batch
    /// the optimizer changes the weights. Calling `fit` again goes on where the last call ended, the optimizer's memory
    /// included. The loss and the metrics of the training data are means over the epoch, while the weights change.
    ///
    /// # Arguments
    /// - `x`: samples of the network's input shape; see [`Samples`](super::Samples). With several inputs, samples for each.
    /// - `y`: one label for each sample, of the kind that the loss takes; see [`Labels`](super::Labels). With several
    ///   outputs, labels for each.
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
        L: LossSet,
        X: InputData + ?Sized,
        X::Shapes: FitsInput<N::Input, N>,
        Y: LabelData<L::Target, N::Output> + ?Sized,
    {
        options.check()?;
        self.engine().setup().check_optimizer()?;
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
            seed: options.seed.unwrap_or(self.engine().setup().seed),
            training_rows,
        };
        let engine = self.engine_mut();
        let history = run.fit(engine, options.callbacks, &data, validation.as_ref());
        self.engine_mut().forget();
        history
    }
}

/// Every order is as likely as any other (Fisher and Yates), to within 2⁻³² in the choice of each place.
///
/// `rand`'s own throws away up to half of what it draws to be exact, which took a fifth of an epoch of a tiny network.
fn shuffle(order: &mut [u32], generator: &mut impl RngCore) {
    for last in (1..order.len()).rev() {
        let choices = last as u128 + 1;
        let other = (u128::from(generator.next_u64()) * choices) >> 64;
        order.swap(last, other as usize);
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
    fn fit<E: Engine>(
        &self,
        engine: &mut E,
        callbacks: Vec<&mut dyn Callback>,
        data: &DataSet<'_>,
        validation: Option<&DataSet<'_>>,
    ) -> Result<History> {
        let validated = validation.is_some() || self.training_rows < data.rows;
        let mut callbacks = Callbacks::begin(callbacks, engine, validated)?;
        let mut history = History::default();
        let mut order: Vec<u32> = (0..self.training_rows as u32).collect();
        let held_out: Vec<u32> = (self.training_rows as u32..data.rows as u32).collect();
        let steps = self.training_rows.div_ceil(self.batch_size);
        for epoch in 1..=self.epochs {
            engine.keep()?;
            let stream = engine.setup_mut().next_epoch();
            if self.shuffle {
                // Seeds that differ at all give sequences that have nothing to do with each other.
                let seed = self.seed ^ stream.rotate_left(32);
                shuffle(&mut order, &mut Xoshiro256PlusPlus::seed_from_u64(seed));
            }
            let mut progress = Progress::start(self.verbose, epoch, self.epochs, steps);
            engine.run_epoch(self.batch_size, |engine| {
                self.epoch(engine, data, &order, &mut progress)
            })?;
            let totals = engine.totals()?;
            // What the last step did to the weights would show in the next loss only, and until then the epoch would
            // count as one that ended well.
            let loss = totals.loss();
            if !loss.is_finite() || !engine.is_finite()? {
                engine.take_back()?;
                let loss = if loss.is_finite() { f64::NAN } else { loss };
                return Err(Error::LossNotFinite { epoch, loss });
            }
            let mut values = engine.setup().values("", &totals);
            if let Some(totals) = self.validate(engine, data, &held_out, validation)? {
                values.extend(engine.setup().values("val_", &totals));
            }
            let mut logs = Logs::new(values);
            let next = callbacks.epoch_end(engine, epoch, &mut logs)?;
            progress.finish(logs.values());
            for (name, value) in logs.iter() {
                history.push(name, value);
            }
            if next == Next::Stop {
                break;
            }
        }
        callbacks.end(engine)?;
        Ok(history)
    }

    /// All steps of an epoch, or as many as make sense.
    fn epoch<E: Engine>(
        &self,
        engine: &mut E,
        data: &DataSet<'_>,
        order: &[u32],
        progress: &mut Progress,
    ) -> Result<()> {
        engine.start_totals()?;
        for (step, rows) in order.chunks(self.batch_size).enumerate() {
            engine.train(self.batch_size, data.batch(rows), self.seed)?;
            if engine.has_diverged() {
                break;
            }
            progress.step(step + 1, || {
                Ok(engine.setup().values("", &engine.totals()?))
            })?;
        }
        Ok(())
    }

    fn validate<E: Engine>(
        &self,
        engine: &E,
        data: &DataSet<'_>,
        held_out: &[u32],
        validation: Option<&DataSet<'_>>,
    ) -> Result<Option<Totals>> {
        match validation {
            Some(validation) => engine.evaluate_all(validation).map(Some),
            None if !held_out.is_empty() => engine.evaluate(data, held_out).map(Some),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_is_as_likely() {
        let mut generator = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut counts = std::collections::HashMap::new();
        const ROUNDS: u32 = 24_000;
        for _ in 0..ROUNDS {
            let mut order = [0, 1, 2, 3];
            shuffle(&mut order, &mut generator);
            *counts.entry(order).or_insert(0_u32) += 1;
        }
        assert_eq!(counts.len(), 24);
        // Five deviations of a count with mean 1000.
        assert!(
            counts
                .values()
                .all(|count| count.abs_diff(ROUNDS / 24) < 155),
            "{counts:?}"
        );
    }
}
