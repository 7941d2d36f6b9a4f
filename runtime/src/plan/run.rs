//! Running a plan.

use super::arena::Arena;
use super::buffers::Home;
use super::outline::{Call, Mode};
use super::program::{Gradients, Plan, Region, Stage};
use super::slot::Slot;
use super::store::Store;
use super::work::{Batch, Learner, Objective, Totals};
use crate::losses::LossCall;
use crate::metrics::MetricCall;
use crate::op::{Backward, Forward, Grain, ParametersMut, Phase};
use rayon::prelude::*;
use std::ops::Range;

/// What all threads of a region see.
struct Scene<'a> {
    plan: &'a Shape<'a>,
    batch: Batch<'a>,
    objective: Option<Objective<'a>>,
    store: &'a Store,
    packed: &'a [f32],
    across: Arena,
    shared: Arena,
    batch_gradients: Arena,
    answers: Arena,
    seed: u64,
    step: u64,
}

/// The parts of a plan that do not change while it runs.
struct Shape<'a> {
    mode: Mode,
    stages: &'a [Stage],
    calls: &'a [Call],
    buffers: &'a [super::buffers::Buffer],
    last: usize,
    predictions: Option<usize>,
    head: crate::activations::ActivationFunction,
    output_size: usize,
    output_width: usize,
    micro_batch: usize,
}

/// The rows that one thread is at.
struct Place<'a> {
    rows: Range<usize>,
    local: Arena,
    scratch: &'a mut [f32],
    gradients: Option<Arena>,
}

impl Scene<'_> {
    /// The rows of a buffer.
    ///
    /// # Safety
    /// No other slice of these rows of this buffer is used at the same time to write. Different buffers that one region
    /// touches for the whole batch never overlap, because each is alive for all of it; nor do a thread's own ones that one
    /// call touches.
    unsafe fn rows<'b>(&self, id: usize, place: &Place<'_>) -> &'b mut [f32] {
        let buffer = &self.plan.buffers[id];
        let (arena, first) = match buffer.home {
            Home::Local => (place.local, 0),
            Home::Batch => (self.across, place.rows.start),
        };
        let start = buffer.offset + first * buffer.row_len;
        // SAFETY: by the caller's promise; threads have disjoint rows, and local arenas are each thread's own.
        unsafe { arena.part(start..start + place.rows.len() * buffer.row_len) }
    }

    fn phase(&self, stage: &Stage) -> Phase {
        match self.plan.mode {
            Mode::Train => Phase::Training {
                seed: self.seed,
                step: self.step,
                layer: stage.layer as u32,
            },
            Mode::Evaluate | Mode::Predict => Phase::Inference,
        }
    }

    /// Runs all calls of a region for the rows of one slot.
    fn run_slot(&self, region: &Region, rows: Range<usize>, slot: &mut Slot) {
        let local = Arena::new(&mut slot.arena);
        let gradients = Arena::new(&mut slot.gradients);
        let mut totals = (slot.loss, std::mem::take(&mut slot.metrics));
        let mut start = rows.start;
        while start < rows.end {
            let end = (start + self.plan.micro_batch).min(rows.end);
            let mut place = Place {
                rows: start..end,
                local,
                scratch: &mut slot.scratch,
                gradients: Some(gradients),
            };
            self.run_calls(region, &mut place, &mut totals);
            start = end;
        }
        (slot.loss, slot.metrics) = totals;
    }

    fn run_calls(&self, region: &Region, place: &mut Place<'_>, totals: &mut (f64, Vec<Vec<f64>>)) {
        for call in &self.plan.calls[region.calls.clone()] {
            match *call {
                Call::Gather => self.gather(place),
                Call::Forward(stage) => self.forward(&self.plan.stages[stage], place),
                Call::Head => self.head(place, totals),
                Call::Backward(stage) => self.backward(&self.plan.stages[stage], place),
            }
        }
    }

    fn gather(&self, place: &Place<'_>) {
        let len = self.plan.buffers[0].row_len;
        // SAFETY: the only slice in this call.
        let input = unsafe { self.rows(0, place) };
        for (row, target) in place.rows.clone().zip(input.chunks_exact_mut(len.max(1))) {
            let from = self.batch.rows[row] as usize * len;
            target.copy_from_slice(&self.batch.x[from..from + len]);
        }
    }

    fn forward(&self, stage: &Stage, place: &mut Place<'_>) {
        // SAFETY: the buffers of one call are alive together, so they do not overlap; `shared` is used by ops of
        // the batch only, which run alone.
        let (input, output, cache, shared) = unsafe {
            (
                &*self.rows(stage.flow.input, place),
                self.rows(stage.flow.output, place),
                stage.flow.cache.map(|id| self.rows(id, place)),
                self.shared.part(self.shared_range(stage, place)),
            )
        };
        stage.op.forward(Forward {
            rows: place.rows.len(),
            first_row: place.rows.start,
            phase: self.phase(stage),
            inputs: &[input],
            output,
            parameters: self.store.layer(stage.layer),
            packed: &self.packed[stage.packed.clone()],
            cache: cache.unwrap_or_default(),
            shared,
            scratch: place.scratch,
        });
    }

    fn backward(&self, stage: &Stage, place: &mut Place<'_>) {
        let Some(d_output) = stage.flow.d_output else {
            return;
        };
        // SAFETY: as in `forward`; gradients in slots are each thread's own, and gradients of the batch are written by
        // calls that run alone.
        let (input, output, d_output, d_input, cache, shared, gradients) = unsafe {
            (
                &*self.rows(stage.flow.input, place),
                &*self.rows(stage.flow.output, place),
                self.rows(d_output, place),
                stage.flow.d_input.map(|id| self.rows(id, place)),
                stage.flow.cache.map(|id| &*self.rows(id, place)),
                self.shared.part(self.shared_range(stage, place)),
                self.gradients(stage, place),
            )
        };
        let block = &self.store.blocks()[stage.layer];
        stage.op.backward(Backward {
            rows: place.rows.len(),
            first_row: place.rows.start,
            phase: self.phase(stage),
            inputs: &[input],
            output,
            d_output,
            d_inputs: &mut [d_input],
            parameters: self.store.layer(stage.layer),
            gradients: gradients.map(|values| ParametersMut::new(values, &block.trained_ranges)),
            packed: &self.packed[stage.packed.clone()],
            cache: cache.unwrap_or_default(),
            shared,
            scratch: place.scratch,
        });
    }

    fn shared_range(&self, stage: &Stage, place: &Place<'_>) -> Range<usize> {
        // Only a call for the whole batch has no slot.
        if place.gradients.is_none() {
            stage.shared.clone()
        } else {
            0..0
        }
    }

    /// # Safety
    /// As for [`Arena::part`].
    unsafe fn gradients<'b>(&self, stage: &Stage, place: &Place<'_>) -> Option<&'b mut [f32]> {
        match &stage.gradients {
            _ if stage.op.deferred() => None,
            // SAFETY: each slot has its own arena.
            Gradients::Slots(range) => place
                .gradients
                .map(|arena| unsafe { arena.part(range.clone()) }),
            // SAFETY: a call for the whole batch runs alone.
            Gradients::Batch(range) => Some(unsafe { self.batch_gradients.part(range.clone()) }),
        }
    }

    fn head(&self, place: &Place<'_>, totals: &mut (f64, Vec<Vec<f64>>)) {
        let rows = place.rows.len();
        // SAFETY: the buffers of one call do not overlap, and answers are each row's own.
        let z = unsafe { &*self.rows(self.plan.last, place) };
        let size = self.plan.output_size;
        let (Some(predictions), Some(objective), Some(targets)) =
            (self.plan.predictions, self.objective, self.batch.targets)
        else {
            // SAFETY: answers are each row's own.
            let answers = unsafe {
                self.answers
                    .part(place.rows.start * size..place.rows.end * size)
            };
            answers.copy_from_slice(z);
            return;
        };
        // SAFETY: as above.
        let (y_pred, d_z) = unsafe {
            (
                self.rows(predictions, place),
                self.plan
                    .stages
                    .last()
                    .and_then(|stage| stage.flow.d_output)
                    .filter(|_| self.plan.mode == Mode::Train)
                    .map(|id| self.rows(id, place)),
            )
        };
        let targets = targets.part(place.rows.clone());
        totals.0 += objective.loss.run(LossCall {
            rows,
            size,
            width: self.plan.output_width,
            head: self.plan.head,
            z,
            y_pred: &mut *y_pred,
            targets,
            d_z,
            scale: 1.0 / self.batch.rows.len() as f32,
        });
        for (metric, states) in objective.metrics.iter().zip(&mut totals.1) {
            metric.update(
                states,
                MetricCall {
                    rows,
                    size,
                    width: self.plan.output_width,
                    y_pred,
                    targets,
                },
            );
        }
    }
}

impl Plan {
    /// One training step. Adds the loss and the metrics of the batch to `totals`.
    pub(crate) fn train(
        &mut self,
        batch: Batch<'_>,
        objective: Objective<'_>,
        learner: Learner<'_>,
        totals: &mut Totals,
    ) {
        let Learner {
            store,
            optimizer,
            states,
            seed,
            step,
        } = learner;
        self.execute(batch, Some(objective), store, &mut [], seed, step);
        self.collect(batch, totals);
        self.deferred_gradients(batch.rows.len(), store);
        self.update(store, optimizer, states);
        for stage in &self.stages {
            let shared = &self.shared[stage.shared.clone()];
            stage
                .op
                .after_step(batch.rows.len(), shared, store.layer_mut(stage.layer));
        }
    }

    /// The loss and the metrics of a batch, added to `totals`.
    pub(crate) fn evaluate(
        &mut self,
        batch: Batch<'_>,
        objective: Objective<'_>,
        store: &Store,
        totals: &mut Totals,
    ) {
        self.execute(batch, Some(objective), store, &mut [], 0, 0);
        self.collect(batch, totals);
    }

    /// The answers for a batch.
    pub(crate) fn predict(&mut self, batch: Batch<'_>, store: &Store, answers: &mut [f32]) {
        self.execute(batch, None, store, answers, 0, 0);
    }

    /// Remakes the packed weights. A training step does it by itself.
    pub(crate) fn pack(&mut self, store: &Store) {
        let training = self.mode == Mode::Train;
        for stage in &self.stages {
            let packed = &mut self.packed[stage.packed.clone()];
            stage.op.pack(store.layer(stage.layer), training, packed);
        }
    }

    fn execute(
        &mut self,
        batch: Batch<'_>,
        objective: Option<Objective<'_>>,
        store: &Store,
        answers: &mut [f32],
        seed: u64,
        step: u64,
    ) {
        if self.mode == Mode::Train {
            self.pack(store);
            self.batch_gradients.fill(0.0);
        }
        let metrics = objective.map_or(&[][..], |o| o.metrics);
        self.slots.iter_mut().for_each(|slot| slot.clear(metrics));
        let shape = Shape {
            mode: self.mode,
            stages: &self.stages,
            calls: &self.calls,
            buffers: &self.buffers,
            last: self.last,
            predictions: self.predictions,
            head: self.head,
            output_size: self.output_size,
            output_width: self.output_width,
            micro_batch: self.micro_batch,
        };
        let scene = Scene {
            plan: &shape,
            batch,
            objective,
            store,
            packed: &self.packed,
            across: Arena::new(&mut self.batch_arena),
            shared: Arena::new(&mut self.shared),
            batch_gradients: Arena::new(&mut self.batch_gradients),
            answers: Arena::new(answers),
            seed,
            step,
        };
        let rows = batch.rows.len();
        let count = self.slots.len();
        for region in &self.regions {
            match region.grain {
                Grain::Rows if self.threaded => self
                    .slots
                    .par_iter_mut()
                    .enumerate()
                    .with_max_len(1)
                    .for_each(|(i, slot)| scene.run_slot(region, share(rows, i, count), slot)),
                Grain::Rows => {
                    for (i, slot) in self.slots.iter_mut().enumerate() {
                        scene.run_slot(region, share(rows, i, count), slot);
                    }
                }
                Grain::Batch => {
                    let slot = &mut self.slots[0];
                    let mut place = Place {
                        rows: 0..rows,
                        local: Arena::new(&mut slot.arena),
                        scratch: &mut slot.scratch,
                        gradients: None,
                    };
                    scene.run_calls(region, &mut place, &mut (0.0, Vec::new()));
                }
            }
        }
    }

    fn collect(&self, batch: Batch<'_>, totals: &mut Totals) {
        totals.rows += batch.rows.len();
        for slot in &self.slots {
            slot.add_to(totals);
        }
    }

    fn deferred_gradients(&mut self, rows: usize, store: &Store) {
        let across = Arena::new(&mut self.batch_arena);
        for stage in self.stages.iter().filter(|s| s.op.deferred()) {
            let (Some(d_output), Gradients::Batch(range)) = (stage.flow.d_output, &stage.gradients)
            else {
                continue;
            };
            let whole = |id: usize| {
                let buffer = &self.buffers[id];
                buffer.offset..buffer.offset + rows * buffer.row_len
            };
            // SAFETY: both buffers are alive to the end of the step and nothing else runs.
            let (input, d_output) = unsafe {
                (
                    across.shared_part(whole(stage.flow.input)),
                    across.shared_part(whole(d_output)),
                )
            };
            let block = &store.blocks()[stage.layer];
            let gradients = &mut self.batch_gradients[range.clone()];
            let gradients = ParametersMut::new(gradients, &block.trained_ranges);
            stage
                .op
                .deferred_gradients(rows, input, d_output, gradients);
        }
    }
}

/// The rows of one of `count` shares, as even as can be.
fn share(rows: usize, index: usize, count: usize) -> Range<usize> {
    rows * index / count..rows * (index + 1) / count
}
