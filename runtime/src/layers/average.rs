//! `Average`.

use super::merging::{Merging, merge_op, merge_output};
use super::{Layer, LayerSizes};
use crate::op::Op;
use crate::shape::{Outcome, Shape};
use crate::tape::NoParameters;
use dfdx::shapes::Dtype;
use dfdx::tensor_ops::Device as DfdxDevice;

/// The mean of several inputs, number by number: `y = (x_0 + x_1 + ..) / count`.
///
/// # Shapes
/// - inputs: two or more, of one shape. They are aligned at the last dimension; a size of 1, or a dimension that is missing
///   in front, stretches to that of the others.
/// - output: the common shape
///
/// # Errors
/// In `network!`: another number of inputs, shapes that do not stretch to a common one.
///
/// # Source
/// Same as `keras.layers.Average`.
///
/// # Examples
/// ```
/// use addax::network;
///
/// network! {
///     /// The mean of three opinions.
///     pub Ensemble: (x: 16) => (answer: 10) {
///         let a = Dense(10, activation = softmax)(x);
///         let b = Dense(10, activation = softmax)(x);
///         let c = Dense(10, activation = softmax)(x);
///         let answer = Average()(a, b, c);
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Average {}

impl Average {
    /// The layer; it has no options.
    #[allow(
        clippy::new_without_default,
        reason = "a layer is made by `network!`, in const context"
    )]
    pub const fn new() -> Self {
        Average {}
    }

    /// The shape rule.
    pub const fn output(&self, inputs: &[Shape]) -> Outcome {
        merge_output("Average", inputs)
    }
}

impl Layer for Average {
    const KIND: &'static str = "Average";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = NoParameters<E, D>;

    fn op(&self, inputs: &[Shape], output: Shape) -> Box<dyn Op> {
        merge_op(Merging::Average, inputs, output)
    }
}
