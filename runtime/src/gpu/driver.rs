//! Who carries out commands.

use super::command::{Command, Pointer};
use crate::error::Result;
use std::fmt::Debug;
use std::sync::Arc;

/// A GPU, or what stands in for one.
///
/// Work is done in the order in which it is asked for; only [`Driver::download`] and [`Driver::finish`] wait for it.
pub trait Driver: Debug + Send + Sync + 'static {
    /// The device as users name it.
    type Device;

    /// Commands that have been prepared to be run many times.
    type Captured: Debug + Send;

    /// The driver of a device.
    fn open(device: &Self::Device) -> Result<Arc<Self>>;

    /// Whether training steps are to be captured and replayed.
    fn captures(&self) -> bool;

    /// Memory of so many bytes, all 0.
    fn allocate(&self, bytes: usize) -> Result<Pointer>;

    /// Gives memory back.
    fn free(&self, memory: Pointer);

    /// Sets memory to 0.
    fn zero(&self, to: Pointer, bytes: usize) -> Result<()>;

    /// Copies within the device.
    fn copy(&self, from: Pointer, to: Pointer, bytes: usize) -> Result<()>;

    /// Copies to the device, ahead of time where the driver can: `fill` writes the bytes into memory that the device
    /// reads while it is still at earlier work.
    fn feed(&self, to: Pointer, bytes: usize, fill: &mut dyn FnMut(&mut [u8])) -> Result<()>;

    /// Copies from the device, when all work before is done.
    fn download(&self, from: Pointer, bytes: &mut [u8]) -> Result<()>;

    /// Runs commands one after another.
    fn run(&self, commands: &[Command]) -> Result<()>;

    /// Prepares commands, which have been run once, to be run many times.
    fn capture(&self, commands: &[Command]) -> Result<Self::Captured>;

    /// Runs prepared commands.
    fn replay(&self, captured: &Self::Captured) -> Result<()>;
}

/// Memory that is given back when nobody needs it any more.
#[derive(Debug)]
pub(crate) struct Memory<D: Driver> {
    driver: Arc<D>,
    start: Pointer,
    bytes: usize,
}

impl<D: Driver> Memory<D> {
    /// So many bytes, all 0.
    pub(crate) fn new(driver: &Arc<D>, bytes: usize) -> Result<Self> {
        Ok(Memory {
            start: driver.allocate(bytes)?,
            driver: Arc::clone(driver),
            bytes,
        })
    }

    /// So many floats, all 0.
    pub(crate) fn floats(driver: &Arc<D>, count: usize) -> Result<Self> {
        Memory::new(driver, 4 * count)
    }

    /// Where it is.
    pub(crate) fn start(&self) -> Pointer {
        self.start
    }

    /// Sets all of it to 0.
    pub(crate) fn clear(&self) -> Result<()> {
        self.driver.zero(self.start, self.bytes)
    }

    /// Copies all of another piece of the same size.
    pub(crate) fn copy_from(&self, other: &Memory<D>) -> Result<()> {
        self.driver
            .copy(other.start, self.start, self.bytes.min(other.bytes))
    }

    /// Writes floats from the start on.
    pub(crate) fn write(&self, numbers: &[f32]) -> Result<()> {
        self.write_at(0, numbers)
    }

    /// Writes floats from the float at `offset` on.
    pub(crate) fn write_at(&self, offset: usize, numbers: &[f32]) -> Result<()> {
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_ne_bytes()).collect();
        self.driver
            .feed(self.start.floats(offset), bytes.len(), &mut |to| {
                to.copy_from_slice(&bytes)
            })
    }

    /// Reads `count` floats from the float at `offset` on.
    pub(crate) fn read_at(&self, offset: usize, count: usize) -> Result<Vec<f32>> {
        let mut bytes = vec![0; 4 * count];
        self.driver
            .download(self.start.floats(offset), &mut bytes)?;
        let (numbers, _) = bytes.as_chunks::<4>();
        Ok(numbers.iter().map(|n| f32::from_ne_bytes(*n)).collect())
    }
}

impl<D: Driver> Drop for Memory<D> {
    fn drop(&mut self) {
        self.driver.free(self.start);
    }
}
