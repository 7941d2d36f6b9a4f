//! `Add`.

use super::merging::{Merging, merge_op, merge_output};
use super::{Layer, LayerSizes};
use crate::op::Op;
use crate::shape::{Outcome, Shape};
use crate::tape::NoParameters;
use dfdx::shapes::Dtype;
use dfdx::tensor_ops::Device as DfdxDevice;

/// The sum of several inputs, number by number: `y = x_0 + x_1 + ..`.
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
/// Same as `keras.layers.Add`.
///
/// # Examples
/// ```
/// use addax::network;
///
/// network! {
///     /// A residual block: what is learned is the difference.
///     pub Residual: (image: (8, 8, 4)) => (y: (8, 8, 4)) {
///         let x = Conv2D(4, 3, activation = relu, padding = same)(image);
///         let y = Add()(x, image);
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Add {}

impl Add {
    /// The layer; it has no options.
    #[allow(
        clippy::new_without_default,
        reason = "a layer is made by `network!`, in const context"
    )]
    pub const fn new() -> Self {
        Add {}
    }

    /// The shape rule.
    pub const fn output(&self, inputs: &[Shape]) -> Outcome {
        merge_output("Add", inputs)
    }
}

impl Layer for Add {
    const KIND: &'static str = "Add";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = NoParameters<E, D>;

    fn op(&self, inputs: &[Shape], output: Shape) -> Box<dyn Op> {
        merge_op(Merging::Add, inputs, output)
    }
}
