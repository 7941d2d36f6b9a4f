//! What a plan is given to work on, and what it gives back.

use super::store::Store;
use crate::kernels::aligned::AlignedVec;
use crate::losses::Loss;
use crate::metrics::Metric;
use crate::optimizers::Optimizer;
use crate::training::data::TargetRows;

/// What is trained for and watched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Objective<'a> {
    pub(crate) loss: &'a dyn Loss,
    pub(crate) metrics: &'a [Box<dyn Metric>],
}

/// What a training step changes, and what its randomness is drawn from.
#[derive(Debug)]
pub(crate) struct Learner<'a> {
    pub(crate) store: &'a mut Store,
    pub(crate) optimizer: &'a mut dyn Optimizer,
    /// What the optimizer remembers of each weight.
    pub(crate) states: &'a mut [AlignedVec],
    pub(crate) seed: u64,
    pub(crate) step: u64,
}

/// Some rows of a data set.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// All samples of the data set.
    pub x: &'a [f32],
    /// The samples of this batch.
    pub rows: &'a [u32],
    /// Their targets. `None` to predict.
    pub targets: Option<TargetRows<'a>>,
}

/// Sums over samples: the loss and the states of the metrics.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// How many samples.
    pub rows: usize,
    /// The sum of their losses.
    pub loss: f64,
    /// The states of each metric.
    pub metrics: Vec<Vec<f64>>,
}

impl Totals {
    /// Nothing yet.
    pub(crate) fn new(metrics: &[Box<dyn Metric>]) -> Self {
        Totals {
            rows: 0,
            loss: 0.0,
            metrics: metrics.iter().map(|m| vec![0.0; m.states()]).collect(),
        }
    }

    /// The mean loss.
    pub(crate) fn mean_loss(&self) -> f64 {
        self.loss / self.rows.max(1) as f64
    }
}
