//! A place to try out commands: memory with known contents, one run, and a look at what came of it.

use crate::gpu::driver::{Driver, Memory};
use crate::gpu::weights::StepState;
use crate::gpu::{Pointer, Recorder};
use std::sync::Arc;

/// What memory holds that nobody has written to yet: whoever reads it is found out.
const GARBAGE: f32 = f32::NAN;

/// Numbers behind each piece of memory, which must stay garbage.
const FENCE: usize = 1024;

/// A device to try out commands on.
#[derive(Debug)]
pub(crate) struct Bench<D: Driver> {
    driver: Arc<D>,
}

/// Some numbers on the device.
#[derive(Debug)]
pub(crate) struct Piece<D: Driver> {
    memory: Memory<D>,
    count: usize,
}

impl<D: Driver> Bench<D> {
    pub(crate) fn new(device: &D::Device) -> Self {
        let driver = D::open(device).unwrap();
        Bench { driver }
    }

    /// These numbers.
    pub(crate) fn floats(&self, numbers: &[f32]) -> Piece<D> {
        let memory = Memory::floats(&self.driver, numbers.len() + FENCE).unwrap();
        memory.write(numbers).unwrap();
        memory.write_at(numbers.len(), &[GARBAGE; FENCE]).unwrap();
        Piece {
            memory,
            count: numbers.len(),
        }
    }

    /// Class ids as the kernels read them.
    pub(crate) fn classes(&self, ids: &[i64]) -> Piece<D> {
        let bits: Vec<f32> = ids.iter().map(|&id| f32::from_bits(id as u32)).collect();
        self.floats(&bits)
    }

    /// Room for so many numbers, with anything in it.
    pub(crate) fn room(&self, count: usize) -> Piece<D> {
        self.floats(&vec![GARBAGE; count])
    }

    /// So many doubles, all 0.
    pub(crate) fn doubles(&self, count: usize) -> Piece<D> {
        self.floats(&vec![0.0; 2 * count])
    }

    /// What the device knows of the step.
    pub(crate) fn state(&self, state: StepState) -> Piece<D> {
        let piece = self.floats(&[0.0; StepState::BYTES / 4]);
        self.driver
            .feed(piece.start(), StepState::BYTES, &mut |to| state.write(to))
            .unwrap();
        piece
    }

    /// Carries out what was recorded.
    pub(crate) fn run(&self, commands: Recorder) {
        self.driver.run(&commands.finish()).unwrap();
    }
}

impl<D: Driver> Piece<D> {
    pub(crate) fn start(&self) -> Pointer {
        self.memory.start()
    }

    /// Where it is as a parameter: nowhere, if it has no numbers.
    pub(crate) fn as_parameter(&self) -> Pointer {
        match self.count {
            0 => Pointer::NULL,
            _ => self.start(),
        }
    }

    /// The numbers, behind which nothing may have been written.
    pub(crate) fn read(&self) -> Vec<f32> {
        let mut numbers = self.memory.read_at(0, self.count + FENCE).unwrap();
        let fence = numbers.split_off(self.count);
        assert!(
            fence.iter().all(|n| n.to_bits() == GARBAGE.to_bits()),
            "something was written behind {} numbers",
            self.count
        );
        numbers
    }

    /// The same numbers as doubles.
    pub(crate) fn read_doubles(&self) -> Vec<f64> {
        let bytes: Vec<u8> = self.read().iter().flat_map(|n| n.to_ne_bytes()).collect();
        let (doubles, _) = bytes.as_chunks::<8>();
        doubles.iter().map(|d| f64::from_ne_bytes(*d)).collect()
    }
}
