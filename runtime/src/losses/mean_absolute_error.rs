//! `MeanAbsoluteError`.

use super::{Loss, LossCall};
use crate::error::Result;
use crate::gpu::{RecordLoss, Recorder};
use crate::training::Values;

/// Mean absolute error, Keras' `mae`: the mean of `|y_true - y_pred|` over all numbers of all samples. Its slope where
/// both are equal is 0.
///
/// # Source
/// Same as `keras.losses.MeanAbsoluteError`.
///
/// ```
/// use addax::losses::{Loss, MeanAbsoluteError};
///
/// assert_eq!(MeanAbsoluteError.name(), "mean_absolute_error");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct MeanAbsoluteError;

impl Loss for MeanAbsoluteError {
    type Target = Values;

    fn name(&self) -> &'static str {
        "mean_absolute_error"
    }

    fn record(&self, call: RecordLoss, to: &mut Recorder) -> Result<usize> {
        to.elementwise_loss("mean_absolute_error", call);
        Ok(call.rows)
    }

    fn run(&self, call: LossCall<'_>) -> f64 {
        call.elementwise(|t, p| {
            let slope = if p > t {
                1.0
            } else if p < t {
                -1.0
            } else {
                0.0
            };
            ((p - t).abs(), slope)
        })
    }
}
