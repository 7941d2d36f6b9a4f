//! A share of the rows of a batch.

use super::work::{Goal, Totals};
use crate::kernels::aligned::AlignedVec;

/// A share of the rows, with everything that a thread needs for them.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) arena: AlignedVec,
    pub(super) scratch: AlignedVec,
    pub(super) gradients: AlignedVec,
    pub(super) totals: Totals,
}

impl Slot {
    pub(super) fn new(arena: usize, scratch: usize, gradients: usize) -> Self {
        Slot {
            arena: AlignedVec::new(arena),
            scratch: AlignedVec::new(scratch),
            gradients: AlignedVec::new(gradients),
            totals: Totals::default(),
        }
    }

    /// Forgets the last batch.
    pub(super) fn clear(&mut self, goals: &[Goal]) {
        self.gradients.fill(0.0);
        self.totals.clear(goals);
    }
}
