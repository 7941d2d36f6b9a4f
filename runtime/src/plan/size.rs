//! The memory of a training step before there is one: what the compiler says of it.

use super::buffers::Buffer;
use super::layout::{Cut, Layout, Region, Totals};
use super::list::List;
use super::outline::{Call, Mode};
use super::sketch::{HeadSketch, Link, Sketch, StepSketch, Trace};
use super::wiring::Wiring;

/// The numbers that the plan of a training step allocates for batches of `batch` samples; `None` if that is more than a
/// `usize` counts. There is room for `N` buffers and calls.
pub(crate) const fn numbers<const N: usize>(wiring: &Wiring<'_>, batch: usize) -> Option<usize> {
    let mut buffers = [Buffer::new(0); N];
    let mut steps = [StepSketch::EMPTY; N];
    let mut heads = [HeadSketch::EMPTY; N];
    let mut calls = [Call::Gather; N];
    let mut sketch = Sketch {
        buffers: List::new(&mut buffers),
        steps: List::new(&mut steps),
        heads: List::new(&mut heads),
        calls: List::new(&mut calls),
        links: &mut [Link::EMPTY; N],
        buffer_of: &mut [usize::MAX; N],
        traces: &mut [Trace::EMPTY; N],
    };
    sketch.draw(wiring, Mode::Train, true);
    let mut totals = Totals::NOTHING;
    let mut i = 0;
    while i < sketch.steps.len() {
        totals.add(&sketch.steps.items()[i], Mode::Train);
        i += 1;
    }
    let Sketch {
        mut buffers,
        steps,
        calls,
        ..
    } = sketch;
    if !can_be_counted(buffers.items(), batch) {
        return None;
    }
    let layout = Layout::new(
        (steps.items(), calls.items()),
        &totals,
        (Mode::Train, batch, Cut::USUAL),
        buffers.items_mut(),
        &mut [0; N],
        &mut List::new(&mut [Region::EMPTY; N]),
    );
    layout.numbers(&totals)
}

/// Whether a `usize` counts all values of a batch, each in whole cache lines.
const fn can_be_counted(buffers: &[Buffer], batch: usize) -> bool {
    let mut row_len = 0_usize;
    let mut i = 0;
    while i < buffers.len() {
        row_len = row_len.saturating_add(buffers[i].row_len);
        i += 1;
    }
    let lines = 16 * (1 + buffers.len());
    match row_len.checked_mul(batch) {
        Some(numbers) => numbers.checked_add(lines).is_some(),
        None => false,
    }
}
