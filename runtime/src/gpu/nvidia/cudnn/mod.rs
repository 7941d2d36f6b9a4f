//! Convolutions by cuDNN, if the options ask for it.
//!
//! - `functions`: cuDNN's functions, looked up when they are first needed.
//! - `plan`: a pass of a convolution, ready to be run.
//! - `fastest`: which of several ways is the fastest.
//! - `queue`: how the stream of a network carries out convolutions.

mod fastest;
mod functions;
mod plan;
mod queue;
#[cfg(test)]
mod tests;

use super::options::{CudaOptions, Cudnn};
use crate::error::Result;
use crate::gpu::convolution::{ConvolutionPass, ConvolutionSizes};
use cudarc::driver::sys::CUstream;
use functions::{FMA_MATH, Functions, Handle, TF32_MATH, functions};
use plan::{Plan, Workspaces};
use queue::Choice;
use std::collections::HashMap;
use std::ffi::c_int;
use std::ptr;

/// Runs `start` if the option asks for cuDNN. An error counts only where it is demanded.
fn wanted<T>(option: Cudnn, start: impl FnOnce() -> Result<T>) -> Result<Option<T>> {
    match option {
        Cudnn::Off => Ok(None),
        Cudnn::WhereFaster => Ok(start().ok()),
        Cudnn::Always => start().map(Some),
    }
}

/// Whether cuDNN is there, if it is demanded.
pub(super) fn probe(option: Cudnn) -> Result<()> {
    wanted(option, functions).map(|_| ())
}

/// cuDNN on one stream, and what is known of each convolution.
#[derive(Debug)]
pub(super) struct Convolutions {
    functions: &'static Functions,
    handle: Handle,
    /// Nothing is timed.
    always: bool,
    math: c_int,
    workspaces: Workspaces,
    choices: HashMap<(ConvolutionPass, ConvolutionSizes), Choice>,
}

impl Convolutions {
    /// Nothing if the options do not ask for it, or if it is not there and not demanded.
    pub(super) fn new(options: &CudaOptions, stream: CUstream) -> Result<Option<Self>> {
        wanted(options.cudnn, || {
            let functions = functions()?;
            let mut convolutions = Convolutions {
                functions,
                handle: ptr::null_mut(),
                always: options.cudnn == Cudnn::Always,
                math: if options.tf32 { TF32_MATH } else { FMA_MATH },
                workspaces: Workspaces::default(),
                choices: HashMap::new(),
            };
            let doing = "starting cuDNN";
            // SAFETY: the handle is written to a place that lives, and the stream is one of this device.
            unsafe {
                functions.checked((functions.cudnnCreate)(&raw mut convolutions.handle), doing)?;
                let status = (functions.cudnnSetStream)(convolutions.handle, stream);
                functions.checked(status, doing)?;
            }
            Ok(convolutions)
        })
    }

    /// What cuDNN has for a pass, the most promising first. None of it adds up in an order that changes.
    fn plans(&mut self, pass: ConvolutionPass, sizes: ConvolutionSizes) -> Result<Vec<Plan>> {
        if !sizes.is_symmetric() {
            return Ok(Vec::new());
        }
        let algorithms = plan::algorithms(pass).iter();
        let plans =
            algorithms.filter_map(|&algorithm| Plan::new(self, pass, sizes, algorithm).transpose());
        plans.collect()
    }

    /// What was chosen so far: how many passes are cuDNN's, and how many ours.
    #[cfg(test)]
    pub(super) fn counts(&self) -> (usize, usize) {
        let is_cudnn = |choice: &&Choice| matches!(choice, Choice::Cudnn(_));
        let cudnn = self.choices.values().filter(is_cudnn).count();
        (cudnn, self.choices.len() - cudnn)
    }
}

impl Drop for Convolutions {
    fn drop(&mut self) {
        self.choices.clear();
        if !self.handle.is_null() {
            // SAFETY: made in `new`, and given back once. What fails here cannot be helped.
            let _ = unsafe { (self.functions.cudnnDestroy)(self.handle) };
        }
    }
}
