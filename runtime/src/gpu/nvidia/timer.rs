//! How long work takes on the device.

use super::checked::Answer;
use crate::error::Result;
use cudarc::driver::sys::{self, CUevent, CUstream};
use std::ptr;

const DOING: &str = "timing work on the GPU";

/// Two events on a stream.
#[derive(Debug)]
pub(super) struct Timer {
    begin: CUevent,
    end: CUevent,
}

impl Timer {
    pub(super) fn new() -> Result<Self> {
        let mut timer = Timer {
            begin: ptr::null_mut(),
            end: ptr::null_mut(),
        };
        let flags = sys::CUevent_flags::CU_EVENT_DEFAULT as u32;
        for event in [&mut timer.begin, &mut timer.end] {
            // SAFETY: the event is written to a place that lives.
            unsafe { sys::cuEventCreate(event, flags) }.checked(DOING)?;
        }
        Ok(timer)
    }

    /// From here on.
    pub(super) fn begin(&self, stream: CUstream) -> Result<()> {
        // SAFETY: the event was made in `new`, and the stream is the caller's.
        unsafe { sys::cuEventRecord(self.begin, stream) }.checked(DOING)
    }

    /// The milliseconds that everything took since `begin`, for which this waits.
    pub(super) fn end(&self, stream: CUstream) -> Result<f32> {
        let mut milliseconds = 0.0;
        // SAFETY: as above; the number is written to a place that lives.
        unsafe {
            sys::cuEventRecord(self.end, stream).checked(DOING)?;
            sys::cuEventSynchronize(self.end).checked(DOING)?;
            sys::cuEventElapsedTime(&raw mut milliseconds, self.begin, self.end).checked(DOING)?;
        }
        Ok(milliseconds)
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        for event in [self.begin, self.end] {
            if !event.is_null() {
                // SAFETY: made in `new`, and given back once. What fails here cannot be helped.
                let _ = unsafe { sys::cuEventDestroy_v2(event) };
            }
        }
    }
}
