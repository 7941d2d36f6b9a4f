//! `Accuracy`.

use super::{Metric, MetricCall, mean};
use crate::error::Result;
use crate::gpu::{RecordMetric, Recorder};
use crate::training::labels::TargetRows;

/// The share of right answers, Keras' `accuracy` (or `acc`).
///
/// What counts as right follows from the labels, as in a compiled Keras model:
/// - class ids: the largest prediction is that class;
/// - one-hot targets: the largest prediction stands where the largest target does;
/// - answers of one number: the prediction is above 0.5 exactly where the target is.
///
/// Where predictions are equal, the first counts as the largest.
///
/// # Source
/// `keras.metrics.{BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy}`, chosen as
/// `metrics=["accuracy"]` chooses.
///
/// ```
/// use addax::metrics::{Accuracy, Metric};
///
/// assert_eq!(Accuracy.result(&[3.0, 4.0]), 0.75);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Accuracy;

impl Metric for Accuracy {
    fn name(&self) -> &'static str {
        "accuracy"
    }

    fn larger_is_better(&self) -> bool {
        true
    }

    fn states(&self) -> usize {
        2
    }

    fn update(&self, states: &mut [f64], call: MetricCall<'_>) {
        let positions = call.size / call.width.max(1);
        for row in 0..call.rows {
            let answer = &call.y_pred[row * call.size..(row + 1) * call.size];
            for (k, y_pred) in answer.chunks_exact(call.width.max(1)).enumerate() {
                states[0] += f64::from(u8::from(is_right(&call.targets, row, k, y_pred)));
            }
            states[1] += positions as f64;
        }
    }

    fn record(&self, call: RecordMetric, to: &mut Recorder) -> Result<()> {
        let positions = call.rows * call.size / call.width.max(1);
        if call.classes {
            let arguments = [
                call.y_pred.into(),
                call.targets.into(),
                call.row_values.into(),
                call.rows.into(),
                call.width.into(),
            ];
            to.rows("accuracy_classes", call.rows, arguments);
        } else {
            let arguments = [
                call.y_pred.into(),
                call.targets.into(),
                call.row_values.into(),
                call.rows.into(),
                call.size.into(),
                call.width.into(),
            ];
            to.rows("accuracy_values", positions, arguments);
        }
        to.add_mean(call.row_values, positions, call.totals);
        Ok(())
    }

    fn result(&self, states: &[f64]) -> f64 {
        mean(states)
    }
}

fn is_right(targets: &TargetRows<'_>, row: usize, position: usize, y_pred: &[f32]) -> bool {
    if targets.are_classes() {
        return largest(y_pred) == targets.class(row);
    }
    let y_true = &targets.values(row)[position * y_pred.len()..][..y_pred.len()];
    match (y_true, y_pred) {
        ([t], [p]) => (*p > 0.5) == (*t > 0.5),
        _ => largest(y_pred) == largest(y_true),
    }
}

/// The place of the first largest number: the class that probabilities speak for.
///
/// ```
/// assert_eq!(addax::metrics::largest(&[0.1, 0.7, 0.2]), 1);
/// ```
pub fn largest(values: &[f32]) -> usize {
    let mut best = 0;
    for (i, v) in values.iter().enumerate() {
        if *v > values[best] {
            best = i;
        }
    }
    best
}
