//! What belongs to the weights of a network, in the memory of a device.

use super::command::Pointer;
use super::driver::{Driver, Memory};
use crate::error::Result;
use crate::plan::Store;
use std::ops::Range;
use std::sync::Arc;

/// The structure `StepState` of the kernels, as the host writes it: what the device counts on from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StepState {
    /// What randomness is drawn from.
    pub(crate) seed: u64,
    /// Training steps so far. A run of more than a `u32` counts would use its dropout masks again.
    pub(crate) steps: u64,
    /// The optimizer's own count of them.
    pub(crate) updates: u64,
    pub(crate) learning_rate: f64,
}

impl StepState {
    pub(crate) const BYTES: usize = 24;

    /// The fields as the kernels read them; the last is the device's own.
    pub(crate) fn write(&self, to: &mut [u8]) {
        let words = [
            self.seed as u32,
            (self.seed >> 32) as u32,
            self.steps as u32,
            self.updates as u32,
            (self.learning_rate as f32).to_bits(),
            0,
        ];
        for (word, bytes) in words.iter().zip(to.as_chunks_mut::<4>().0) {
            *bytes = word.to_ne_bytes();
        }
    }
}

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
            state: Memory::new(driver, StepState::BYTES)?,
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
        let start = store.blocks()[layer].all.start;
        self.gradients_at(self.gradients.start().floats(start), store, layer)
    }

    /// The same in other memory.
    pub(crate) fn gradients_at(&self, start: Pointer, store: &Store, layer: usize) -> Vec<Pointer> {
        places(start, &store.blocks()[layer].trained_ranges)
    }
}

fn places(start: Pointer, ranges: &[Range<usize>]) -> Vec<Pointer> {
    let place = |range: &Range<usize>| match range.is_empty() {
        true => Pointer::NULL,
        false => start.floats(range.start),
    };
    ranges.iter().map(place).collect()
}
