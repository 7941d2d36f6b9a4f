//! `Weighted`.

use super::{ColumnsCall, Loss, LossCall};
use crate::error::Result;
use crate::gpu::{RecordLoss, Recorder};
use crate::training::labels::TargetRule;

/// A loss that counts `weight` times in that of the network: `weight · loss`. Made by [`Loss::weighted`].
///
/// In the history the loss of each output stands as it is, and only the sum of all is weighted, as in Keras.
///
/// # Source
/// Keras' `loss_weights` of `model.compile`.
///
/// ```
/// use addax::losses::{BinaryCrossentropy, Loss};
///
/// let loss = BinaryCrossentropy::default().weighted(2.0);
/// assert_eq!((loss.weight, loss.name()), (2.0, "binary_crossentropy"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Weighted<L> {
    /// The loss.
    pub loss: L,
    /// What it counts.
    pub weight: f32,
}

impl<L: Loss> Loss for Weighted<L> {
    type Target = L::Target;

    fn name(&self) -> &'static str {
        self.loss.name()
    }

    fn weight(&self) -> f32 {
        self.weight * self.loss.weight()
    }

    fn target_rule(&self) -> TargetRule {
        self.loss.target_rule()
    }

    fn run(&self, call: LossCall<'_>) -> f64 {
        self.loss.run(call)
    }

    fn run_columns(&self, call: ColumnsCall<'_>) -> Option<f64> {
        self.loss.run_columns(call)
    }

    fn record(&self, call: RecordLoss, to: &mut Recorder) -> Result<usize> {
        self.loss.record(call, to)
    }
}
