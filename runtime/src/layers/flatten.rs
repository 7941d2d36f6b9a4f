//! `Flatten`.

use super::padding::too_large;
use super::{Layer, LayerSizes};
use crate::op::{Op, View};
use crate::shape::{Outcome, Reach, Role, Shape, one_input};
use crate::tape::NoParameters;
use dfdx::shapes::Dtype;
use dfdx::tensor_ops::Device as DfdxDevice;

/// All numbers of a sample in one row: (height, width, channels) becomes height · width · channels.
///
/// It costs nothing: the numbers stay where they are.
///
/// # Shapes
/// - input: any
/// - output: the product of its dimensions
///
/// # Source
/// Same as `keras.layers.Flatten`, channels last.
///
/// # Examples
/// ```
/// use addax::network;
///
/// network! {
///     /// Logistic regression.
///     pub Logistic: (28, 28, 1) => 10 {
///         Flatten(),
///         Dense(10, activation = softmax),
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Flatten {}

impl Flatten {
    /// The layer; it has no options.
    #[allow(
        clippy::new_without_default,
        reason = "a layer is made by `network!`, in const context"
    )]
    pub const fn new() -> Self {
        Flatten {}
    }

    /// The shape rule.
    pub const fn output(&self, inputs: &[Shape]) -> Outcome {
        match one_input("Flatten", inputs) {
            Ok(input) if !input.is_known() => Outcome::ok(input),
            Ok(input) if input.checked_size().is_none() => {
                Outcome::error(too_large("Flatten", input))
            }
            Ok(input) => Outcome::ok(Shape::new([input.size()]))
                .with_reach(Reach::View)
                .with_role(Role::View),
            Err(error) => error,
        }
    }
}

impl Layer for Flatten {
    const KIND: &'static str = "Flatten";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = NoParameters<E, D>;

    fn op(&self, _: &[Shape], _: Shape) -> Box<dyn Op> {
        Box::new(View)
    }
}
