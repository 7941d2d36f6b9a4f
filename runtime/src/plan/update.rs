//! The end of a training step: the weights follow their gradients. Where these come from one product, they do so while it
//! is computed.

use super::arena::Arena;
use super::layout::Gradients;
use super::program::{Plan, Stage};
use super::store::Store;
use super::work::Learner;
use crate::kernels::aligned::AlignedVec;
use crate::kernels::elementwise::add;
use crate::kernels::gemm::Along;
use crate::op::GradientSink;
use crate::optimizers::Optimizer;
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
        if trained.is_empty() || matches!(sources[..], [Gradients::Deferred]) {
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

/// All weights, and what changes them.
struct Weights<'a> {
    optimizer: &'a dyn Optimizer,
    values: Arena,
    states: SmallVec<[Arena; MAX_STATES]>,
}

impl<'a> Weights<'a> {
    fn new(values: &mut [f32], optimizer: &'a dyn Optimizer, states: &mut [AlignedVec]) -> Self {
        let states = states.iter_mut().take(MAX_STATES);
        Weights {
            optimizer,
            values: Arena::new(values),
            states: states.map(|state| Arena::new(state)).collect(),
        }
    }

    /// Updates some of them.
    ///
    /// # Safety
    /// The memory is alive, and nobody else uses these weights and what the optimizer remembers of them.
    unsafe fn update(&self, part: Range<usize>, gradients: &[f32]) {
        let mut states: [&mut [f32]; MAX_STATES] = Default::default();
        for (state, arena) in states.iter_mut().zip(&self.states) {
            // SAFETY: the caller's promise.
            *state = unsafe { arena.part(part.clone()) };
        }
        // SAFETY: as above.
        let values = unsafe { self.values.part(part) };
        let states = &mut states[..self.states.len()];
        self.optimizer.update(values, gradients, states);
    }
}

impl Plan {
    /// Updates all weights that have not been updated yet.
    pub(super) fn update(&self, learner: &mut Learner<'_>) {
        for update in &self.updates {
            self.apply(update, learner);
        }
    }

    /// Updates the weights of a stage, if it is deferred, each piece by the thread that has just made its gradients.
    pub(super) fn update_deferred(&mut self, stage: usize, rows: usize, learner: &mut Learner<'_>) {
        let across = Arena::new(&mut self.batch_arena);
        let stage = &self.stages[stage];
        let (Gradients::Deferred, Some(d_output)) = (&stage.gradients, stage.flow.d_output) else {
            return;
        };
        let whole = |id: usize| {
            let buffer = &self.buffers[id];
            buffer.offset..buffer.offset + rows * buffer.row_len
        };
        // SAFETY: both buffers are still alive and nothing else runs.
        let (input, d_output) = unsafe {
            (
                across.shared_part(whole(stage.flow.inputs[0])),
                across.shared_part(whole(d_output)),
            )
        };
        let (values, blocks) = learner.store.values_and_blocks();
        let weights = Weights::new(values, &*learner.optimizer, learner.states);
        let block = &blocks[stage.layer];
        let first = block.trained.start;
        let arenas = [weights.values].into_iter().chain(weights.states.clone());
        let along: SmallVec<[Along; 1 + MAX_STATES]> =
            arenas.map(|arena| arena.along(first)).collect();
        let take = |start: usize, gradients: &[f32]| {
            let part = first + start..first + start + gradients.len();
            // SAFETY: meanwhile other weights are updated at most, as the sink says.
            unsafe { weights.update(part, gradients) };
        };
        let mut sink = GradientSink::new(&block.trained_ranges, &along, &take);
        let op = &stage.op;
        op.deferred_gradients(rows, input, d_output, &mut sink);
    }

    /// Sums the gradients of the slots and updates the weights, in pieces that stay in the cache.
    fn apply(&self, Update { trained, sources }: &Update, learner: &mut Learner<'_>) {
        let values = learner.store.values_mut();
        let weights = Weights::new(values, &*learner.optimizer, learner.states);
        let piece = |i: usize| {
            let start = trained.start + i * PIECE;
            let part = start..(start + PIECE).min(trained.end);
            let from = i * PIECE;
            let mut sum;
            let gradients = match sources.as_slice() {
                [Gradients::Batch(range)] => {
                    &self.batch_gradients[range.start + from..][..part.len()]
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
            unsafe { weights.update(part, gradients) };
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
                // Only the one call of a layer is deferred.
                Gradients::Deferred => {}
                Gradients::Slots(range) => {
                    for slot in &self.slots {
                        add(&slot.gradients[range.start + from..][..sum.len()], sum);
                    }
                }
            }
        }
    }
}
