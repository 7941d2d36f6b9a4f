//! How a step is spread over threads, and how much memory it takes, as plain data.

use super::buffers::{Buffer, Home, place};
use super::list::List;
use super::outline::{Call, Mode};
use super::sketch::StepSketch;
use super::wiring::Part;
use crate::op::Grain;

/// Calls that run one after another for the same rows, or one call for the whole batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Region {
    pub(crate) whole_batch: bool,
    pub(crate) calls: Part,
}

impl Region {
    pub(crate) const EMPTY: Self = Region {
        whole_batch: false,
        calls: Part::NONE,
    };
}

/// More slots would cost more to sum than they bring.
pub(super) const MAX_SLOTS: usize = 16;

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

impl Cut {
    /// What plans are made with.
    pub(crate) const USUAL: Self = Cut {
        threaded_macs: 400_000,
        micro_batch_numbers: 128 * 1024,
    };
}

impl Default for Cut {
    fn default() -> Self {
        Cut::USUAL
    }
}

/// Where a step has its own parts of the memory that all steps share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places {
    pub(crate) packed: Part,
    pub(crate) shared: Part,
    /// Where its gradients are summed.
    pub(crate) gradients: Gradients,
}

/// Where the gradients of a step are summed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Gradients {
    /// In each slot.
    Slots(Part),
    /// Once for the batch.
    Batch(Part),
    /// Nowhere: the optimizer uses them up as they are made.
    Deferred,
}

/// How much memory a step takes, counted in `f32`s.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Totals {
    pub(crate) packed: usize,
    pub(crate) shared: usize,
    pub(crate) slot_gradients: usize,
    pub(crate) batch_gradients: usize,
    pub(crate) scratch: usize,
    /// Doubles.
    pub(crate) sums: usize,
    macs: usize,
    /// The most rows at a time that a step likes.
    rows: usize,
}

impl Totals {
    pub(crate) const NOTHING: Self = Totals {
        packed: 0,
        shared: 0,
        slot_gradients: 0,
        batch_gradients: 0,
        scratch: 0,
        sums: 0,
        macs: 0,
        rows: 1,
    };

    /// Reserves what one more step asks for.
    pub(crate) const fn add(&mut self, step: &StepSketch, mode: Mode) -> Places {
        let training = matches!(mode, Mode::Train);
        let memory = step.demand.memory;
        if memory.scratch > self.scratch {
            self.scratch = memory.scratch;
        }
        if memory.sums > self.sums {
            self.sums = memory.sums;
        }
        if step.demand.rows > self.rows {
            self.rows = step.demand.rows;
        }
        self.macs = self.macs.saturating_add(step.demand.macs);
        let trained = if training { step.trained } else { 0 };
        Places {
            packed: take(&mut self.packed, memory.packed),
            shared: take(&mut self.shared, if training { memory.shared } else { 0 }),
            gradients: if step.deferred {
                Gradients::Deferred
            } else if !matches!(step.demand.grain, Grain::Rows) {
                Gradients::Batch(take(&mut self.batch_gradients, trained))
            } else {
                Gradients::Slots(take(&mut self.slot_gradients, trained))
            },
        }
    }
}

/// Reserves `len` numbers, from a whole cache line on.
const fn take(end: &mut usize, len: usize) -> Part {
    let start = end.next_multiple_of(16);
    *end = start + len;
    Part { start, end: *end }
}

impl Gradients {
    /// Takes in those that follow directly in the same arena. Returns whether they do.
    pub(super) fn join(&mut self, next: &Gradients) -> bool {
        let (here, next) = match (self, next) {
            (Gradients::Slots(here), Gradients::Slots(next))
            | (Gradients::Batch(here), Gradients::Batch(next)) => (here, next),
            _ => return false,
        };
        let follows = here.end == next.start;
        if follows {
            here.end = next.end;
        }
        follows
    }
}

/// How the rows of a batch are spread, and the sizes of the arenas.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) threaded: bool,
    pub(crate) slots: usize,
    pub(crate) micro_batch: usize,
    /// Numbers of the arena of each slot.
    pub(crate) local: usize,
    /// Numbers of the arena of the batch.
    pub(crate) across: usize,
}

impl Layout {
    /// Cuts a step into regions and gives each buffer its place; `order` has room for all of them.
    pub(crate) const fn new(
        (steps, calls): (&[StepSketch], &[Call]),
        totals: &Totals,
        (mode, batch, cut): (Mode, usize, Cut),
        buffers: &mut [Buffer],
        order: &mut [usize],
        regions: &mut List<'_, Region>,
    ) -> Self {
        cut_into_regions(calls, steps, regions);
        let predicts = matches!(mode, Mode::Predict);
        bring_home(buffers, regions.items(), calls.len(), predicts);
        let passes = if matches!(mode, Mode::Train) { 3 } else { 1 };
        let macs = totals.macs.saturating_mul(batch).saturating_mul(passes);
        let threaded = macs >= cut.threaded_macs;
        let slots = if threaded {
            clamp(batch / at_least(totals.rows, ROWS_PER_SLOT), MAX_SLOTS)
        } else {
            1
        };
        let per_row = match place(buffers, order, Home::Local, 1) {
            0 => 1,
            per_row => per_row,
        };
        let micro_batch = clamp(
            at_least(cut.micro_batch_numbers / per_row, totals.rows),
            clamp(batch.div_ceil(slots), usize::MAX),
        );
        Layout {
            threaded,
            slots,
            micro_batch,
            local: place(buffers, order, Home::Local, micro_batch),
            across: place(buffers, order, Home::Batch, batch),
        }
    }

    /// All numbers that a plan allocates; `None` if that is more than a `usize` counts.
    pub(crate) const fn numbers(&self, totals: &Totals) -> Option<usize> {
        let slot = [
            self.local,
            totals.scratch,
            totals.slot_gradients,
            2 * totals.sums,
        ];
        let whole = [
            self.across,
            totals.batch_gradients,
            totals.packed,
            totals.shared,
        ];
        let (Some(slot), Some(whole)) = (sum(&slot), sum(&whole)) else {
            return None;
        };
        match slot.checked_mul(self.slots) {
            Some(slots) => slots.checked_add(whole),
            None => None,
        }
    }
}

const fn sum(numbers: &[usize]) -> Option<usize> {
    let mut sum = 0_usize;
    let mut i = 0;
    while i < numbers.len() {
        sum = match sum.checked_add(numbers[i]) {
            Some(sum) => sum,
            None => return None,
        };
        i += 1;
    }
    Some(sum)
}

/// `number`, or `least` if that is more.
const fn at_least(number: usize, least: usize) -> usize {
    if number < least { least } else { number }
}

/// From 1 to `most`.
const fn clamp(number: usize, most: usize) -> usize {
    match number {
        0 => 1,
        _ if number > most => most,
        _ => number,
    }
}

const fn cut_into_regions(calls: &[Call], steps: &[StepSketch], regions: &mut List<'_, Region>) {
    let mut i = 0;
    while i < calls.len() {
        let whole_batch = match calls[i] {
            Call::Forward(s) | Call::Backward(s) => matches!(steps[s].demand.grain, Grain::Batch),
            _ => false,
        };
        // What is measured is known after all rows only.
        let follows = i > 0 && calls[i - 1].measures().is_none();
        match regions.items_mut() {
            [.., last] if follows && !last.whole_batch && !whole_batch => last.calls.end = i + 1,
            _ => {
                let calls = Part {
                    start: i,
                    end: i + 1,
                };
                regions.push(Region { whole_batch, calls });
            }
        }
        i += 1;
    }
}

/// Decides in which arena each buffer is: a value that is made and used up within one region stays with its thread. Any
/// other is alive for whole regions, because threads are at different calls of a region at the same time. The samples of a
/// prediction stay where they are.
const fn bring_home(buffers: &mut [Buffer], regions: &[Region], calls: usize, predicts: bool) {
    let mut i = 0;
    while i < buffers.len() {
        let buffer = &mut buffers[i];
        let first = region_of(regions, buffer.first);
        let last = region_of(regions, buffer.last);
        // The first call gathers the samples, and touches nothing else.
        if predicts && buffer.first == 0 {
            buffer.home = Home::Samples;
        } else if first == last && !regions[first].whole_batch {
            buffer.home = Home::Local;
        } else {
            buffer.home = Home::Batch;
            buffer.first = regions[first].calls.start;
            // What is read after the last call belongs to no region.
            buffer.last = if last < regions.len() {
                regions[last].calls.end - 1
            } else {
                calls
            };
        }
        i += 1;
    }
}

/// The region of a call; behind the last one for what is behind the last call.
const fn region_of(regions: &[Region], call: usize) -> usize {
    // Those before `from` end before it, those from `to` on do not.
    let (mut from, mut to) = (0, regions.len());
    while from < to {
        let middle = from + (to - from) / 2;
        if regions[middle].calls.end <= call {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    from
}
