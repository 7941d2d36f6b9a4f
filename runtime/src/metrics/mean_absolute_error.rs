//! `MeanAbsoluteError`.

use super::{Metric, MetricCall, add_mean, mean};

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

    fn result(&self, states: &[f64]) -> f64 {
        mean(states)
    }
}
