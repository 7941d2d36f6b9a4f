//! Networks on a GPU: the same step as a fixed list of commands.
//!
//! - `command`: what a GPU is told to do, as plain data: launches of our kernels (`runtime/cuda/kernels`) and matrix
//!   products. A layer, loss, metric or optimizer *records* its commands; nothing here needs a GPU.
//! - `plan`: the commands of a whole step, with every address fixed.
//! - `driver`: who carries commands out. CUDA does (feature `cuda`); so does an emulator on the CPU, with which the
//!   tests run every command without a GPU (feature `cuda-emulator`).
//! - `engine`: a network on such a driver: weights, totals and the optimizer's memory stay on the device.

pub(crate) mod command;
#[cfg(any(feature = "cuda", all(test, feature = "cuda-emulator")))]
pub(crate) mod driver;
#[cfg(all(test, feature = "cuda-emulator"))]
pub(crate) mod emulator;
#[cfg(any(feature = "cuda", all(test, feature = "cuda-emulator")))]
pub(crate) mod engine;
#[cfg(any(feature = "cuda", all(test, feature = "cuda-emulator")))]
pub(crate) mod plan;
#[cfg(any(feature = "cuda", all(test, feature = "cuda-emulator")))]
mod weights;

pub use command::{
    Argument, Command, Pointer, Product, RecordBackward, RecordForward, RecordLoss, RecordMetric,
    RecordUpdate, Recorder,
};
