//! The same files, against what the commands for a GPU compute.

pub(crate) mod layers;
mod losses;
mod merging;
mod metrics;
mod optimizers;

use crate::gpu::driver::Driver;
use crate::gpu::tests::bench::{Bench, Piece};
use crate::training::labels::Targets;

/// Targets on the device.
fn upload<D: Driver>(bench: &Bench<D>, targets: &Targets<'_>) -> Piece<D> {
    match targets {
        Targets::Classes(ids) => bench.classes(ids),
        Targets::Values { values, .. } => bench.floats(values),
    }
}
