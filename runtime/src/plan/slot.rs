//! A share of the rows of a batch, and where a thread works on one.

use super::layout;
use super::work::{Goal, Totals};
use crate::kernels::aligned::AlignedVec;
use std::sync::{Mutex, MutexGuard, TryLockError};

/// A share of the rows, with everything that is summed over them.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) gradients: AlignedVec,
    /// What the last call of a region measures.
    pub(super) sums: Vec<f64>,
    pub(super) totals: Totals,
}

impl Slot {
    pub(super) fn new(totals: &layout::Totals) -> Self {
        Slot {
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

/// Memory that means nothing between the regions of a step.
#[derive(Debug)]
pub(super) struct Workspace {
    /// The values of a micro-batch.
    pub(super) arena: AlignedVec,
    pub(super) scratch: AlignedVec,
}

/// As many workspaces as there are slots, so that nobody has to wait for one. A thread comes back to its own, which is
/// in its caches; the others take no memory, because a page that nobody has touched takes none.
#[derive(Debug)]
pub(super) struct Workspaces(Vec<Mutex<Workspace>>);

impl Workspaces {
    pub(super) fn new(slots: usize, arena: usize, scratch: usize) -> Self {
        let workspace = || Workspace {
            arena: AlignedVec::new(arena),
            scratch: AlignedVec::new(scratch),
        };
        Workspaces((0..slots).map(|_| Mutex::new(workspace())).collect())
    }

    /// One that nobody uses, if possible that which this thread has had before.
    pub(super) fn free(&self) -> MutexGuard<'_, Workspace> {
        let count = self.0.len();
        let mut index = rayon::current_thread_index().unwrap_or(0) % count;
        loop {
            match self.0[index].try_lock() {
                Ok(workspace) => return workspace,
                // Its contents mean nothing, so a panic cannot have spoilt them.
                Err(TryLockError::Poisoned(workspace)) => return workspace.into_inner(),
                // There are as many as tasks, so one of them is free, or will be when a task has ended that this one
                // does not wait for.
                Err(TryLockError::WouldBlock) => index = (index + 1) % count,
            }
        }
    }

    /// All of them.
    #[cfg(test)]
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Workspace> {
        let all = self.0.iter_mut();
        all.map(|workspace| workspace.get_mut().unwrap_or_else(|e| e.into_inner()))
    }
}
