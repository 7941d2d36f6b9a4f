//! The planned step: what `fit`, `evaluate` and `predict` run.
//!
//! All shapes are constants, so everything about a step is decided before the first one: which calls are made in
//! which order ([`program`]), where every value lives ([`buffers`]), and how the rows of a batch are spread over threads.
//! Running a step ([`run`]) then allocates nothing and decides nothing.
//!
//! The calls are cut into *regions*. Within a region each thread takes its rows, one micro-batch at a time, through
//! all calls, so that the values stay in its cache; a call that needs the whole batch is a region of its own. The
//! gradients of a region's rows are summed in a fixed number of slots, and the slots in a fixed order, so that the
//! result does not depend on the number of threads.

mod arena;
mod buffers;
mod layout;
mod list;
mod narrow;
mod outline;
mod program;
mod run;
mod size;
mod sketch;
mod slot;
mod store;
#[cfg(test)]
mod tests;
mod update;
mod wiring;
mod work;

#[cfg(any(feature = "cuda", test))]
pub(crate) use buffers::arena;
pub(crate) use list::List;
pub(crate) use outline::Mode;
#[cfg(test)]
pub(crate) use outline::demand;
#[cfg(any(feature = "cuda", test))]
pub(crate) use outline::{Call, Gradient, Outline, Step};
pub(crate) use program::Plan;
pub(crate) use run::Answers;
pub(crate) use size::numbers;
#[cfg(any(feature = "cuda", test))]
pub(crate) use store::Block;
pub(crate) use store::{Store, block_len};
pub(crate) use wiring::{Node, Part, Wiring, most_buffers, most_calls, only_output};
pub(crate) use work::{Batch, Goal, Learner, Totals};
