//! Losses: what training makes small. One file each.
//!
//! A loss sees the last layer's values before its activation (`z`) and computes the activation itself, so that softmax
//! and sigmoid followed by their crossentropy are computed from logits, which neither overflows nor loses the gradient.
//! The value that a loss reports is the mean over the samples.

use crate::activations::ActivationFunction;
use crate::error::Result;
use crate::gpu::command::not_on_a_gpu;
use crate::gpu::{RecordLoss, Recorder};
use crate::training::labels::{TargetRows, TargetRule};
use std::fmt::Debug;

mod binary_crossentropy;
mod categorical_crossentropy;
mod mean_absolute_error;
mod mean_squared_error;
mod set;
mod sparse_categorical_crossentropy;
mod weighted;

pub use binary_crossentropy::BinaryCrossentropy;
pub use categorical_crossentropy::CategoricalCrossentropy;
pub use mean_absolute_error::MeanAbsoluteError;
pub use mean_squared_error::MeanSquaredError;
pub use set::LossSet;
pub use sparse_categorical_crossentropy::SparseCategoricalCrossentropy;
pub use weighted::Weighted;

/// Predicted probabilities that are not computed from logits are kept this far from 0 and 1, as Keras does.
pub(crate) const EPSILON: f32 = 1e-7;

/// What is trained for. A loss of one's own also says which networks it [`Suits`](crate::heads::Suits).
#[diagnostic::on_unimplemented(
    message = "this model has no loss to train for",
    label = "not compiled",
    note = "compile it first, and keep what `compile` gives: `let mut model = model.compile(Adam::default(), SparseCategoricalCrossentropy::default(), Accuracy)?;`"
)]
pub trait Loss: Debug + Send + Sync {
    /// The kind of target it takes: [`Classes`](crate::training::Classes) or [`Values`](crate::training::Values).
    type Target
    where
        Self: Sized;

    /// Keras' name.
    fn name(&self) -> &'static str;

    /// What the loss counts in that of a network with several outputs.
    fn weight(&self) -> f32 {
        1.0
    }

    /// The same loss, counted `weight` times: Keras' `loss_weights`.
    ///
    /// ```
    /// use addax::losses::{Loss, MeanSquaredError};
    ///
    /// assert_eq!(MeanSquaredError.weighted(0.5).weight(), 0.5);
    /// ```
    fn weighted(self, weight: f32) -> Weighted<Self>
    where
        Self: Sized,
    {
        Weighted { loss: self, weight }
    }

    /// What targets it can work with.
    #[doc(hidden)]
    fn target_rule(&self) -> TargetRule {
        TargetRule::Finite
    }

    /// The sum of the losses of some samples; fills in the predictions and, in training, the gradient.
    fn run(&self, call: LossCall<'_>) -> f64;

    /// The same from columns, for those losses that can: the sum, or `None` if nothing was done.
    #[doc(hidden)]
    fn run_columns(&self, call: ColumnsCall<'_>) -> Option<f64> {
        let _ = call;
        None
    }

    /// The same as commands for a GPU. Returns for how many rows it leaves a loss: the sum of them all is the loss of
    /// the batch.
    ///
    /// # Errors
    /// [`Error::NotOnDevice`](crate::Error::NotOnDevice) if there are no kernels for it.
    #[doc(hidden)]
    fn record(&self, call: RecordLoss, to: &mut Recorder) -> Result<usize> {
        let _ = (call, to);
        not_on_a_gpu(self.name())?;
        Ok(0)
    }
}

/// Some samples for a loss to judge.
#[derive(Debug)]
pub struct LossCall<'a> {
    /// How many samples.
    pub rows: usize,
    /// Numbers in each answer.
    pub size: usize,
    /// The last axis of an answer.
    pub width: usize,
    /// The activation that turns `z` into predictions.
    pub head: ActivationFunction,
    /// What the last layer gives before that activation.
    pub z: &'a [f32],
    /// Where the predictions go.
    pub y_pred: &'a mut [f32],
    /// The targets.
    pub targets: TargetRows<'a>,
    /// Where the gradient with respect to `z` goes, times `scale`. `None` outside training.
    pub d_z: Option<&'a mut [f32]>,
    /// One over the samples of the whole batch.
    pub scale: f32,
}

/// A block of samples, a column for each number of the answer, as narrow networks have them.
#[derive(Debug)]
pub struct ColumnsCall<'a> {
    /// How many samples.
    pub(crate) rows: usize,
    /// The activation that turns `z` into predictions.
    pub(crate) head: ActivationFunction,
    /// What the last layer gives before that activation.
    pub(crate) z: &'a [f32],
    /// The targets.
    pub(crate) targets: TargetRows<'a>,
    /// Where the gradient with respect to `z` goes, times `scale`. `None` outside training.
    pub(crate) d_z: Option<&'a mut [f32]>,
    /// One over the samples of the whole batch.
    pub(crate) scale: f32,
}

impl LossCall<'_> {
    /// Fills in the predictions.
    pub(crate) fn predict(&mut self) {
        self.y_pred.copy_from_slice(self.z);
        self.head.forward(self.y_pred, self.width);
    }

    /// For a loss that is a sum over numbers: `each(target, prediction)` gives the loss of one number and its
    /// derivative; the loss of a sample is their mean.
    pub(crate) fn elementwise(mut self, each: impl Fn(f32, f32) -> (f32, f32)) -> f64 {
        self.predict();
        let mut total = 0.0;
        let share = 1.0 / self.size as f32;
        for row in 0..self.rows {
            let y_true = self.targets.values(row);
            let numbers = row * self.size..(row + 1) * self.size;
            let y_pred = &self.y_pred[numbers.clone()];
            let mut sum = 0.0;
            match &mut self.d_z {
                Some(d_z) => {
                    for ((d, &t), &p) in d_z[numbers].iter_mut().zip(y_true).zip(y_pred) {
                        let (loss, slope) = each(t, p);
                        sum += loss;
                        *d = slope * share * self.scale;
                    }
                }
                None => {
                    for (&t, &p) in y_true.iter().zip(y_pred) {
                        sum += each(t, p).0;
                    }
                }
            }
            total += f64::from(sum * share);
        }
        if let Some(d_z) = self.d_z {
            self.head.backward(self.y_pred, d_z, self.width);
        }
        total
    }
}

/// The loss of a model that is not compiled: it has none.
#[derive(Clone, Copy, Debug, Default)]
pub struct NotCompiled;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Accuracy, MeanAbsoluteError as AbsoluteMetric, Metric, MetricCall};
    use crate::training::labels::Targets;

    /// Two answers of two classes each.
    const Z: [f32; 4] = [0.3, -0.2, 0.6, 0.9];
    const Y_TRUE: [f32; 4] = [0.0, 1.0, 0.25, 0.75];

    /// The losses and the gradient of these numbers as `rows` answers.
    fn judge(loss: &dyn Loss, head: ActivationFunction, rows: usize) -> (f64, [f32; 4], Vec<f64>) {
        let size = 4 / rows;
        let targets = Targets::Values {
            values: (&Y_TRUE).into(),
            size,
        };
        let targets = TargetRows::new(&targets, &[0, 1][..rows]);
        let (mut y_pred, mut d_z) = ([0.0; 4], [0.0; 4]);
        let sum = loss.run(LossCall {
            rows,
            size,
            width: 2,
            head,
            z: &Z,
            y_pred: &mut y_pred,
            targets,
            d_z: Some(&mut d_z),
            scale: 1.0 / rows as f32,
        });
        let metrics: [&dyn Metric; 2] = [&Accuracy, &AbsoluteMetric];
        let results = metrics.map(|metric| {
            let mut states = vec![0.0; metric.states()];
            let call = MetricCall {
                rows,
                size,
                width: 2,
                y_pred: &y_pred,
                targets,
            };
            metric.update(&mut states, call);
            metric.result(&states)
        });
        (sum / rows as f64, d_z, results.to_vec())
    }

    #[test]
    fn an_answer_of_several_rows_is_judged_by_their_mean() {
        use ActivationFunction::{Linear, Sigmoid, Softmax};
        let losses: [&dyn Loss; 5] = [
            &BinaryCrossentropy { from_logits: true },
            &CategoricalCrossentropy { from_logits: false },
            &CategoricalCrossentropy { from_logits: true },
            &MeanAbsoluteError,
            &MeanSquaredError,
        ];
        for loss in losses {
            for head in [Linear, Sigmoid, Softmax] {
                let (one, d_one, metrics_one) = judge(loss, head, 1);
                let (two, d_two, metrics_two) = judge(loss, head, 2);
                let name = format!("{loss:?} after {head:?}");
                assert!((one - two).abs() < 1e-6, "{name}: {one} and {two}");
                for (a, b) in d_one.iter().zip(d_two) {
                    assert!((a - b).abs() < 1e-6, "{name}: {d_one:?} and {d_two:?}");
                }
                for (a, b) in metrics_one.iter().zip(metrics_two) {
                    assert!((a - b).abs() < 1e-6, "{name}");
                }
            }
        }
    }
}
