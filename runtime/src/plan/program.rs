//! How a step runs on the CPU: regions, threads and memory.

use super::buffers::{Buffer, Home, place};
use super::outline::{Call, Flow, Head, Mode, Outline, Step};
use super::slot::Slot;
use super::store::Store;
use crate::graph::Graph;
use crate::kernels::aligned::AlignedVec;
use crate::op::{Grain, Op};
use std::ops::Range;
use std::sync::Arc;

/// Calls that run one after another for the same rows.
#[derive(Debug)]
pub(super) struct Region {
    pub(super) grain: Grain,
    pub(super) calls: Range<usize>,
}

/// A step with its memory.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) op: Arc<dyn Op>,
    /// Which layer of the network it is.
    pub(super) layer: usize,
    /// Which call it is, among all of the network.
    pub(super) node: usize,
    /// Whether the gradients of the parameters come from one product over the whole batch.
    pub(super) deferred: bool,
    pub(super) flow: Flow,
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
    pub(super) inputs: usize,
    pub(super) heads: Vec<Head>,
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
        let Outline {
            inputs,
            steps,
            heads,
            calls,
            mut buffers,
        } = Outline::new(graph, store, mode);
        let (mut packed, mut shared) = (0, 0);
        let (mut slot_gradients, mut batch_gradients) = (0, 0);
        let mut stages: Vec<Stage> = Vec::with_capacity(steps.len());
        for step in steps {
            let Step {
                op,
                layer,
                node,
                deferred,
                flow,
            } = step;
            let memory = op.memory(training);
            let trained = store.blocks()[layer].trained.len();
            let once = deferred || op.grain(training) == Grain::Batch;
            stages.push(Stage {
                layer,
                node,
                deferred,
                flow,
                packed: take(&mut packed, memory.packed),
                shared: take(&mut shared, if training { memory.shared } else { 0 }),
                gradients: if once {
                    Gradients::Batch(take(&mut batch_gradients, trained))
                } else {
                    Gradients::Slots(take(&mut slot_gradients, trained))
                },
                op,
            });
        }
        let regions = regions(&calls, &stages, training);
        bring_home(&mut buffers, &regions, calls.len());

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
            inputs,
            heads,
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

fn regions(calls: &[Call], stages: &[Stage], training: bool) -> Vec<Region> {
    let mut regions: Vec<Region> = Vec::new();
    for (i, call) in calls.iter().enumerate() {
        let grain = match *call {
            Call::Forward(s) | Call::Backward(s) => stages[s].op.grain(training),
            Call::Gather | Call::Head(_) => Grain::Rows,
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

/// Decides in which arena each buffer is: a value that is made and used up within one region stays with its thread. Any
/// other is alive for whole regions, because threads are at different calls of a region at the same time.
fn bring_home(buffers: &mut [Buffer], regions: &[Region], calls: usize) {
    let mut region_of = vec![usize::MAX; calls + 1];
    for (i, region) in regions.iter().enumerate() {
        region_of[region.calls.clone()].fill(i);
    }
    for buffer in buffers {
        let (first, last) = (
            region_of[*buffer.alive.start()],
            region_of[*buffer.alive.end()],
        );
        let alone = first == last && regions[first].grain == Grain::Rows;
        buffer.home = if alone { Home::Local } else { Home::Batch };
        if !alone {
            // What is read after the last call belongs to no region.
            let end = regions.get(last).map_or(calls, |r| r.calls.end - 1);
            buffer.alive = regions[first].calls.start..=end;
        }
    }
}
