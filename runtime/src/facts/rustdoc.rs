//! The layers of a network in its documentation.
//!
//! A procedural macro does not know shapes, and rustdoc does not evaluate constants in documentation. But it does
//! evaluate the lengths of arrays, wherever a type is shown.

use std::marker::PhantomData;

/// One layer of a network, by its number from 0, in the documentation of the network.
///
/// `network!` implements it where rustdoc reads the code, and only there, because rustdoc shows the lengths of arrays as
/// numbers. In programs the same is in [`Facts::LAYERS`](super::Facts::LAYERS).
///
/// A network `pub Small: (4, 4, 1) => 10 { Flatten(), Dense(10) }` has in its documentation
///
/// ```
/// # use addax::facts::{Axes, LayerAt};
/// # struct Small;
/// /// `dense`: `Dense(10)`
/// impl LayerAt<1> for Small {
///     type Output = Axes<[(); 10], [(); 0], [(); 0], [(); 0]>;
///     type Params = [f32; 170];
///     type Macs = [(); 160];
/// }
/// ```
pub trait LayerAt<const INDEX: usize> {
    /// The shape that the layer gives for one sample, axis by axis.
    type Output;
    /// As many numbers as its parameters have.
    type Params;
    /// As many elements as it makes multiplications with an addition.
    type Macs;
}

/// The axes of a shape, each as an array of its length; an axis that the shape does not have is of length 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct Axes<A, B, C, D>(PhantomData<(A, B, C, D)>);
