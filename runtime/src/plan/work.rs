//! What a plan is given to work on, and what it gives back.

use super::store::Store;
use crate::kernels::aligned::AlignedVec;
use crate::losses::Loss;
use crate::metrics::{Metric, MetricCall};
use crate::optimizers::Optimizer;
use crate::training::labels::Targets;
use std::borrow::Cow;

/// What one output of a network is trained for and watched by.
#[derive(Debug)]
pub struct Goal {
    /// The loss.
    pub loss: Box<dyn Loss>,
    /// What is measured.
    pub metrics: Vec<Box<dyn Metric>>,
}

impl Goal {
    /// Brings the metrics up to date.
    pub(super) fn measure(&self, call: MetricCall<'_>, totals: &mut OutputTotals) {
        for (metric, states) in self.metrics.iter().zip(&mut totals.metrics) {
            metric.update(states, call);
        }
    }

    /// How many sums are kept for the output: that of the loss and those of the metrics.
    #[cfg(any(feature = "cuda", test))]
    pub(crate) fn sums(&self) -> usize {
        1 + self.metrics.iter().map(|m| m.states()).sum::<usize>()
    }
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
    /// All samples of the data set, for each input.
    pub x: &'a [Cow<'a, [f32]>],
    /// The samples of this batch.
    pub rows: &'a [u32],
    /// All targets of the data set, for each output. None to predict.
    pub targets: &'a [Targets<'a>],
}

/// Sums over samples: the losses and the states of the metrics.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// How many samples.
    pub rows: usize,
    /// The sums of each output.
    pub outputs: Vec<OutputTotals>,
}

/// Sums over samples for one output.
#[derive(Clone, Debug)]
pub struct OutputTotals {
    /// What its loss counts in that of the network.
    pub weight: f64,
    /// The sum of the losses.
    pub loss: f64,
    /// The states of each metric.
    pub metrics: Vec<Vec<f64>>,
}

impl Totals {
    /// Nothing yet.
    pub(crate) fn new(goals: &[Goal]) -> Self {
        let outputs = goals.iter().map(|goal| OutputTotals {
            weight: f64::from(goal.loss.weight()),
            loss: 0.0,
            metrics: goal.metrics.iter().map(|m| vec![0.0; m.states()]).collect(),
        });
        Totals {
            rows: 0,
            outputs: outputs.collect(),
        }
    }

    /// The sum of the losses of all outputs, each times its weight.
    pub(crate) fn loss(&self) -> f64 {
        self.outputs.iter().map(|o| o.weight * o.loss).sum()
    }

    /// The mean of [`Totals::loss`].
    pub(crate) fn mean_loss(&self) -> f64 {
        self.mean(self.loss())
    }

    /// A sum as a mean over the samples.
    pub(crate) fn mean(&self, sum: f64) -> f64 {
        sum / self.rows.max(1) as f64
    }

    /// Adds the sums of other samples; how many they are is counted elsewhere.
    pub(crate) fn add(&mut self, other: &Totals) {
        for (sums, others) in self.outputs.iter_mut().zip(&other.outputs) {
            sums.loss += others.loss;
            let states = sums.metrics.iter_mut().flatten();
            for (sum, state) in states.zip(others.metrics.iter().flatten()) {
                *sum += state;
            }
        }
    }

    /// Starts anew, for these goals.
    pub(crate) fn clear(&mut self, goals: &[Goal]) {
        // The same plan may have served other metrics before.
        let fits = |(totals, goal): (&OutputTotals, &Goal)| {
            let states = goal.metrics.iter().map(|m| m.states());
            totals.metrics.iter().map(Vec::len).eq(states)
        };
        if self.outputs.len() != goals.len() || !self.outputs.iter().zip(goals).all(fits) {
            *self = Totals::new(goals);
            return;
        }
        self.rows = 0;
        for totals in &mut self.outputs {
            totals.loss = 0.0;
            totals
                .metrics
                .iter_mut()
                .flatten()
                .for_each(|state| *state = 0.0);
        }
    }
}
