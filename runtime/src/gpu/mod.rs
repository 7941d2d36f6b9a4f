//! Networks on a GPU: the same step as a fixed list of commands.
//!
//! - `command`: what a GPU is told to do, as plain data: launches of our kernels (`runtime/cuda/kernels`) and matrix
//!   products. A layer, loss, metric or optimizer *records* its commands; nothing here needs a GPU.
//! - `host`, `host_op`: work of the host in the middle of a step, for layers without kernels.
//! - `convolution`: passes of convolutions, for drivers with a library for them.
//! - `recording`, `plan`: the commands of a whole step, with every address fixed.
//! - `driver`: who carries commands out. CUDA does (feature `cuda`); so does an emulator on the CPU, with which the
//!   tests run every command without a GPU (feature `cuda-emulator`).
//! - `nvidia`: CUDA as such a driver.
//! - `engine`: a network on such a driver: weights, totals and the optimizer's memory stay on the device.

pub(crate) mod command;
pub(crate) mod convolution;
#[cfg(any(feature = "cuda", test))]
#[cfg_attr(
    not(feature = "cuda"),
    allow(
        unreachable_pub,
        reason = "part of a device's public type, which is there with `cuda` only"
    )
)]
pub(crate) mod driver;
#[cfg(all(test, feature = "cuda-emulator"))]
pub(crate) mod emulator;
#[cfg(any(feature = "cuda", test))]
#[cfg_attr(
    not(feature = "cuda"),
    allow(
        unreachable_pub,
        reason = "part of a device's public type, which is there with `cuda` only"
    )
)]
pub(crate) mod engine;
pub(crate) mod host;
#[cfg(any(feature = "cuda", test))]
mod host_op;
#[cfg(feature = "cuda")]
pub(crate) mod nvidia;
#[cfg(any(feature = "cuda", test))]
pub(crate) mod plan;
#[cfg(any(feature = "cuda", test))]
mod recording;
#[cfg(test)]
pub(crate) mod tests;
#[cfg(any(feature = "cuda", test))]
pub(crate) mod weights;

pub use command::{
    Argument, Command, Pointer, Product, RecordBackward, RecordForward, RecordLoss, RecordMetric,
    RecordUpdate, Recorder,
};
pub use convolution::{BareConvolution, Convolution, ConvolutionPass, ConvolutionSizes};
pub use host::{Floats, HostCall, HostWork};
