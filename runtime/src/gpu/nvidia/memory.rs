//! Memory of a GPU.

use super::checked::Answer;
use crate::error::{Error, Result};
use cudarc::driver::sys::{self, CUdeviceptr, CUresult};

/// Takes memory of the current device.
pub(super) fn take(bytes: usize) -> Result<CUdeviceptr> {
    let mut start = 0;
    // SAFETY: the address is written to a place that lives.
    match unsafe { sys::cuMemAlloc_v2(&raw mut start, bytes.max(1)) } {
        CUresult::CUDA_ERROR_OUT_OF_MEMORY => {
            let (mut free, mut total) = (0, 0);
            // SAFETY: both numbers are written to places that live.
            unsafe { sys::cuMemGetInfo_v2(&raw mut free, &raw mut total) }
                .checked("asking for free memory")?;
            Err(Error::OutOfMemory { bytes, free, total })
        }
        answer => answer.checked("taking memory").map(|()| start),
    }
}
