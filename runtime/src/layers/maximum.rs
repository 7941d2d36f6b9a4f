//! `Maximum`.

use super::merging::{Merging, merge_op, merge_output};
use super::{Layer, LayerSizes};
use crate::op::Op;
use crate::shape::{Outcome, Shape};
use crate::tape::NoParameters;
use dfdx::shapes::Dtype;
use dfdx::tensor_ops::Device as DfdxDevice;

/// The largest of several inputs, number by number: `y = max(x_0, x_1, ..)`.
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
/// Same as `keras.layers.Maximum`; where several inputs are the largest, the first of them has the gradient.
///
/// # Examples
/// ```
/// use addax::network;
///
/// network! {
///     /// A maxout unit: the larger of two linear functions.
///     pub Maxout: (x: 16) => (y: 8) {
///         let y = Maximum()(Dense(8)(x), Dense(8)(x));
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Maximum {}

impl Maximum {
    /// The layer; it has no options.
    #[allow(
        clippy::new_without_default,
        reason = "a layer is made by `network!`, in const context"
    )]
    pub const fn new() -> Self {
        Maximum {}
    }

    /// The shape rule.
    pub const fn output(&self, inputs: &[Shape]) -> Outcome {
        merge_output("Maximum", inputs)
    }
}

impl Layer for Maximum {
    const KIND: &'static str = "Maximum";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = NoParameters<E, D>;

    fn op(&self, inputs: &[Shape], output: Shape) -> Box<dyn Op> {
        merge_op(Merging::Maximum, inputs, output)
    }
}
