//! A share of the rows of a batch.

use super::layout;
use super::work::{Goal, Totals};
use crate::kernels::aligned::AlignedVec;

/// A share of the rows, with everything that a thread needs for them.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) arena: AlignedVec,
    pub(super) scratch: AlignedVec,
    pub(super) gradients: AlignedVec,
    /// What the last call of a region measures.
    pub(super) sums: Vec<f64>,
    pub(super) totals: Totals,
}

impl Slot {
    pub(super) fn new(arena: usize, totals: &layout::Totals) -> Self {
        Slot {
            arena: AlignedVec::new(arena),
            scratch: AlignedVec::new(totals.scratch),
            gradients: AlignedVec::new(totals.slot_gradients),
            sums: vec![0.0; totals.sums],
            totals: Totals::default(),
        }
    }

    /// Forgets the last batch.
    pub(super) fn clear(&mut self, goals: &[Goal]) {
        self.gradients.fill(0.0);
        self.totals.clear(goals);
    }
}
