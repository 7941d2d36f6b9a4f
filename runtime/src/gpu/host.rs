//! Work of the host in the middle of a step.

use super::command::Pointer;
#[cfg(any(feature = "cuda", all(test, feature = "cuda-emulator")))]
use crate::error::Result;
use std::fmt::Debug;
use std::sync::Arc;

/// So many floats on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Floats {
    /// Where they begin.
    pub start: Pointer,
    /// How many there are.
    pub count: usize,
}

/// What the host does.
pub trait HostWork: Debug + Send + Sync {
    /// Computes `writes` from `reads`. Both are in the order of the command; `writes` come as zeros.
    fn run(&self, reads: &[Vec<f32>], writes: &mut [Vec<f32>]);
}

/// Work of the host between two commands for the device. The device is waited for, so it is slow, and a step that has
/// such work cannot be captured.
#[derive(Clone, Debug)]
pub struct HostCall {
    /// What is copied from the device before.
    pub reads: Vec<Floats>,
    /// Where the results are copied to.
    pub writes: Vec<Floats>,
    /// What is done.
    pub work: Arc<dyn HostWork>,
}

impl PartialEq for HostCall {
    fn eq(&self, other: &Self) -> bool {
        self.reads == other.reads
            && self.writes == other.writes
            && Arc::ptr_eq(&self.work, &other.work)
    }
}

/// How a driver copies for the host.
#[cfg(any(feature = "cuda", all(test, feature = "cuda-emulator")))]
pub(super) trait Copies {
    /// Copies from the device, when all work before is done.
    fn download(&mut self, from: Pointer, bytes: &mut [u8]) -> Result<()>;

    /// Copies to the device, before all work after.
    fn upload(&mut self, to: Pointer, bytes: &[u8]) -> Result<()>;
}

#[cfg(any(feature = "cuda", all(test, feature = "cuda-emulator")))]
impl HostCall {
    /// Does the work, for a driver.
    pub(super) fn run(&self, copies: &mut impl Copies) -> Result<()> {
        let mut reads = Vec::with_capacity(self.reads.len());
        for read in &self.reads {
            let mut bytes = vec![0; 4 * read.count];
            if read.count > 0 {
                copies.download(read.start, &mut bytes)?;
            }
            let (numbers, _) = bytes.as_chunks::<4>();
            reads.push(numbers.iter().map(|n| f32::from_ne_bytes(*n)).collect());
        }
        let mut writes: Vec<Vec<f32>> = self.writes.iter().map(|w| vec![0.0; w.count]).collect();
        self.work.run(&reads, &mut writes);
        for (write, numbers) in self.writes.iter().zip(&writes).filter(|(w, _)| w.count > 0) {
            let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_ne_bytes()).collect();
            copies.upload(write.start, &bytes)?;
        }
        Ok(())
    }
}
