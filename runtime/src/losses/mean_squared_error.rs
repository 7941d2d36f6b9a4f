//! `MeanSquaredError`.

use super::{Loss, LossCall};
use crate::error::Result;
use crate::gpu::{RecordLoss, Recorder};
use crate::training::Values;

/// Mean squared error, Keras' `mse`: the mean of `(y_true - y_pred)²` over all numbers of all samples.
///
/// # Source
/// Same as `keras.losses.MeanSquaredError`.
///
/// ```
/// use addax::losses::{Loss, MeanSquaredError};
///
/// assert_eq!(MeanSquaredError.name(), "mean_squared_error");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct MeanSquaredError;

impl Loss for MeanSquaredError {
    type Target = Values;

    fn name(&self) -> &'static str {
        "mean_squared_error"
    }

    fn record(&self, call: RecordLoss, to: &mut Recorder) -> Result<usize> {
        to.elementwise_loss("mean_squared_error", call);
        Ok(call.rows)
    }

    fn run(&self, call: LossCall<'_>) -> f64 {
        call.elementwise(|t, p| ((p - t) * (p - t), 2.0 * (p - t)))
    }
}
