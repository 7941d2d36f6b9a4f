//! `Subtract`.

use super::merging::{Merging, merge_op, merge_two_output};
use super::{Layer, LayerSizes};
use crate::op::Op;
use crate::shape::{Outcome, Shape};
use crate::tape::NoParameters;
use dfdx::shapes::Dtype;
use dfdx::tensor_ops::Device as DfdxDevice;

/// The difference of two inputs, number by number: `y = x_0 - x_1`.
///
/// # Shapes
/// - inputs: two, of one shape. They are aligned at the last dimension; a size of 1, or a dimension that is missing
///   in front, stretches to that of the others.
/// - output: the common shape
///
/// # Errors
/// In `network!`: another number of inputs, shapes that do not stretch to a common one.
///
/// # Source
/// Same as `keras.layers.Subtract`.
///
/// # Examples
/// ```
/// use addax::network;
///
/// network! {
///     /// What has changed between two pictures.
///     pub Change: (before: (8, 8, 1), after: (8, 8, 1)) => (moved: 1) {
///         let change = Subtract()(after, before);
///         let moved = Dense(1, activation = sigmoid)(Flatten()(change));
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Subtract {}

impl Subtract {
    /// The layer; it has no options.
    #[allow(
        clippy::new_without_default,
        reason = "a layer is made by `network!`, in const context"
    )]
    pub const fn new() -> Self {
        Subtract {}
    }

    /// The shape rule.
    pub const fn output(&self, inputs: &[Shape]) -> Outcome {
        merge_two_output("Subtract", inputs)
    }
}

impl Layer for Subtract {
    const KIND: &'static str = "Subtract";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = NoParameters<E, D>;

    fn op(&self, inputs: &[Shape], output: Shape) -> Box<dyn Op> {
        merge_op(Merging::Subtract, inputs, output)
    }
}
