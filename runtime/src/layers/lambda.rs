//! `Lambda`.

use super::{Layer, LayerSizes};
use crate::op::Op;
use crate::shape::{BatchShape, Message, Outcome, Shape, StaticShape, one_input};
use crate::tape::{NoParameters, TapeOp, TapeTensor};
use dfdx::shapes::{Dtype, Shape as DfdxShape};
use dfdx::tensor_ops::Device as DfdxDevice;
use std::any::type_name;
use std::fmt::Debug;
use std::marker::PhantomData;

/// A function of your own as a layer: any dfdx operations, without parameters. The gradient comes from dfdx's tape.
///
/// The function takes some rows of a batch and gives as many, with the shapes in its type: the first dimension is the
/// batch, `usize`, the others are those of a sample. It must treat each row on its own and draw no random numbers. A layer
/// with parameters, or one for any shape, is a [`TapeOp`]. In a network on a GPU the host runs the function.
///
/// # Arguments
/// - `function`: the path of a `fn(TapeTensor<(usize, ..)>) -> TapeTensor<(usize, ..)>`.
///
/// # Shapes
/// - input: what the function takes
/// - output: what it gives
///
/// # Errors
/// In `network!`: an input of another shape, a function of another type.
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
    function: &'static dyn AnyFunction,
    takes: Shape,
    gives: Shape,
}

/// A function that a [`Lambda`] can call.
#[diagnostic::on_unimplemented(
    message = "this is not a function that `Lambda` can call",
    label = "not a function from a batch to a batch",
    note = "such a function takes and gives one tensor of dfdx's with a tape, whose first dimension is the batch: \
            `fn(TapeTensor<(usize, Const<4>)>) -> TapeTensor<(usize, Const<2>)>`"
)]
pub trait LambdaFunction<In: DfdxShape, Out: DfdxShape>: Copy + Send + Sync + 'static {
    /// The shape of a sample that it takes.
    const TAKES: Shape;
    /// The shape of a sample that it gives.
    const GIVES: Shape;

    /// Calls it.
    fn call(&self, x: TapeTensor<In>) -> TapeTensor<Out>;
}

#[diagnostic::do_not_recommend]
impl<F, In: BatchShape, Out: BatchShape> LambdaFunction<In, Out> for F
where
    F: Fn(TapeTensor<In>) -> TapeTensor<Out> + Copy + Send + Sync + 'static,
{
    const TAKES: Shape = In::Sample::SHAPE;
    const GIVES: Shape = Out::Sample::SHAPE;

    fn call(&self, x: TapeTensor<In>) -> TapeTensor<Out> {
        self(x)
    }
}

/// A function with the shapes of its type: `Lambda(f)` in `network!` is `Lambda::new(&Typed(f, PhantomData))` in Rust.
#[doc(hidden)]
pub struct Typed<F, In, Out>(pub F, pub PhantomData<fn(In) -> Out>);

/// A function of any type.
trait AnyFunction: Debug + Send + Sync {
    fn op(&self, layer: &Lambda, inputs: &[Shape], outcome: &Outcome) -> Box<dyn Op>;
}

impl<F, In, Out> AnyFunction for Typed<F, In, Out>
where
    F: LambdaFunction<In, Out>,
    In: DfdxShape,
    Out: DfdxShape,
{
    fn op(&self, layer: &Lambda, inputs: &[Shape], outcome: &Outcome) -> Box<dyn Op> {
        let function = self.0;
        let op = TapeOp::new(layer, inputs, outcome, move |pass| {
            function.call(pass.input(0))
        });
        Box::new(op)
    }
}

impl<F, In, Out> Debug for Typed<F, In, Out> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(type_name::<F>())
    }
}

impl Lambda {
    /// A layer that calls this function.
    #[doc(hidden)]
    pub const fn new<F, In, Out>(function: &'static Typed<F, In, Out>) -> Self
    where
        F: LambdaFunction<In, Out>,
        In: DfdxShape,
        Out: DfdxShape,
    {
        Lambda {
            function,
            takes: F::TAKES,
            gives: F::GIVES,
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
