//! How a step runs on the CPU: regions, threads and memory.

use super::buffers::Buffer;
use super::layout::{Cut, Gradients, Layout, Region, Totals};
use super::list::List;
use super::narrow;
use super::outline::{Call, Flow, Head, Mode, Outline, Step};
use super::slot::{Slot, Workspaces};
use super::store::Store;
use super::update::{Update, updates};
use crate::graph::Graph;
use crate::kernels::aligned::AlignedVec;
use crate::kernels::narrow::Chain;
use crate::op::{Grain, Op};
use std::ops::Range;
use std::sync::Arc;

/// A step with its memory.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) op: Arc<dyn Op>,
    /// Which layer of the network it is.
    pub(super) layer: usize,
    /// Which call it is, among all of the network.
    pub(super) node: usize,
    pub(super) flow: Flow,
    pub(super) packed: Range<usize>,
    pub(super) shared: Range<usize>,
    /// Whether it sums something over the batch, and how many doubles.
    pub(super) is_measured: bool,
    pub(super) sums: usize,
    /// Where its gradients are, and in which arena.
    pub(super) gradients: Gradients,
}

/// Everything about one step of a network, decided.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(super) mode: Mode,
    pub(super) batch: usize,
    pub(super) stages: Vec<Stage>,
    pub(super) updates: Vec<Update>,
    pub(super) calls: Vec<Call>,
    pub(super) regions: Vec<Region>,
    pub(super) buffers: Vec<Buffer>,
    pub(super) inputs: usize,
    pub(super) heads: Vec<Head>,
    /// The steps as a chain of narrow layers, if they are one.
    pub(super) chain: Option<Chain>,
    pub(super) micro_batch: usize,
    pub(super) slots: Vec<Slot>,
    pub(super) workspaces: Workspaces,
    pub(super) batch_arena: AlignedVec,
    pub(super) batch_gradients: AlignedVec,
    pub(super) packed: AlignedVec,
    pub(super) shared: AlignedVec,
    pub(super) threaded: bool,
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
        let Outline {
            inputs,
            steps,
            sketches,
            heads,
            calls,
            mut buffers,
        } = Outline::new(graph, store, mode, true);
        let mut totals = Totals::NOTHING;
        let mut stages: Vec<Stage> = Vec::with_capacity(steps.len());
        for (step, sketch) in steps.into_iter().zip(&sketches) {
            let Step {
                op,
                layer,
                node,
                flow,
            } = step;
            let places = totals.add(sketch, mode);
            stages.push(Stage {
                op,
                layer,
                node,
                flow,
                packed: places.packed.range(),
                shared: places.shared.range(),
                is_measured: matches!(sketch.demand.grain, Grain::Measured),
                sums: sketch.demand.memory.sums,
                gradients: places.gradients,
            });
        }
        let mut order = vec![0; buffers.len()];
        let mut regions = vec![Region::EMPTY; calls.len()];
        let mut list = List::new(&mut regions);
        let layout = Layout::new(
            (&sketches, &calls),
            &totals,
            (mode, batch, cut),
            &mut buffers,
            &mut order,
            &mut list,
        );
        let region_count = list.len();
        regions.truncate(region_count);
        let slot = || Slot::new(&totals);
        Plan {
            updates: updates(&stages, store),
            chain: narrow::chain(&stages, heads.len(), store),
            mode,
            batch,
            stages,
            calls,
            regions,
            buffers,
            inputs,
            heads,
            micro_batch: layout.micro_batch,
            slots: (0..layout.slots).map(|_| slot()).collect(),
            workspaces: Workspaces::new(layout.slots, layout.local, totals.scratch),
            batch_arena: AlignedVec::new(layout.across),
            batch_gradients: AlignedVec::new(totals.batch_gradients),
            packed: AlignedVec::new(totals.packed),
            shared: AlignedVec::new(totals.shared),
            threaded: layout.threaded,
        }
    }

    /// Whether a step is worth several threads.
    pub(crate) fn is_threaded(&self) -> bool {
        self.threaded
    }

    /// Whether the plan can run batches of `rows` samples.
    pub(crate) fn fits(&self, mode: Mode, rows: usize) -> bool {
        self.mode == mode && self.batch == rows
    }
}

#[cfg(test)]
impl Plan {
    /// The bytes of all memory that it has allocated for numbers.
    pub(crate) fn bytes(&mut self) -> usize {
        let workspaces = self.workspaces.iter_mut();
        let local = workspaces.map(|w| size_of_val(&*w.arena) + size_of_val(&*w.scratch));
        let local: usize = local.sum();
        let slots = self.slots.iter().map(|slot| &slot.gradients);
        let whole = [
            &self.batch_arena,
            &self.batch_gradients,
            &self.packed,
            &self.shared,
        ];
        let sums = self.slots.iter().map(|slot| size_of_val(&*slot.sums));
        let others = slots.chain(whole).map(|memory| size_of_val(&**memory));
        local + others.chain(sums).sum::<usize>()
    }
}
