//! What the code that `network!` emits is made of. Hidden, without promises.

pub use crate::device::Device;
pub use crate::editor::{AsOutput, Parameters, parameters};
pub use crate::error::{Error, Result};
pub use crate::graph::Graph;
pub use crate::layers::{Layer, LayerSizes, Place};
pub use crate::model::{Model, inputs};
pub use crate::network::{LayerSet, Network, Weights};
pub use crate::shape::{AsShape, Dims, Outcome, Shape, StaticShape, declared, report};
pub use crate::tape::{Built, BuiltLayer, finish};
pub use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection};
pub use dfdx::nn::{Module, ModuleMut};
pub use dfdx::shapes::{Dim, Dtype};
pub use dfdx::tensor::{Cpu, Tape, Tensor};
pub use dfdx::tensor_ops::Device as DfdxDevice;

/// Fails to compile, at the tokens of the type, for what is not a layer.
pub const fn is_layer<L: Layer>() {}
