//! The commands of a whole step, with every address fixed.

use super::command::{Command, Pointer};
use super::driver::{Driver, Memory};
use super::recording::{Layout, Recording};
use super::weights::Weights;
use crate::engine::Compiled;
use crate::error::Result;
use crate::graph::Graph;
use crate::plan::{Mode, Outline, Store, arena};
use std::sync::Arc;

/// A step for a batch of exactly `rows` samples.
#[derive(Debug)]
pub(crate) struct GpuPlan<D: Driver> {
    pub(crate) mode: Mode,
    pub(crate) rows: usize,
    /// Where the samples go, for each input.
    pub(crate) inputs: Vec<Pointer>,
    /// Where the targets go, for each output: four bytes each.
    pub(crate) targets: Vec<Pointer>,
    /// Where the answers are, for each output.
    pub(crate) answers: Vec<Pointer>,
    /// Where the loss and the sums of the metrics go.
    pub(crate) totals: PlanTotals<D>,
    commands: Vec<Command>,
    /// Whether they can be captured: the host has no part in them.
    captures: bool,
    has_run: bool,
    captured: Option<D::Captured>,
    // Everything above points into these.
    _arena: Memory<D>,
    _work: Memory<D>,
}

impl<D: Driver> GpuPlan<D> {
    /// The plan of a network for batches of `rows` samples.
    pub(crate) fn new(
        driver: &Arc<D>,
        graph: &Graph,
        store: &Store,
        weights: &Weights<D>,
        compiled: Option<&Compiled>,
        totals: PlanTotals<D>,
        (mode, rows): (Mode, usize),
    ) -> Result<Self> {
        let training = mode == Mode::Train;
        let mut outline = Outline::new(graph, store, mode, false);
        let values = Memory::floats(driver, arena(&mut outline.buffers, rows))?;
        let layout = Layout::new(&outline, store, rows, training);
        let work = Memory::floats(driver, layout.len)?;
        let recording = Recording {
            outline: &outline,
            store,
            weights,
            compiled,
            layout: &layout,
            rows,
            training,
            values: values.start(),
            work: work.start(),
            totals: totals.start(),
        };
        let commands = recording.commands()?;
        let captures = !commands.iter().any(|c| matches!(c, Command::Host(_)));
        Ok(GpuPlan {
            mode,
            rows,
            inputs: (0..outline.inputs).map(|i| recording.place(i)).collect(),
            targets: layout.targets.iter().map(|&at| recording.at(at)).collect(),
            answers: outline
                .heads
                .iter()
                .map(|h| recording.place(h.last))
                .collect(),
            totals,
            commands,
            captures,
            has_run: false,
            captured: None,
            _arena: values,
            _work: work,
        })
    }

    /// Sets sums of its own to 0.
    pub(crate) fn clear_totals(&self) -> Result<()> {
        match &self.totals {
            PlanTotals::Own(sums) => sums.clear(),
            PlanTotals::Elsewhere(_) | PlanTotals::None => Ok(()),
        }
    }

    /// Runs the step. With `capture` its commands are prepared at the second time and replayed from then on: the first
    /// time a driver may still have to load what they need, and a plan that is used once is not worth it.
    pub(crate) fn run(&mut self, driver: &D, capture: bool) -> Result<()> {
        let again = std::mem::replace(&mut self.has_run, true);
        if !(capture && self.captures && again) {
            return driver.run(&self.commands);
        }
        let captured = match &mut self.captured {
            Some(captured) => captured,
            slot => slot.insert(driver.capture(&self.commands)?),
        };
        driver.replay(captured)
    }
}

/// The sums of a step, as doubles: one after another the loss of each output and what its metrics keep.
#[derive(Debug)]
pub(crate) enum PlanTotals<D: Driver> {
    /// There are none.
    None,
    /// They outlive the plan.
    Elsewhere(Pointer),
    /// They are the plan's own.
    Own(Memory<D>),
}

impl<D: Driver> PlanTotals<D> {
    fn start(&self) -> Pointer {
        match self {
            PlanTotals::None => Pointer::NULL,
            PlanTotals::Elsewhere(start) => *start,
            PlanTotals::Own(sums) => sums.start(),
        }
    }
}
