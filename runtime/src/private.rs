//! What the code that `network!` emits is made of. Hidden, without promises.

pub use crate::device::Device;
pub use crate::editor::{AsOutput, Parameters, parameters};
pub use crate::error::{Error, Result};
pub use crate::facts::{
    Axes, Blueprint, Call, Facts, LayerAt, LayerEntry, LayerInfo, Quantity, TableRow, budget,
    facts_of, layers, layers_of, min_input, min_input_of, reach, rows, summary, summary_of,
    totals_of,
};
pub use crate::graph::Graph;
pub use crate::heads::{AnyHead, AsHead, HeadKind, head_kind, of_output};
pub use crate::layers::{Layer, LayerSizes, Place, Typed};
pub use crate::lints;
pub use crate::model::{Model, inputs};
pub use crate::network::{LayerSet, Network, Weights};
pub use crate::op::Op;
pub use crate::ports::Ports;
pub use crate::shape::{
    AsShape, At, Dims, Outcome, Reach, Shape, StaticShape, Table, declared, declared_output,
    inside, nested, report, several_outputs,
};
pub use crate::tape::{Built, BuiltLayer, FlatBatch, LayerParameters, NoParameters};
pub use crate::training::labels::Targets;
pub use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection};
pub use dfdx::nn::{Module, ModuleMut};
pub use dfdx::shapes::{ConstDim, Dim, Dtype};
pub use dfdx::tensor::{Cpu, Gradients, Tape, Tensor};
pub use dfdx::tensor_ops::Device as DfdxDevice;

/// Fails to compile, at the tokens of the type, for what is not a layer.
pub const fn is_layer<L: Layer>() {}

/// Nothing but a place where a name can stand: editors look there for what it means.
pub const fn mention<T: Copy>(_: T) {}
