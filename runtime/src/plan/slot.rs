//! A share of the rows of a batch.

use super::work::Totals;
use crate::kernels::aligned::AlignedVec;
use crate::metrics::Metric;

/// A share of the rows, with everything that a thread needs for them.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) arena: AlignedVec,
    pub(super) scratch: AlignedVec,
    pub(super) gradients: AlignedVec,
    pub(super) loss: f64,
    pub(super) metrics: Vec<Vec<f64>>,
}

impl Slot {
    pub(super) fn new(arena: usize, scratch: usize, gradients: usize) -> Self {
        Slot {
            arena: AlignedVec::new(arena),
            scratch: AlignedVec::new(scratch),
            gradients: AlignedVec::new(gradients),
            loss: 0.0,
            metrics: Vec::new(),
        }
    }

    /// Forgets the last batch.
    pub(super) fn clear(&mut self, metrics: &[Box<dyn Metric>]) {
        self.loss = 0.0;
        self.gradients.fill(0.0);
        // A plan may have served other metrics before.
        let lengths = self.metrics.iter().map(Vec::len);
        if lengths.eq(metrics.iter().map(|m| m.states())) {
            self.metrics.iter_mut().for_each(|states| states.fill(0.0));
        } else {
            self.metrics = metrics.iter().map(|m| vec![0.0; m.states()]).collect();
        }
    }

    /// Adds what the slot has summed.
    pub(super) fn add_to(&self, totals: &mut Totals) {
        totals.loss += self.loss;
        for (sums, states) in totals.metrics.iter_mut().zip(&self.metrics) {
            for (sum, state) in sums.iter_mut().zip(states) {
                *sum += state;
            }
        }
    }
}
