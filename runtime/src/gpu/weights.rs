//! What belongs to the weights of a network, in the memory of a device.

use super::command::Pointer;
use super::driver::{Driver, Memory};
use crate::error::Result;
use crate::plan::Store;
use std::ops::Range;
use std::sync::Arc;

/// The structure `StepState` of the kernels, in bytes.
pub(crate) const STATE_BYTES: usize = 24;

/// What belongs to the weights of a network, on the device.
#[derive(Debug)]
pub(crate) struct Weights<D: Driver> {
    pub(crate) values: Memory<D>,
    /// In the order of the values; what is not trained stays 0.
    pub(crate) gradients: Memory<D>,
    /// What the optimizer remembers.
    pub(crate) memory: Vec<Memory<D>>,
    /// The seed, the number of the step and the learning rate.
    pub(crate) state: Memory<D>,
}

impl<D: Driver> Weights<D> {
    /// The first weights of a network.
    pub(crate) fn new(driver: &Arc<D>, store: &Store) -> Result<Self> {
        let count = store.values().len();
        let weights = Weights {
            values: Memory::floats(driver, count)?,
            gradients: Memory::floats(driver, count)?,
            memory: Vec::new(),
            state: Memory::new(driver, STATE_BYTES)?,
        };
        weights.values.write(store.values())?;
        Ok(weights)
    }

    /// Where the parameters of a layer are; null for one of length 0.
    pub(crate) fn parameters(&self, store: &Store, layer: usize) -> Vec<Pointer> {
        let block = &store.blocks()[layer];
        places(self.values.start().floats(block.all.start), &block.ranges)
    }

    /// Where the gradients of a layer's trained parameters are.
    pub(crate) fn gradients(&self, store: &Store, layer: usize) -> Vec<Pointer> {
        let block = &store.blocks()[layer];
        let start = self.gradients.start().floats(block.all.start);
        places(start, &block.trained_ranges)
    }
}

fn places(start: Pointer, ranges: &[Range<usize>]) -> Vec<Pointer> {
    let place = |range: &Range<usize>| match range.is_empty() {
        true => Pointer::NULL,
        false => start.floats(range.start),
    };
    ranges.iter().map(place).collect()
}
