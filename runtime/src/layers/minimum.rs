//! `Minimum`.

use super::merging::{Merging, merge_op, merge_output};
use super::{Layer, LayerSizes};
use crate::op::Op;
use crate::shape::{Outcome, Shape};
use crate::tape::NoParameters;
use dfdx::shapes::Dtype;
use dfdx::tensor_ops::Device as DfdxDevice;

/// The smallest of several inputs, number by number: `y = min(x_0, x_1, ..)`.
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
/// Same as `keras.layers.Minimum`; where several inputs are the smallest, the first of them has the gradient.
///
/// # Examples
/// ```
/// use addax::network;
///
/// network! {
///     /// As sure as the more doubtful of two.
///     pub Careful: (x: 16) => (y: 1) {
///         let a = Dense(1, activation = sigmoid)(x);
///         let b = Dense(1, activation = sigmoid)(x);
///         let y = Minimum()(a, b);
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Minimum {}

impl Minimum {
    /// The layer; it has no options.
    #[allow(
        clippy::new_without_default,
        reason = "a layer is made by `network!`, in const context"
    )]
    pub const fn new() -> Self {
        Minimum {}
    }

    /// The shape rule.
    pub const fn output(&self, inputs: &[Shape]) -> Outcome {
        merge_output("Minimum", inputs)
    }
}

impl Layer for Minimum {
    const KIND: &'static str = "Minimum";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = NoParameters<E, D>;

    fn op(&self, inputs: &[Shape], output: Shape) -> Box<dyn Op> {
        merge_op(Merging::Minimum, inputs, output)
    }
}
