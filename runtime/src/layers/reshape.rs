//! `Reshape`.

use super::{Layer, LayerSizes};
use crate::op::{Op, View};
use crate::shape::{Message, Outcome, Reach, Role, Shape, one_input};
use crate::tape::NoParameters;
use dfdx::shapes::Dtype;
use dfdx::tensor_ops::Device as DfdxDevice;

/// The same numbers under another shape. It costs nothing: the numbers stay where they are.
///
/// # Arguments
/// - `target_shape`: the new shape of a sample, of as many numbers as the input.
///
/// # Shapes
/// - input: any
/// - output: `target_shape`
///
/// # Errors
/// In `network!`: a target of another size.
///
/// # Source
/// Same as `keras.layers.Reshape`, without its `-1`: the compiler knows every size, so it can be written down.
///
/// # Examples
/// ```
/// use addax::network;
///
/// network! {
///     /// A vector as an image.
///     pub Picture: 784 => (26, 26, 4) {
///         Reshape((28, 28, 1)),
///         Conv2D(4, 3),
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Reshape {
    /// The new shape.
    pub target_shape: Shape,
}

impl Reshape {
    /// A layer that gives `target_shape`.
    pub const fn new<const R: usize>(target_shape: [usize; R]) -> Self {
        Reshape {
            target_shape: Shape::new(target_shape),
        }
    }

    /// The shape rule.
    pub const fn output(&self, inputs: &[Shape]) -> Outcome {
        let target = self.target_shape;
        let input = match one_input("Reshape", inputs) {
            Ok(input) => input,
            Err(error) => return error.but_assume(target),
        };
        if !input.is_known() || input.size() == target.size() {
            return Outcome::ok(target)
                .with_reach(Reach::View)
                .with_role(Role::View);
        }
        let mut message = Message::new("`Reshape` to ")
            .shape(target)
            .text(" needs ")
            .number(target.size())
            .text(" numbers, but ")
            .gives(input);
        if input.rank() != 1 {
            message = message.text(", which has ").number(input.size());
        }
        let message = message
            .help("choose dimensions whose product is ")
            .number(input.size());
        Outcome::error(message).but_assume(target)
    }
}

impl Layer for Reshape {
    const KIND: &'static str = "Reshape";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = NoParameters<E, D>;

    fn op(&self, _: &[Shape], _: Shape) -> Box<dyn Op> {
        Box::new(View)
    }
}
