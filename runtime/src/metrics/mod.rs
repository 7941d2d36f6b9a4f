//! Metrics: what is watched during training but does not influence it. One file each.

use crate::error::Result;
use crate::gpu::command::not_on_a_gpu;
use crate::gpu::{RecordMetric, Recorder};
use crate::ports::Ports;
use crate::training::labels::TargetRows;
use std::fmt::Debug;

mod accuracy;
mod mean_absolute_error;
mod mean_squared_error;

pub use accuracy::{Accuracy, largest};
pub use mean_absolute_error::MeanAbsoluteError;
pub use mean_squared_error::MeanSquaredError;

pub use crate::ports::OneOutput;

/// Something that is counted over samples.
///
/// A metric keeps sums, so that batches of different sizes and parts of a batch on several threads add up.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a metric", label = "not a metric")]
pub trait Metric: Debug + Send + Sync {
    /// Keras' name, under which it stands in the history.
    fn name(&self) -> &'static str;

    /// Whether larger values are better.
    fn larger_is_better(&self) -> bool {
        false
    }

    /// How many sums it keeps.
    fn states(&self) -> usize;

    /// Adds some samples to the sums.
    fn update(&self, states: &mut [f64], call: MetricCall<'_>);

    /// The value of the sums.
    fn result(&self, states: &[f64]) -> f64;

    /// [`Metric::update`] as commands for a GPU.
    ///
    /// # Errors
    /// [`Error::NotOnDevice`](crate::Error::NotOnDevice) if there are no kernels for it.
    #[doc(hidden)]
    fn record(&self, call: RecordMetric, to: &mut Recorder) -> Result<()> {
        let _ = (call, to);
        not_on_a_gpu(self.name())
    }
}

/// Some samples for a metric.
#[derive(Clone, Copy, Debug)]
pub struct MetricCall<'a> {
    /// How many samples.
    pub rows: usize,
    /// Numbers in each answer.
    pub size: usize,
    /// The last axis of an answer.
    pub width: usize,
    /// The predictions.
    pub y_pred: &'a [f32],
    /// The targets.
    pub targets: TargetRows<'a>,
}

/// The metrics of one output: one, or a tuple of several.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a metric nor a tuple of metrics",
    label = "not a metric",
    note = "metrics are values: `Accuracy` is one, `(Accuracy, MeanSquaredError)` are two, and `()` is none",
    note = "the arguments of `compile` are an optimizer, a loss and metrics: `compile(Adam::default(), SparseCategoricalCrossentropy::default(), Accuracy)`"
)]
pub trait MetricList {
    /// The metrics in order.
    fn into_metrics(self) -> Vec<Box<dyn Metric>>;
}

impl<M: Metric + 'static> MetricList for M {
    fn into_metrics(self) -> Vec<Box<dyn Metric>> {
        vec![Box::new(self)]
    }
}

/// The metrics of a network that gives `Output`: none `()`, those of one output, or for several outputs those of each,
/// under their names.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a metric nor a tuple of metrics",
    label = "not a metric",
    note = "metrics are values: `Accuracy` is one, `(Accuracy, MeanSquaredError)` are two, and `()` is none",
    note = "the arguments of `compile` are an optimizer, a loss and metrics: `compile(Adam::default(), SparseCategoricalCrossentropy::default(), Accuracy)`",
    note = "a network with several outputs takes the metrics of each, in the struct of its outputs"
)]
pub trait MetricSet<Output> {
    /// The metrics of each output.
    fn into_metric_lists(self) -> Vec<Vec<Box<dyn Metric>>>;
}

impl<Output: Ports> MetricSet<Output> for () {
    fn into_metric_lists(self) -> Vec<Vec<Box<dyn Metric>>> {
        (0..Output::COUNT).map(|_| Vec::new()).collect()
    }
}

impl<M: MetricList, S: OneOutput> MetricSet<S> for M {
    fn into_metric_lists(self) -> Vec<Vec<Box<dyn Metric>>> {
        vec![self.into_metrics()]
    }
}

macro_rules! metric_list {
    ($($M:ident),+) => {
        impl<$($M: Metric + 'static),+> MetricList for ($($M,)+) {
            #[allow(non_snake_case, reason = "the fields are named after their types")]
            fn into_metrics(self) -> Vec<Box<dyn Metric>> {
                let ($($M,)+) = self;
                vec![$(Box::new($M)),+]
            }
        }
    };
}
metric_list!(A);
metric_list!(A, B);
metric_list!(A, B, C);
metric_list!(A, B, C, D);
metric_list!(A, B, C, D, E);
metric_list!(A, B, C, D, E, F);

/// Sum and count of `each(target, prediction)` over all numbers.
fn add_mean(states: &mut [f64], call: MetricCall<'_>, each: impl Fn(f32, f32) -> f32) {
    for row in 0..call.rows {
        let y_pred = &call.y_pred[row * call.size..(row + 1) * call.size];
        let y_true = call.targets.values(row);
        let sum: f32 = y_true.iter().zip(y_pred).map(|(&t, &p)| each(t, p)).sum();
        states[0] += f64::from(sum / call.size as f32);
        states[1] += 1.0;
    }
}

/// The first sum over the second.
fn mean(states: &[f64]) -> f64 {
    states[0] / states[1].max(1.0)
}
