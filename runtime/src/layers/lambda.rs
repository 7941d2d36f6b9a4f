//! `Lambda`.

use super::{Layer, LayerSizes};
use crate::op::Op;
use crate::shape::{BatchShape, Message, Outcome, Shape, StaticShape, one_input};
use crate::tape::{NoParameters, TapeOp, TapeTensor};
use dfdx::shapes::Dtype;
use dfdx::tensor_ops::Device as DfdxDevice;
use std::fmt::Debug;

/// A function of your own as a layer: any dfdx operations, without parameters. The gradient comes from dfdx's tape.
///
/// The function takes some rows of a batch and gives as many, with the shapes in its type: the first dimension is the
/// batch, `usize`, the others are those of a sample. It must treat each row on its own and draw no random numbers. A layer
/// with parameters, or one for any shape, is a [`TapeOp`].
///
/// # Arguments
/// - `function`: the path of a `fn(TapeTensor<(usize, ..)>) -> TapeTensor<(usize, ..)>`.
///
/// # Shapes
/// - input: what the function takes
/// - output: what it gives
///
/// # Errors
/// In `network!`: an input of another shape, a function of another type. On a GPU there are no kernels for it.
///
/// # Source
/// Same as `keras.layers.Lambda`.
///
/// # Examples
/// ```
/// use addax::dfdx::prelude::*;
/// use addax::prelude::*;
/// use addax::tape::TapeTensor;
///
/// /// The length of a vector, as an image of one pixel.
/// fn length(x: TapeTensor<(usize, Const<2>)>) -> TapeTensor<(usize, Const<1>, Const<1>, Const<1>)> {
///     let rows = x.shape().0;
///     x.square().sum::<(usize,), _>().sqrt().reshape_like(&(rows, Const, Const, Const))
/// }
///
/// network! {
///     /// From a vector to a pixel.
///     pub Lengths: 2 => (1, 1, 1) {
///         Lambda(length),
///     }
/// }
///
/// # fn main() -> addax::Result<()> {
/// let model = Lengths::build(&Cpu::default())?;
/// let answers = model.predict(&vec![[3.0_f32, 4.0]])?;
/// assert_eq!(answers.as_vec(), [5.0]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Lambda {
    function: &'static dyn Function,
    takes: Shape,
    gives: Shape,
}

/// A function for a [`Lambda`], with its type: `Lambda(f)` in `network!` is `Lambda::new(&LambdaFunction(f))` in Rust.
pub struct LambdaFunction<In: BatchShape, Out: BatchShape>(
    /// The function.
    pub fn(TapeTensor<In>) -> TapeTensor<Out>,
);

/// A [`LambdaFunction`] of any type.
trait Function: Debug + Send + Sync {
    fn op(&self, layer: &Lambda, inputs: &[Shape], outcome: &Outcome) -> Box<dyn Op>;
}

impl<In: BatchShape, Out: BatchShape> Function for LambdaFunction<In, Out> {
    fn op(&self, layer: &Lambda, inputs: &[Shape], outcome: &Outcome) -> Box<dyn Op> {
        let function = self.0;
        let op = TapeOp::new(layer, inputs, outcome, move |pass| function(pass.input(0)));
        Box::new(op)
    }
}

impl<In: BatchShape, Out: BatchShape> Debug for LambdaFunction<In, Out> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (takes, gives) = (In::Sample::SHAPE, Out::Sample::SHAPE);
        write!(f, "fn({takes}) -> {gives}")
    }
}

impl Lambda {
    /// A layer that calls this function.
    pub const fn new<In: BatchShape, Out: BatchShape>(
        function: &'static LambdaFunction<In, Out>,
    ) -> Self {
        Lambda {
            function,
            takes: In::Sample::SHAPE,
            gives: Out::Sample::SHAPE,
        }
    }

    /// The shape rule.
    pub const fn output(&self, inputs: &[Shape]) -> Outcome {
        let input = match one_input("Lambda", inputs) {
            Ok(input) => input,
            Err(error) => return error.but_assume(self.gives),
        };
        if !input.is_known() || input.same_as(self.takes) {
            return Outcome::ok(self.gives);
        }
        let message = Message::new("the function of `Lambda` takes ")
            .shape(self.takes)
            .text(", but ")
            .gives(input)
            .help("let it take a `TapeTensor<(usize");
        Outcome::error(dimensions(message, input).text(")>`")).but_assume(self.gives)
    }
}

/// Adds the dimensions as dfdx writes them: `, Const<28>, Const<28>, Const<1>`.
const fn dimensions(mut message: Message, shape: Shape) -> Message {
    if shape.rank() == 0 {
        return message.text(",");
    }
    let mut axis = 0;
    while axis < shape.rank() {
        message = message.text(", Const<").number(shape.dim(axis)).text(">");
        axis += 1;
    }
    message
}

impl Layer for Lambda {
    const KIND: &'static str = "Lambda";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = NoParameters<E, D>;

    fn op(&self, inputs: &[Shape], _: Shape) -> Box<dyn Op> {
        self.function.op(self, inputs, &self.output(inputs))
    }
}
