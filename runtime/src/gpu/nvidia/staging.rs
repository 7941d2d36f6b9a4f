//! Batches on their way to the GPU.
//!
//! The host writes a batch into pinned memory; a stream of its own copies it to the device while the compute stream is
//! still at an earlier step; the compute stream then moves it to its place, which takes no time to speak of. Two events
//! keep each slot from being overwritten too early.

use super::checked::Answer;
use super::memory::take;
use crate::error::Result;
use cudarc::driver::sys::{self, CUdeviceptr, CUevent, CUstream};
use std::ffi::c_void;
use std::ptr;

/// Batches that can be on their way: samples and targets of two steps.
const SLOTS: usize = 4;

/// The way to the GPU.
#[derive(Debug)]
pub(super) struct Staging {
    stream: CUstream,
    slots: Vec<Slot>,
    next: usize,
}

/// Room for one copy.
#[derive(Debug)]
struct Slot {
    host: *mut c_void,
    device: CUdeviceptr,
    bytes: usize,
    /// The copy has reached the device: the host may write.
    arrived: CUevent,
    /// The copy has been moved to its place: the next may arrive.
    moved: CUevent,
}

impl Staging {
    /// Needs the context of the device to be current, as everything here does.
    pub(super) fn new() -> Result<Self> {
        let mut staging = Staging {
            stream: ptr::null_mut(),
            slots: Vec::with_capacity(SLOTS),
            next: 0,
        };
        let flags = sys::CUstream_flags::CU_STREAM_NON_BLOCKING as u32;
        // SAFETY: the stream is written to a place that lives.
        unsafe { sys::cuStreamCreate(&raw mut staging.stream, flags) }
            .checked("making a stream for copies")?;
        for _ in 0..SLOTS {
            // In the list before it is whole, so that what was made is given back if something fails.
            staging.slots.push(Slot::EMPTY);
            let Some(slot) = staging.slots.last_mut() else {
                continue;
            };
            for event in [&mut slot.arrived, &mut slot.moved] {
                let flags = sys::CUevent_flags::CU_EVENT_DISABLE_TIMING as u32;
                // SAFETY: the event is written to a place that lives.
                unsafe { sys::cuEventCreate(event, flags) }.checked("making an event")?;
            }
        }
        Ok(staging)
    }

    /// Copies what `fill` writes to the device; `compute` sees it there in its order.
    pub(super) fn feed(
        &mut self,
        to: CUdeviceptr,
        bytes: usize,
        fill: &mut dyn FnMut(&mut [u8]),
        compute: CUstream,
    ) -> Result<()> {
        let slot = &mut self.slots[self.next];
        self.next = (self.next + 1) % SLOTS;
        let doing = "copying a batch to the GPU";
        // SAFETY: an event that was made above; one that was never recorded counts as reached.
        unsafe { sys::cuEventSynchronize(slot.arrived) }.checked(doing)?;
        slot.grow(bytes)?;
        // SAFETY: pinned memory of at least so many bytes, which was zeroed when it was taken, and which no copy reads
        // any more.
        fill(unsafe { std::slice::from_raw_parts_mut(slot.host.cast::<u8>(), bytes) });
        // SAFETY: the slot has room for so many bytes on both sides, and so has `to`; the events order the accesses.
        unsafe {
            sys::cuStreamWaitEvent(self.stream, slot.moved, 0).checked(doing)?;
            sys::cuMemcpyHtoDAsync_v2(slot.device, slot.host, bytes, self.stream).checked(doing)?;
            sys::cuEventRecord(slot.arrived, self.stream).checked(doing)?;
            sys::cuStreamWaitEvent(compute, slot.arrived, 0).checked(doing)?;
            sys::cuMemcpyDtoDAsync_v2(to, slot.device, bytes, compute).checked(doing)?;
            sys::cuEventRecord(slot.moved, compute).checked(doing)
        }
    }
}

impl Slot {
    const EMPTY: Slot = Slot {
        host: ptr::null_mut(),
        device: 0,
        bytes: 0,
        arrived: ptr::null_mut(),
        moved: ptr::null_mut(),
    };

    /// Makes room for so many bytes.
    fn grow(&mut self, bytes: usize) -> Result<()> {
        if bytes <= self.bytes {
            return Ok(());
        }
        self.release()?;
        // SAFETY: both addresses are written to places that live.
        unsafe {
            sys::cuMemHostAlloc(&raw mut self.host, bytes, 0).checked("taking pinned memory")?;
            self.host.cast::<u8>().write_bytes(0, bytes);
        }
        self.device = take(bytes)?;
        self.bytes = bytes;
        Ok(())
    }

    /// Gives the room back, when nothing is on its way in it.
    fn release(&mut self) -> Result<()> {
        self.bytes = 0;
        if self.device != 0 {
            // SAFETY: the memory was taken in `grow`, and is given back once.
            unsafe {
                sys::cuEventSynchronize(self.moved).checked("waiting for a copy")?;
                sys::cuMemFree_v2(std::mem::take(&mut self.device))
                    .checked("giving memory back")?;
            }
        }
        if !self.host.is_null() {
            // SAFETY: as above; the copy that read it has arrived, for it has been moved.
            unsafe { sys::cuMemFreeHost(std::mem::replace(&mut self.host, ptr::null_mut())) }
                .checked("giving pinned memory back")?;
        }
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What fails here cannot be helped any more: the driver is gone, and everything with it.
        for slot in &mut self.slots {
            let _ = slot.release();
            for event in [slot.arrived, slot.moved] {
                if !event.is_null() {
                    // SAFETY: made in `new`, and given back once.
                    let _ = unsafe { sys::cuEventDestroy_v2(event) };
                }
            }
        }
        if !self.stream.is_null() {
            // SAFETY: as above.
            let _ = unsafe { sys::cuStreamDestroy_v2(self.stream) };
        }
    }
}
