//! Layers as ordinary dfdx modules: parameters in tensors, gradients on dfdx's tape.
//!
//! A [`BuiltLayer`] runs the layer's [`Op`](crate::op::Op) on a whole batch and puts its backward pass on the tape, so
//! the same kernels serve dfdx's way of working and the planned step. This way is for mixing layers with dfdx's own
//! operations; it copies between tensors and kernels, and `fit` does not use it.
//!
//! A [`TapeOp`] goes the other way: it makes an op of dfdx's operations, so that a function over tensors, or a module, is a
//! layer like any other.

mod built;
mod flat;
mod op;
mod parameters;

pub use built::{BatchOf, Built, BuiltLayer};
pub use flat::FlatBatch;
pub use op::{TapeOp, TapePass, TapeTensor};
pub use parameters::{LayerParameters, NoParameters, TapeParameters};
