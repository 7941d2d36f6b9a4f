//! The end of a training step: the weights follow their gradients.

use super::arena::Arena;
use super::layout::Gradients;
use super::program::{Plan, Stage};
use super::store::Store;
use super::work::Learner;
use crate::kernels::elementwise::add;
use rayon::prelude::*;
use smallvec::SmallVec;
use std::ops::Range;

/// Numbers that are updated at a time.
const PIECE: usize = 4096;

/// Weights that are updated together: those of a layer, or of several whose gradients lie as they do.
#[derive(Debug)]
pub(super) struct Update {
    /// Where they are.
    pub(super) trained: Range<usize>,
    /// Where their gradients are: each call of a layer has its own.
    sources: SmallVec<[Gradients; 1]>,
}

/// The updates at the end of a step, as few as can be.
pub(super) fn updates(stages: &[Stage], store: &Store) -> Vec<Update> {
    let mut updates: Vec<Update> = Vec::new();
    for (layer, block) in store.blocks().iter().enumerate() {
        let calls = stages.iter().filter(|stage| stage.layer == layer);
        let sources: SmallVec<[Gradients; 1]> = calls.map(|s| s.gradients).collect();
        let trained = block.trained.clone();
        if trained.is_empty() || matches!(sources[..], [Gradients::Eager(_)]) {
            continue;
        }
        if let Some(last) = updates.last_mut()
            && last.trained.end == trained.start
            && let ([before], [after]) = (&mut last.sources[..], &sources[..])
            && before.join(after)
        {
            last.trained.end = trained.end;
        } else {
            updates.push(Update { trained, sources });
        }
    }
    updates
}

/// An optimizer keeps at most this many numbers for each weight.
const MAX_STATES: usize = 4;

impl Plan {
    /// Updates all weights that have not been updated yet.
    pub(super) fn update(&self, learner: &mut Learner<'_>) {
        for update in &self.updates {
            self.apply(update, learner);
        }
    }

    /// Updates the weights of an eager stage.
    pub(super) fn update_eagerly(&self, stage: &Stage, learner: &mut Learner<'_>) {
        let update = Update {
            trained: learner.store.blocks()[stage.layer].trained.clone(),
            sources: [stage.gradients].into(),
        };
        self.apply(&update, learner);
    }

    /// Sums the gradients of the slots and updates the weights, in pieces that stay in the cache.
    fn apply(&self, Update { trained, sources }: &Update, learner: &mut Learner<'_>) {
        let optimizer = &*learner.optimizer;
        let mut state_arenas: [Option<Arena>; MAX_STATES] = [None; MAX_STATES];
        for (arena, state) in state_arenas.iter_mut().zip(learner.states.iter_mut()) {
            *arena = Some(Arena::new(state));
        }
        let weights = Arena::new(learner.store.values_mut());
        let piece = |i: usize| {
            let start = trained.start + i * PIECE;
            let part = start..(start + PIECE).min(trained.end);
            let from = i * PIECE;
            let mut sum;
            let gradients = match sources.as_slice() {
                [Gradients::Batch(range)] => {
                    &self.batch_gradients[range.start + from..][..part.len()]
                }
                [Gradients::Eager(range)] => {
                    &self.eager_gradients[range.start + from..][..part.len()]
                }
                [Gradients::Slots(range)] if self.slots.len() == 1 => {
                    &self.slots[0].gradients[range.start + from..][..part.len()]
                }
                sources => {
                    sum = [0.0_f32; PIECE];
                    let sum = &mut sum[..part.len()];
                    self.sum_gradients(sources, from, sum);
                    sum
                }
            };
            // SAFETY: every piece is its own part of the weights and of each state.
            unsafe {
                let mut parts: [&mut [f32]; MAX_STATES] = Default::default();
                let mut used = 0;
                for (slice, arena) in parts.iter_mut().zip(state_arenas.iter().flatten()) {
                    *slice = arena.part(part.clone());
                    used += 1;
                }
                optimizer.update(weights.part(part.clone()), gradients, &mut parts[..used]);
            }
        };
        let pieces = trained.len().div_ceil(PIECE);
        if self.threaded && pieces > 8 {
            (0..pieces).into_par_iter().for_each(piece);
        } else {
            (0..pieces).for_each(piece);
        }
    }

    /// Adds a piece of the gradients of all calls of a layer and of all slots, in a fixed order.
    fn sum_gradients(&self, sources: &[Gradients], from: usize, sum: &mut [f32]) {
        for source in sources {
            match source {
                Gradients::Batch(range) => {
                    add(
                        &self.batch_gradients[range.start + from..][..sum.len()],
                        sum,
                    );
                }
                // Only the one call of a layer is eager.
                Gradients::Eager(_) => {}
                Gradients::Slots(range) => {
                    for slot in &self.slots {
                        add(&slot.gradients[range.start + from..][..sum.len()], sum);
                    }
                }
            }
        }
    }
}
