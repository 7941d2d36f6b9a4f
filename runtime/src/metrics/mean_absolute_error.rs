//! `MeanAbsoluteError`.

use super::{Metric, MetricCall, add_mean, mean};
use crate::error::Result;
use crate::gpu::{RecordMetric, Recorder};

/// Mean of `|y_true - y_pred|` over all numbers of all samples, Keras' `mae`.
///
/// # Targets
/// Numbers of the shape of the answers.
///
/// # Source
/// Same as `keras.metrics.MeanAbsoluteError`.
///
/// ```
/// use addax::metrics::{MeanAbsoluteError, Metric};
///
/// assert_eq!(MeanAbsoluteError.result(&[6.0, 4.0]), 1.5);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct MeanAbsoluteError;

impl Metric for MeanAbsoluteError {
    fn name(&self) -> &'static str {
        "mean_absolute_error"
    }

    fn states(&self) -> usize {
        2
    }

    fn update(&self, states: &mut [f64], call: MetricCall<'_>) {
        add_mean(states, call, |t, p| (p - t).abs());
    }

    fn record(&self, call: RecordMetric, to: &mut Recorder) -> Result<()> {
        let arguments = [
            call.y_pred.into(),
            call.targets.into(),
            call.row_values.into(),
            call.rows.into(),
            call.size.into(),
        ];
        to.rows("absolute_error_rows", call.rows, arguments);
        to.add_mean(call.row_values, call.rows, call.totals);
        Ok(())
    }

    fn result(&self, states: &[f64]) -> f64 {
        mean(states)
    }
}
