//! Running a plan.

use super::arena::Arena;
use super::buffers::Home;
use super::layout::{Gradients, MAX_SLOTS, Region};
use super::outline::{Call, Gradient, Head, Mode};
use super::program::{Plan, Stage};
use super::slot::{Slot, Workspace, Workspaces};
use super::store::Store;
use super::work::{Batch, Goal, Learner, OutputTotals, Totals};
use crate::kernels::elementwise::add;
use crate::kernels::narrow::Chain;
use crate::losses::LossCall;
use crate::metrics::MetricCall;
use crate::op::{
    Backward, Forward, Grain, Measure, MeasureBackward, Measured, MeasuredBackward, ParametersMut,
    Phase, Reader,
};
use crate::training::labels::TargetRows;
use rayon::prelude::*;
use smallvec::SmallVec;
use std::ops::Range;

/// What a call is given of each input: nearly every layer has one or two.
type PerInput<T> = SmallVec<[T; 4]>;

/// What is to be done, for all regions of a step.
struct Order<'a> {
    batch: Batch<'a>,
    goals: &'a [Goal],
    /// Where the answers of each output go.
    answers: PerInput<Arena>,
    seed: u64,
    step: u64,
}

/// What all threads of a region see.
pub(super) struct Scene<'a> {
    pub(super) plan: &'a Shape<'a>,
    pub(super) batch: Batch<'a>,
    pub(super) goals: &'a [Goal],
    pub(super) store: &'a Store,
    packed: &'a [f32],
    across: Arena,
    shared: Arena,
    batch_gradients: Arena,
    /// Where the answers of each output go.
    pub(super) answers: &'a [Arena],
    /// Where the samples of the batch begin, if they are read from where they lie: without a backward pass, those that
    /// lie in order need not be gathered.
    in_order: Option<usize>,
    workspaces: &'a Workspaces,
    /// Whether nothing has been summed over rows yet.
    is_first: bool,
    seed: u64,
    step: u64,
}

/// The parts of a plan that do not change while it runs.
pub(super) struct Shape<'a> {
    mode: Mode,
    stages: &'a [Stage],
    calls: &'a [Call],
    buffers: &'a [super::buffers::Buffer],
    inputs: usize,
    pub(super) heads: &'a [Head],
    chain: Option<&'a Chain>,
    micro_batch: usize,
}

/// The rows that one thread is at.
struct Place<'a> {
    rows: Range<usize>,
    local: Arena,
    scratch: &'a mut [f32],
    gradients: Option<Arena>,
    sums: &'a mut [f64],
}

impl Scene<'_> {
    /// Where the rows of a buffer are.
    fn part(&self, id: usize, place: &Place<'_>) -> (Arena, Range<usize>) {
        let buffer = &self.plan.buffers[id];
        let (arena, first) = match buffer.home {
            Home::Local => (place.local, 0),
            Home::Batch => (self.across, place.rows.start),
            Home::Samples => unreachable!("samples out of order in a prediction"),
        };
        let start = buffer.offset + first * buffer.row_len;
        (arena, start..start + place.rows.len() * buffer.row_len)
    }

    /// The rows of a buffer, to read.
    ///
    /// # Safety
    /// As for [`Scene::rows`], but other slices to read may be used at the same time.
    unsafe fn read<'b>(&'b self, id: usize, place: &Place<'_>) -> &'b [f32] {
        if let Some(first) = self.in_order
            && id < self.plan.inputs
        {
            let len = self.plan.buffers[id].row_len;
            let rows = first + place.rows.start..first + place.rows.end;
            return &self.batch.x[id][rows.start * len..rows.end * len];
        }
        let (arena, range) = self.part(id, place);
        // SAFETY: by the caller's promise; threads have disjoint rows, and local arenas are each thread's own.
        unsafe { arena.shared_part(range) }
    }

    /// The rows of a buffer.
    ///
    /// # Safety
    /// No other slice of these rows of this buffer is used at the same time to write. Different buffers that one region
    /// touches for the whole batch never overlap, because each is alive for all of it; nor do a thread's own ones that one
    /// call touches.
    unsafe fn rows<'b>(&self, id: usize, place: &Place<'_>) -> &'b mut [f32] {
        let (arena, range) = self.part(id, place);
        // SAFETY: by the caller's promise; threads have disjoint rows, and local arenas are each thread's own.
        unsafe { arena.part(range) }
    }

    pub(super) fn is_training(&self) -> bool {
        self.plan.mode == Mode::Train
    }

    /// What the gradient of the loss of a sample is multiplied by.
    pub(super) fn scale(&self, goal: &Goal) -> f32 {
        goal.loss.weight() / self.batch.rows.len() as f32
    }

    fn phase(&self, stage: &Stage) -> Phase {
        match self.plan.mode {
            Mode::Train => Phase::Training {
                seed: self.seed,
                step: self.step,
                layer: stage.node as u32,
            },
            Mode::Evaluate | Mode::Predict => Phase::Inference,
        }
    }

    /// Runs all calls of a region for the rows of one slot.
    fn run_slot(&self, region: &Region, rows: Range<usize>, slot: &mut Slot) {
        if self.is_first {
            slot.clear(self.goals);
        }
        if let Some(chain) = self.plan.chain {
            return self.run_chain(chain, rows, &mut slot.gradients, &mut slot.totals.outputs);
        }
        let mut workspace = self.workspaces.free();
        let Workspace { arena, scratch } = &mut *workspace;
        let local = Arena::new(arena);
        let gradients = Arena::new(&mut slot.gradients);
        slot.sums.fill(0.0);
        let mut start = rows.start;
        while start < rows.end {
            let end = (start + self.plan.micro_batch).min(rows.end);
            let mut place = Place {
                rows: start..end,
                local,
                scratch,
                gradients: Some(gradients),
                sums: &mut slot.sums,
            };
            self.run_calls(region, &mut place, &mut slot.totals.outputs);
            start = end;
        }
    }

    fn run_calls(&self, region: &Region, place: &mut Place<'_>, totals: &mut [OutputTotals]) {
        for call in &self.plan.calls[region.calls.range()] {
            match *call {
                Call::Gather => self.gather(place),
                Call::Measure(stage) => self.measure(&self.plan.stages[stage], place),
                Call::MeasureBackward(stage) => {
                    self.measure_backward(&self.plan.stages[stage], place);
                }
                Call::Forward(stage) => {
                    let stage = &self.plan.stages[stage];
                    self.forward(stage, stage.flow.output, place);
                }
                Call::Repeat(stage) => {
                    let stage = &self.plan.stages[stage];
                    if let Some(again) = stage.flow.again {
                        self.forward(stage, again, place);
                    }
                }
                Call::Head(head) => self.head(head, place, totals),
                Call::Backward(stage) => self.backward(&self.plan.stages[stage], place),
            }
        }
    }

    fn gather(&self, place: &Place<'_>) {
        if self.in_order.is_some() {
            return;
        }
        for (id, x) in (0..self.plan.inputs).zip(self.batch.x) {
            let len = self.plan.buffers[id].row_len;
            // SAFETY: the only slice of this buffer in this call.
            let input = unsafe { self.rows(id, place) };
            for (row, target) in place.rows.clone().zip(input.chunks_exact_mut(len.max(1))) {
                let from = self.batch.rows[row] as usize * len;
                target.copy_from_slice(&x[from..from + len]);
            }
        }
    }

    fn measure(&self, stage: &Stage, place: &mut Place<'_>) {
        // SAFETY: these slices are only read.
        let inputs = unsafe { self.read_all(&stage.flow.inputs, place) };
        stage.op.measure(Measure {
            rows: place.rows.len(),
            inputs: &inputs,
            sums: &mut place.sums[..stage.sums],
        });
    }

    fn measure_backward(&self, stage: &Stage, place: &mut Place<'_>) {
        let Some(d_output) = stage.flow.d_output else {
            return;
        };
        // SAFETY: these slices are only read; `shared` is written between regions.
        let (inputs, d_output, shared) = unsafe {
            (
                self.read_all(&stage.flow.inputs, place),
                self.read(d_output, place),
                self.shared.shared_part(stage.shared.clone()),
            )
        };
        stage.op.measure_backward(MeasureBackward {
            rows: place.rows.len(),
            inputs: &inputs,
            d_output,
            shared,
            sums: &mut place.sums[..stage.sums],
        });
    }

    /// Makes the output in this buffer.
    fn forward(&self, stage: &Stage, output: usize, place: &mut Place<'_>) {
        let flow = &stage.flow;
        // SAFETY: the buffers of one call are alive together, so they do not overlap, and only the inputs, which are
        // read, may be the same twice; `shared` is written between regions.
        let (inputs, output, cache, shared) = unsafe {
            (
                self.read_all(&flow.inputs, place),
                self.rows(output, place),
                flow.cache.map(|id| self.rows(id, place)),
                self.shared.shared_part(stage.shared.clone()),
            )
        };
        stage.op.forward(Forward {
            rows: place.rows.len(),
            first_row: place.rows.start,
            phase: self.phase(stage),
            inputs: &inputs,
            output,
            parameters: self.store.layer(stage.layer),
            packed: &self.packed[stage.packed.clone()],
            cache: cache.unwrap_or_default(),
            shared,
            scratch: place.scratch,
        });
    }

    fn backward(&self, stage: &Stage, place: &mut Place<'_>) {
        let flow = &stage.flow;
        let Some(d_output) = flow.d_output else {
            return;
        };
        // SAFETY: as in `forward`; gradients in slots are each thread's own, and gradients of the batch are written by
        // calls that run alone.
        let (inputs, output, d_output, cache, shared, gradients) = unsafe {
            (
                self.read_all(&flow.inputs_again, place),
                match stage.is_measured {
                    true => &[],
                    false => self.read(flow.output, place),
                },
                self.rows(d_output, place),
                flow.cache.map(|id| self.read(id, place)),
                self.shared.shared_part(stage.shared.clone()),
                self.gradients(stage, place),
            )
        };
        let (mut few, mut many) = (<[Option<&mut [f32]>; 4]>::default(), Vec::new());
        let d_inputs = match few.get_mut(..flow.d_inputs.len()) {
            Some(few) => few,
            None => {
                many.resize_with(flow.d_inputs.len(), || None);
                &mut many[..]
            }
        };
        for (d_input, gradient) in d_inputs.iter_mut().zip(&flow.d_inputs) {
            // SAFETY: each gradient is written to a buffer of its own.
            *d_input = gradient.map(|g| unsafe { self.rows(g.buffer, place) });
        }
        let block = &self.store.blocks()[stage.layer];
        stage.op.backward(Backward {
            rows: place.rows.len(),
            first_row: place.rows.start,
            phase: self.phase(stage),
            inputs: &inputs,
            output,
            d_output,
            d_inputs,
            parameters: self.store.layer(stage.layer),
            gradients: gradients.map(|values| ParametersMut::new(values, &block.trained_ranges)),
            packed: &self.packed[stage.packed.clone()],
            cache: cache.unwrap_or_default(),
            shared,
            scratch: place.scratch,
        });
        flow.d_inputs.iter().for_each(|d| self.sum(*d, place));
    }

    /// Adds a gradient to the others of the same value.
    fn sum(&self, gradient: Option<Gradient>, place: &Place<'_>) {
        if let Some(gradient) = gradient
            && let Some(sum) = gradient.add_to
        {
            // SAFETY: two buffers that this call touches, and no other slice of them is in use.
            unsafe { add(self.read(gradient.buffer, place), self.rows(sum, place)) };
        }
    }

    /// # Safety
    /// As for [`Scene::read`].
    unsafe fn read_all<'b>(&'b self, ids: &[usize], place: &Place<'_>) -> PerInput<&'b [f32]> {
        // SAFETY: by the caller's promise.
        ids.iter()
            .map(|&id| unsafe { self.read(id, place) })
            .collect()
    }

    /// # Safety
    /// As for [`Arena::part`].
    unsafe fn gradients<'b>(&self, stage: &Stage, place: &Place<'_>) -> Option<&'b mut [f32]> {
        match &stage.gradients {
            Gradients::Deferred => None,
            // SAFETY: each slot has its own arena.
            Gradients::Slots(range) => place
                .gradients
                .map(|arena| unsafe { arena.part(range.range()) }),
            // Those of rows have been made by `measured_backward`.
            Gradients::Batch(_) if place.gradients.is_some() => None,
            // SAFETY: a call for the whole batch runs alone.
            Gradients::Batch(range) => Some(unsafe { self.batch_gradients.part(range.range()) }),
        }
    }

    fn head(&self, index: usize, place: &Place<'_>, totals: &mut [OutputTotals]) {
        let head = &self.plan.heads[index];
        let rows = place.rows.len();
        let (size, width) = (head.shape.size(), head.shape.last());
        // SAFETY: the buffers of one call do not overlap.
        let z = unsafe { self.read(head.last, place) };
        let (Some(predictions), Some(goal), Some(targets), Some(totals)) = (
            head.predictions,
            self.goals.get(index),
            self.batch.targets.get(index),
            totals.get_mut(index),
        ) else {
            // SAFETY: answers are each row's own.
            let answers =
                unsafe { self.answers[index].part(place.rows.start * size..place.rows.end * size) };
            answers.copy_from_slice(z);
            return;
        };
        // SAFETY: as above.
        let (y_pred, d_z) = unsafe {
            (
                self.rows(predictions, place),
                head.d_last.map(|g| self.rows(g.buffer, place)),
            )
        };
        let targets = TargetRows::new(targets, &self.batch.rows[place.rows.clone()]);
        totals.loss += goal.loss.run(LossCall {
            rows,
            size,
            width,
            head: head.activation,
            z,
            y_pred: &mut *y_pred,
            targets,
            d_z,
            scale: self.scale(goal),
        });
        let call = MetricCall {
            rows,
            size,
            width,
            y_pred,
            targets,
        };
        goal.measure(call, totals);
        self.sum(head.d_last, place);
    }
}

/// Where the answers of each output go.
pub(crate) type Answers<'a> = PerInput<&'a mut [f32]>;

impl Plan {
    /// One training step. Adds the loss and the metrics of the batch to `totals`.
    pub(crate) fn train(
        &mut self,
        batch: Batch<'_>,
        goals: &[Goal],
        mut learner: Learner<'_>,
        totals: &mut Totals,
    ) {
        let order = Order {
            batch,
            goals,
            answers: PerInput::new(),
            seed: learner.seed,
            step: learner.step,
        };
        let rows = batch.rows.len();
        learner.optimizer.begin_step();
        self.begin(learner.store);
        for region in 0..self.regions.len() {
            self.run(region, &order, learner.store);
            // A call for the whole batch is a region of its own.
            if self.regions[region].whole_batch
                && let [Call::Backward(stage)] = self.calls[self.regions[region].calls.range()]
            {
                self.update_deferred(stage, rows, &mut learner);
            }
        }
        self.collect(batch, totals);
        for stage in 0..self.stages.len() {
            if !matches!(self.stages[stage].op.grain(true), Grain::Batch) {
                self.update_deferred(stage, rows, &mut learner);
            }
        }
        self.update(&mut learner);
        for stage in &self.stages {
            let shared = &self.shared[stage.shared.clone()];
            let parameters = learner.store.layer_mut(stage.layer);
            stage.op.after_step(batch.rows.len(), shared, parameters);
        }
    }

    /// The loss and the metrics of a batch, added to `totals`.
    pub(crate) fn evaluate(
        &mut self,
        batch: Batch<'_>,
        goals: &[Goal],
        store: &Store,
        totals: &mut Totals,
    ) {
        self.execute(batch, goals, store, Answers::default());
        self.collect(batch, totals);
    }

    /// The answers for a batch, for each output.
    pub(crate) fn predict(&mut self, batch: Batch<'_>, store: &Store, answers: Answers<'_>) {
        self.execute(batch, &[], store, answers);
    }

    /// Remakes the packed weights. A training step does it by itself.
    pub(crate) fn pack(&mut self, store: &Store) {
        let training = self.mode == Mode::Train;
        // A chain reads the weights as they are.
        let packing = if self.chain.is_none() {
            &self.stages[..]
        } else {
            &[]
        };
        for stage in packing {
            let packed = &mut self.packed[stage.packed.clone()];
            let reader = if training {
                let d_inputs = stage.flow.d_inputs.iter().any(Option::is_some);
                Reader::Training { d_inputs }
            } else {
                Reader::Inference
            };
            stage.op.pack(store.layer(stage.layer), reader, packed);
        }
    }

    /// All of a step that only reads the weights.
    fn execute(&mut self, batch: Batch<'_>, goals: &[Goal], store: &Store, answers: Answers<'_>) {
        let order = Order {
            batch,
            goals,
            answers: answers.into_iter().map(Arena::new).collect(),
            seed: 0,
            step: 0,
        };
        for region in 0..self.regions.len() {
            self.run(region, &order, store);
        }
    }

    /// Makes the weights and the gradients of the batch ready. Those of slots are cleared by their threads.
    fn begin(&mut self, store: &Store) {
        self.pack(store);
        let stages = self.stages.iter();
        for stage in stages.filter(|s| !s.op.overwrites_gradients()) {
            if let Gradients::Batch(range) = &stage.gradients {
                self.batch_gradients[range.range()].fill(0.0);
            }
        }
    }

    /// Runs one region.
    fn run(&mut self, region: usize, order: &Order<'_>, store: &Store) {
        let shape = Shape {
            mode: self.mode,
            stages: &self.stages,
            calls: &self.calls,
            buffers: &self.buffers,
            inputs: self.inputs,
            heads: &self.heads,
            chain: self.chain.as_ref(),
            micro_batch: self.micro_batch,
        };
        let rows = order.batch.rows;
        let reads_in_order = self.mode != Mode::Train;
        let scene = Scene {
            plan: &shape,
            batch: order.batch,
            goals: order.goals,
            store,
            packed: &self.packed,
            across: Arena::new(&mut self.batch_arena),
            shared: Arena::new(&mut self.shared),
            batch_gradients: Arena::new(&mut self.batch_gradients),
            answers: &order.answers,
            in_order: reads_in_order.then(|| in_order(rows)).flatten(),
            workspaces: &self.workspaces,
            is_first: self.regions[..region].iter().all(|r| r.whole_batch),
            seed: order.seed,
            step: order.step,
        };
        let (rows, count) = (rows.len(), self.slots.len());
        let region = &self.regions[region];
        let slots = &mut self.slots;
        if region.whole_batch {
            let mut workspace = self.workspaces.free();
            let Workspace { arena, scratch } = &mut *workspace;
            let mut place = Place {
                rows: 0..rows,
                local: Arena::new(arena),
                scratch,
                gradients: None,
                sums: &mut [],
            };
            scene.run_calls(region, &mut place, &mut []);
        } else if self.threaded {
            let slots = slots.par_iter_mut().enumerate().with_max_len(1);
            slots.for_each(|(i, slot)| scene.run_slot(region, share(rows, i, count), slot));
        } else {
            for (i, slot) in slots.iter_mut().enumerate() {
                scene.run_slot(region, share(rows, i, count), slot);
            }
        }
        if let Some(&call) = self.calls[region.calls.range()].last() {
            self.take_sums(call, rows, store);
        }
    }

    /// Gives an op the sums of all slots, if a region has measured some.
    fn take_sums(&mut self, call: Call, rows: usize, store: &Store) {
        let Some(stage) = call.measures() else { return };
        let stage = &self.stages[stage];
        let mut sums: [&mut [f64]; MAX_SLOTS] = Default::default();
        let parts = self.slots.len();
        for (sums, slot) in sums.iter_mut().zip(&mut self.slots) {
            *sums = &mut slot.sums[..stage.sums];
        }
        let sums = &mut sums[..parts];
        let shared = &mut self.shared[stage.shared.clone()];
        match (call, &stage.gradients) {
            (Call::Measure(_), _) => stage.op.measured(Measured { rows, sums, shared }),
            (Call::MeasureBackward(_), Gradients::Batch(range)) => {
                let gradients = &mut self.batch_gradients[range.range()];
                let block = &store.blocks()[stage.layer];
                stage.op.measured_backward(MeasuredBackward {
                    rows,
                    sums,
                    gradients: ParametersMut::new(gradients, &block.trained_ranges),
                    shared,
                });
            }
            _ => {}
        }
    }

    fn collect(&self, batch: Batch<'_>, totals: &mut Totals) {
        totals.rows += batch.rows.len();
        for slot in &self.slots {
            totals.add(&slot.totals);
        }
    }
}

/// The first of these rows, if they follow one another.
fn in_order(rows: &[u32]) -> Option<usize> {
    let &first = rows.first()?;
    (first..)
        .zip(rows)
        .all(|(n, &row)| n == row)
        .then_some(first as usize)
}

/// The rows of one of `count` shares, as even as can be.
fn share(rows: usize, index: usize, count: usize) -> Range<usize> {
    rows * index / count..rows * (index + 1) / count
}
