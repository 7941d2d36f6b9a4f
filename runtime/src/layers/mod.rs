//! The layers: one file each, with its options, its shape rule, its parameters, its kernels' glue and its tests.
//!
//! A layer is a `Copy` struct whose public fields are its options, under Keras' names. To add one, write a file here and
//! a line in this list. The macro crate knows no rule of any layer; a row in its table of Keras' calls (`keras.rs`) is
//! needed only for what Rust's own syntax does not offer, such as one number for a pair.
//!
//! Next to the trait [`Layer`] a layer has two inherent functions, because traits cannot have `const fn`s on stable
//! Rust: `const fn new(..) -> Self` takes the arguments that must be given, and
//! `const fn output(&self, inputs: &[Shape]) -> Outcome` is its shape rule.
//!
//! A layer of your own takes part in the same way, in your own crate. Three ways lead to one: a function over dfdx tensors
//! ([`Lambda`]), a function with parameters or a dfdx module ([`TapeOp`](crate::tape::TapeOp)), and an [`Op`] with its own
//! arithmetic on slices, forward and backward, which is the fast one. What its rule says besides the shape
//! ([`Outcome`](crate::shape::Outcome): `with_macs`, `with_activation`, `with_role`, `with_window`, `with_demand`) is what facts,
//! heads and lints know of it; what it does not say, they leave out.

use crate::graph::Graph;
use crate::op::Op;
use crate::shape::{Shape, StaticShape};
use dfdx::shapes::Dtype;
use dfdx::tensor_ops::Device as DfdxDevice;
use std::fmt::Debug;

mod activation;
mod add;
mod average;
mod average_pooling2d;
mod batch_normalization;
mod concatenate;
mod conv2d;
mod conv2d_transpose;
mod convolution_on_cpu;
mod convolution_on_gpu;
mod dense;
mod dot;
mod dropout;
mod flatten;
mod global_max_pooling2d;
#[cfg(test)]
mod gradients;
mod lambda;
mod lstm;
mod lstm_on_gpu;
mod max_pooling2d;
mod maximum;
mod merging;
mod minimum;
mod multiply;
mod padding;
mod reshape;
mod subtract;
#[cfg(test)]
pub(crate) mod trial;

pub use activation::Activation;
pub use add::Add;
pub use average::Average;
pub use average_pooling2d::{AveragePooling2D, AveragePooling2D as AvgPool2D};
pub use batch_normalization::{BatchNormalization, BatchNormalizationParameters};
pub use concatenate::Concatenate;
pub use conv2d::{Conv2D, Conv2DParameters};
pub use conv2d_transpose::{
    Conv2DTranspose, Conv2DTranspose as Convolution2DTranspose, Conv2DTransposeParameters,
};
pub use dense::{Dense, DenseParameters};
pub use dot::Dot;
pub use dropout::Dropout;
pub use flatten::Flatten;
pub use global_max_pooling2d::{GlobalMaxPooling2D, GlobalMaxPooling2D as GlobalMaxPool2D};
pub use lambda::{Lambda, LambdaFunction, Typed};
pub use lstm::{LSTM, LSTMParameters};
pub use max_pooling2d::{MaxPooling2D, MaxPooling2D as MaxPool2D};
pub use maximum::Maximum;
pub use minimum::Minimum;
pub use multiply::Multiply;
pub use padding::Padding;
pub(crate) use padding::are_channels_first;
pub use reshape::Reshape;
pub use subtract::Subtract;

/// The shapes around one layer as types.
pub trait LayerSizes: Clone + Debug + 'static {
    /// What the layer takes.
    type Input: StaticShape;
    /// What it gives.
    type Output: StaticShape;
    /// The shape of its first parameter.
    type First: StaticShape;
    /// The shape of its second parameter; a vector of length 0 if it has none.
    type Second: StaticShape;
    /// The shape of its third parameter; a vector of length 0 if it has none.
    type Third: StaticShape;
    /// What the layer takes, as a value. In a network with parameters the types know the sizes and not the rank.
    #[doc(hidden)]
    const INPUT: Shape = <Self::Input as StaticShape>::SHAPE;
    /// What it gives, as a value.
    #[doc(hidden)]
    const OUTPUT: Shape = <Self::Output as StaticShape>::SHAPE;
}

/// One layer in its place in a network, as a type: `network!` makes one for each layer.
pub trait Place: LayerSizes {
    /// The kind of layer.
    type Layer: Layer;
    /// The layer with its options.
    const LAYER: Self::Layer;
    /// Which layer of the network it is, from 0.
    const INDEX: u32;
}

/// What `network!` can put into a network.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a layer",
    label = "not a layer",
    note = "a layer is a `Copy` type that implements `addax::layers::Layer` and has the functions `new` and `output`"
)]
pub trait Layer: Copy + Debug + Send + Sync + 'static {
    /// The layer's name, as Keras spells it.
    const KIND: &'static str;

    /// The parameters as dfdx tensors: [`NoParameters`](crate::tape::NoParameters), or a struct made with
    /// [`layer_parameters!`](crate::layer_parameters).
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>>: Clone + Debug;

    /// The layer bound to its sizes. Of a network the layers are bound, and not it.
    fn op(&self, inputs: &[Shape], output: Shape) -> Box<dyn Op>;

    /// The layers inside, if this is a network that is used as a layer.
    #[doc(hidden)]
    fn network(&self) -> Option<Graph> {
        None
    }
}
