//! The arithmetic: CPU kernels on slices of `f32`.
//!
//! Nothing here knows of tensors, layers or networks, and nothing of the crate is used, but the
//! names of the activations. Memory
//! is row-major and channels last: a batch is samples one after the other, a sample is
//! `(height, width, channels)`, a kernel `(height, width, in, out)`, as Keras keeps them.
//!
//! - [`simd`]: vectors of any instruction set behind one trait, chosen at run time;
//! - `tile`: the inner loop that products and convolutions share; `transpose`: rows become columns;
//! - [`gemm`], [`convolution`], [`pooling`], [`normalization`]: the heavy operations;
//! - [`narrow`]: whole networks that are too narrow for those;
//! - [`lstm`]: a recurrent layer over all of its steps;
//! - [`functions`], [`elementwise`]: activations and plain arithmetic; [`stretch`]: arrays of different shapes together;
//! - [`updates`]: optimizer steps; [`philox`]: dropout; [`aligned`]: memory for all of them.
//!
//! The public face of each file is safe functions that check the lengths of their slices once;
//! the unsafe code behind them does not look again. Kernels run on the calling thread, except
//! for `Product::run_parallel` and what says so, and results do not depend on the number of threads. They do
//! differ in the last digits from one instruction set to another.

pub(crate) mod aligned;
pub(crate) mod convolution;
pub(crate) mod elementwise;
pub(crate) mod functions;
pub(crate) mod gemm;
pub(crate) mod lstm;
pub(crate) mod narrow;
pub(crate) mod normalization;
pub(crate) mod philox;
pub(crate) mod pooling;
#[cfg(test)]
pub(crate) mod properties;
#[cfg(test)]
mod reference;
pub(crate) mod simd;
pub(crate) mod stretch;
mod tile;
pub(crate) mod transpose;
pub(crate) mod updates;
mod window;
