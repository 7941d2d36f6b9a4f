//! From a graph to the list of calls of one step.

use super::buffers::{Buffer, Home, place};
use super::run::Slot;
use super::store::Store;
use crate::activations::ActivationFunction;
use crate::graph::Graph;
use crate::kernels::aligned::AlignedVec;
use crate::op::{Grain, Op};
use std::ops::Range;

/// What a plan is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Forward, loss, backward, update.
    Train,
    /// Forward and loss.
    Evaluate,
    /// Forward.
    Predict,
}

/// One thing that is done with the rows of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// Copies the samples of the batch to the first buffer.
    Gather,
    /// The forward pass of a stage.
    Forward(usize),
    /// The loss, the metrics and the gradient of the last stage; for `predict`, copies the answers out.
    Head,
    /// The backward pass of a stage.
    Backward(usize),
}

/// Calls that run one after another for the same rows.
#[derive(Debug)]
pub(super) struct Region {
    pub(super) grain: Grain,
    pub(super) calls: Range<usize>,
}

/// A layer that does something, with its buffers.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) op: Box<dyn Op>,
    /// Which layer of the network it is.
    pub(super) layer: usize,
    pub(super) input: usize,
    pub(super) output: usize,
    pub(super) cache: Option<usize>,
    pub(super) d_output: Option<usize>,
    pub(super) d_input: Option<usize>,
    pub(super) packed: Range<usize>,
    pub(super) shared: Range<usize>,
    /// Where its gradients are, and in which of the two arenas.
    pub(super) gradients: Gradients,
}

/// Where the gradients of a stage are summed.
#[derive(Clone, Debug)]
pub(super) enum Gradients {
    /// In each slot.
    Slots(Range<usize>),
    /// Once for the batch.
    Batch(Range<usize>),
}

/// Everything about one step of a network, decided.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(super) mode: Mode,
    pub(super) batch: usize,
    pub(super) stages: Vec<Stage>,
    pub(super) calls: Vec<Call>,
    pub(super) regions: Vec<Region>,
    pub(super) buffers: Vec<Buffer>,
    pub(super) predictions: Option<usize>,
    pub(super) head: ActivationFunction,
    pub(super) output_size: usize,
    pub(super) output_width: usize,
    pub(super) micro_batch: usize,
    pub(super) slots: Vec<Slot>,
    pub(super) batch_arena: AlignedVec,
    pub(super) batch_gradients: AlignedVec,
    pub(super) packed: AlignedVec,
    pub(super) shared: AlignedVec,
    pub(super) threaded: bool,
}

/// More slots would cost more to sum than they bring.
const MAX_SLOTS: usize = 16;

/// Rows for each slot below which another slot is not worth its gradients.
const ROWS_PER_SLOT: usize = 4;

/// How finely a batch is cut. The result depends on it by rounding only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    /// Multiplications and additions of a step below which waking threads costs more than it saves.
    pub(crate) threaded_macs: usize,
    /// Numbers that a micro-batch may take of a core's cache.
    pub(crate) micro_batch_numbers: usize,
}

impl Default for Cut {
    fn default() -> Self {
        Cut {
            threaded_macs: 400_000,
            micro_batch_numbers: 128 * 1024,
        }
    }
}

impl Plan {
    /// The plan of a network for batches of up to `batch` samples.
    pub(crate) fn new(graph: &Graph, store: &Store, mode: Mode, batch: usize) -> Self {
        Plan::with_cut(graph, store, mode, batch, Cut::default())
    }

    /// The same, cut otherwise.
    pub(crate) fn with_cut(
        graph: &Graph,
        store: &Store,
        mode: Mode,
        batch: usize,
        cut: Cut,
    ) -> Self {
        let training = mode == Mode::Train;
        let mut buffers = Vec::new();
        let mut buffer_of = vec![usize::MAX; graph.values()];
        let mut new_buffer = |row_len| {
            buffers.push(Buffer {
                row_len,
                alive: 0..=0,
                home: Home::Local,
                offset: 0,
            });
            buffers.len() - 1
        };

        let (_, input) = graph.inputs()[0];
        let (_, output) = graph.outputs()[0];
        buffer_of[input.0] = new_buffer(graph.shape(input).size());
        let (mut packed, mut shared) = (0, 0);
        let (mut slot_gradients, mut batch_gradients) = (0, 0);
        let mut head = ActivationFunction::Linear;
        let mut stages: Vec<Stage> = Vec::new();
        for (layer, node) in graph.nodes().iter().enumerate() {
            let mut op = graph.op(node);
            // The loss computes the last activation together with itself.
            if node.output == output && mode != Mode::Predict {
                head = op.take_activation();
            }
            let source = buffer_of[node.inputs[0].0];
            if op.is_view() {
                buffer_of[node.output.0] = source;
                continue;
            }
            buffer_of[node.output.0] = new_buffer(graph.shape(node.output).size());
            let memory = op.memory(training);
            let block = &store.blocks()[layer];
            let once = op.deferred() || op.grain(training) == Grain::Batch;
            let gradients = if once {
                Gradients::Batch(take(&mut batch_gradients, block.trained.len()))
            } else {
                Gradients::Slots(take(&mut slot_gradients, block.trained.len()))
            };
            stages.push(Stage {
                layer,
                input: source,
                output: buffer_of[node.output.0],
                cache: (training && memory.cache > 0).then(|| new_buffer(memory.cache)),
                d_output: None,
                d_input: None,
                packed: take(&mut packed, memory.packed),
                shared: take(&mut shared, if training { memory.shared } else { 0 }),
                gradients,
                op,
            });
        }

        let output_shape = graph.shape(output);
        let predictions = (mode != Mode::Predict).then(|| new_buffer(output_shape.size()));
        if training {
            connect_gradients(&mut stages, store, &mut new_buffer, graph);
        }
        let calls = calls(&stages, mode);
        let regions = regions(&calls, &stages, training);
        let last_buffer = buffer_of[output.0];
        let uses = uses(&calls, &stages, last_buffer, predictions, training);
        settle(
            &mut buffers,
            &uses,
            &regions,
            &stages,
            calls.len(),
            training,
        );

        let macs: usize = stages.iter().map(|s| s.op.macs()).sum();
        let threaded = macs * batch * if training { 3 } else { 1 } >= cut.threaded_macs;
        let slot_count = if threaded {
            (batch / ROWS_PER_SLOT).clamp(1, MAX_SLOTS)
        } else {
            1
        };
        let per_row = place(&mut buffers, Home::Local, 1).max(1);
        let micro_batch =
            (cut.micro_batch_numbers / per_row).clamp(1, batch.div_ceil(slot_count).max(1));
        let local = place(&mut buffers, Home::Local, micro_batch);
        let across = place(&mut buffers, Home::Batch, batch);
        let scratch = stages
            .iter()
            .map(|s| s.op.memory(training).scratch)
            .max()
            .unwrap_or(0);
        Plan {
            mode,
            batch,
            calls,
            regions,
            buffers,
            predictions,
            head,
            output_size: output_shape.size(),
            output_width: output_shape.last(),
            micro_batch,
            slots: (0..slot_count)
                .map(|_| Slot::new(local, scratch, if training { slot_gradients } else { 0 }))
                .collect(),
            batch_arena: AlignedVec::new(across),
            batch_gradients: AlignedVec::new(if training { batch_gradients } else { 0 }),
            packed: AlignedVec::new(packed),
            shared: AlignedVec::new(shared),
            threaded,
            stages,
        }
    }

    /// Whether the plan can run batches of `rows` samples.
    pub(crate) fn fits(&self, mode: Mode, rows: usize) -> bool {
        self.mode == mode && self.batch == rows
    }
}

/// Reserves `len` numbers, from a whole cache line on.
fn take(end: &mut usize, len: usize) -> Range<usize> {
    let start = end.next_multiple_of(16);
    *end = start + len;
    start..*end
}

/// Gives each stage buffers for its gradients. The first layer with parameters, and those before it, need none for
/// their inputs.
fn connect_gradients(
    stages: &mut [Stage],
    store: &Store,
    new_buffer: &mut impl FnMut(usize) -> usize,
    graph: &Graph,
) {
    let mut gradient_of = std::collections::HashMap::new();
    let first_trained = stages
        .iter()
        .position(|s| !store.blocks()[s.layer].trained.is_empty())
        .unwrap_or(stages.len());
    for (i, stage) in stages.iter_mut().enumerate() {
        if i > first_trained {
            let node = &graph.nodes()[stage.layer];
            let size = graph.shape(node.inputs[0]).size();
            stage.d_input = Some(
                *gradient_of
                    .entry(stage.input)
                    .or_insert_with(|| new_buffer(size)),
            );
        }
        if i >= first_trained {
            let size = graph.shape(graph.nodes()[stage.layer].output).size();
            stage.d_output = Some(
                *gradient_of
                    .entry(stage.output)
                    .or_insert_with(|| new_buffer(size)),
            );
        }
    }
}

fn calls(stages: &[Stage], mode: Mode) -> Vec<Call> {
    let mut calls = vec![Call::Gather];
    calls.extend((0..stages.len()).map(Call::Forward));
    calls.push(Call::Head);
    if mode == Mode::Train {
        let wanted = |&s: &usize| stages[s].d_output.is_some();
        calls.extend((0..stages.len()).rev().filter(wanted).map(Call::Backward));
    }
    calls
}

fn regions(calls: &[Call], stages: &[Stage], training: bool) -> Vec<Region> {
    let mut regions: Vec<Region> = Vec::new();
    for (i, call) in calls.iter().enumerate() {
        let grain = match *call {
            Call::Forward(s) | Call::Backward(s) => stages[s].op.grain(training),
            Call::Gather | Call::Head => Grain::Rows,
        };
        match regions.last_mut() {
            Some(last) if last.grain == Grain::Rows && grain == Grain::Rows => {
                last.calls.end = i + 1;
            }
            _ => regions.push(Region {
                grain,
                calls: i..i + 1,
            }),
        }
    }
    regions
}

/// Which buffers each call touches.
fn uses(
    calls: &[Call],
    stages: &[Stage],
    last: usize,
    predictions: Option<usize>,
    training: bool,
) -> Vec<Vec<usize>> {
    calls
        .iter()
        .map(|call| match *call {
            Call::Gather => vec![0],
            Call::Forward(s) => {
                let stage = &stages[s];
                let mut used = vec![stage.input, stage.output];
                used.extend(stage.cache);
                used
            }
            Call::Head => {
                let mut used = vec![last];
                used.extend(predictions);
                if training {
                    used.extend(stages.last().and_then(|s| s.d_output));
                }
                used
            }
            Call::Backward(s) => {
                let stage = &stages[s];
                let mut used = vec![stage.input, stage.output];
                used.extend(stage.cache);
                used.extend(stage.d_output);
                used.extend(stage.d_input);
                used
            }
        })
        .collect()
}

/// Decides from when to when each buffer is alive and in which arena it is.
fn settle(
    buffers: &mut [Buffer],
    uses: &[Vec<usize>],
    regions: &[Region],
    stages: &[Stage],
    calls: usize,
    training: bool,
) {
    let region_of = |call: usize| regions.iter().position(|r| r.calls.contains(&call));
    for (id, buffer) in buffers.iter_mut().enumerate() {
        let touches = |&call: &usize| uses[call].contains(&id);
        let first = (0..calls).find(touches).unwrap_or(0);
        let last = (0..calls).rfind(touches).unwrap_or(first);
        buffer.alive = first..=last;
        let within_one = region_of(first) == region_of(last)
            && region_of(first).is_some_and(|r| regions[r].grain == Grain::Rows);
        buffer.home = if within_one { Home::Local } else { Home::Batch };
    }
    if training {
        // A deferred product reads them for the whole batch after the last call.
        for stage in stages.iter().filter(|s| s.op.deferred()) {
            for id in [Some(stage.input), stage.d_output].into_iter().flatten() {
                buffers[id].home = Home::Batch;
                buffers[id].alive = *buffers[id].alive.start()..=calls;
            }
        }
    }
}
