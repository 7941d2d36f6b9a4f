//! A layer's op made of dfdx's operations.

use crate::layers::Layer;
use crate::op::{Backward, Forward, Grain, Op, Parameters, Phase};
use crate::shape::{Outcome, Shape};
use crate::tensors::values;
use dfdx::shapes::{HasShape, Shape as DfdxShape};
use dfdx::tensor::{Cpu, Gradients, Merge, OwnedTape, PutTape, SplitTape, Tensor, TensorFromVec};
use dfdx::tensor_ops::{Backward as _, ReshapeTo, SumTo};
use std::any::type_name;
use std::cell::RefCell;
use std::fmt::Debug;
use std::marker::PhantomData;

/// A tensor of some shape with a tape: what the function of a [`TapeOp`] works on.
pub type TapeTensor<S> = Tensor<S, f32, Cpu, OwnedTape<f32, Cpu>>;

/// The op of a layer that is a function over dfdx tensors. The gradients come from dfdx's tape.
///
/// This is the short way to a layer of one's own: its rule, its parameters and one function, no backward pass. The
/// function is run anew for the backward pass, and tensors are copied on the way in and out, so a layer that should be
/// fast is better an [`Op`] of its own, with its arithmetic on slices. In a network on a GPU the host runs it, in the
/// middle of the step.
///
/// The function is given some rows of a batch, as a [`TapePass`], and gives the layer's output for them. Rows go through it
/// a few at a time and on several threads, so each must be computed on its own; a function that looks at all of them
/// together says [`whole_batch`](TapeOp::whole_batch). It must give the same result each time that it is run: no random
/// numbers.
///
/// For [`train_bytes`](crate::facts::train_bytes) the layer's rule adds `.with_demand(Demand::new(macs))` with the number that
/// it gives to `with_macs`, 0 without one, and with `grain: Grain::Batch` for a function of the whole batch.
///
/// # Examples
/// A layer with a parameter, for inputs of any length:
/// ```
/// use addax::dfdx::prelude::{Axis, BroadcastTo, Dtype, HasShape};
/// use addax::dfdx::tensor_ops::Device as DfdxDevice;
/// use addax::initializers::Initializer;
/// use addax::layers::{Layer, LayerSizes};
/// use addax::op::Op;
/// use addax::prelude::*;
/// use addax::shape::{Outcome, Parameter, Shape, one_input};
/// use addax::tape::TapeOp;
///
/// /// `y = (x · factor)²`, with a factor for each feature.
/// #[derive(Clone, Copy, Debug)]
/// pub struct ScaledSquare {}
///
/// impl ScaledSquare {
///     pub const fn new() -> Self {
///         ScaledSquare {}
///     }
///
///     pub const fn output(&self, inputs: &[Shape]) -> Outcome {
///         match one_input("ScaledSquare", inputs) {
///             Ok(input) => {
///                 let factors = Shape::new([input.last()]);
///                 Outcome::ok(input).with(Parameter::new("factor", factors, Initializer::Ones))
///             }
///             Err(error) => error,
///         }
///     }
/// }
///
/// addax::layer_parameters! {
///     /// The parameters of a [`ScaledSquare`] layer.
///     pub struct ScaledSquareParameters {
///         /// One for each feature.
///         factor: S::First,
///     }
/// }
///
/// impl Layer for ScaledSquare {
///     const KIND: &'static str = "ScaledSquare";
///     type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = ScaledSquareParameters<S, E, D>;
///
///     fn op(&self, inputs: &[Shape], _: Shape) -> Box<dyn Op> {
///         Box::new(TapeOp::new(self, inputs, &self.output(inputs), |pass| {
///             let x = pass.input::<(usize, usize)>(0);
///             let factor = pass.parameter::<(usize,)>(0);
///             let shape = *x.shape();
///             (x * factor.broadcast_like::<_, Axis<0>>(&shape)).square()
///         }))
///     }
/// }
///
/// network! {
///     pub Squares: 4 => 2 {
///         ScaledSquare(),
///         Dense(2),
///     }
/// }
///
/// # fn main() -> addax::Result<()> {
/// let model = Squares::build(&Cpu::default())?;
/// let layers = model.layers()?;
/// assert_eq!(layers.scaled_square.factor.as_vec(), [1.0; 4]);
/// # Ok(())
/// # }
/// ```
///
/// A dfdx module as a layer: the shape rule names the module's tensors, and the function puts them in.
/// ```
/// use addax::dfdx::nn::{Module, modules::Linear};
/// use addax::dfdx::prelude::{Const, Dtype, HasErr, OwnedTape, TryMul};
/// use addax::dfdx::tensor_ops::{Device as DfdxDevice, sigmoid};
/// use addax::initializers::Initializer;
/// use addax::layers::{Layer, LayerSizes};
/// use addax::op::Op;
/// use addax::prelude::*;
/// use addax::shape::{Message, Outcome, Parameter, Shape, one_input};
/// use addax::tape::{TapeOp, TapeTensor};
///
/// /// Somebody's module: `y = x · sigmoid(linear(x))`.
/// struct Gate {
///     linear: Linear<6, 6, f32, Cpu>,
/// }
///
/// impl Module<TapeTensor<(usize, Const<6>)>> for Gate {
///     type Output = TapeTensor<(usize, Const<6>)>;
///     type Error = <Cpu as HasErr>::Err;
///
///     fn try_forward(&self, x: TapeTensor<(usize, Const<6>)>) -> Result<Self::Output, Self::Error> {
///         let again = x.retaped::<OwnedTape<f32, Cpu>>();
///         let gate = sigmoid(self.linear.try_forward(again)?);
///         x.try_mul(gate)
///     }
/// }
///
/// /// The module as a layer.
/// #[derive(Clone, Copy, Debug)]
/// pub struct Gated {}
///
/// impl Gated {
///     pub const fn new() -> Self {
///         Gated {}
///     }
///
///     pub const fn output(&self, inputs: &[Shape]) -> Outcome {
///         let six = Shape::new([6]);
///         match one_input("Gated", inputs) {
///             Ok(input) if input.is_known() && !input.same_as(six) => {
///                 Outcome::error(Message::new("`Gated` takes 6 numbers, but ").gives(input)).but_assume(six)
///             }
///             Ok(_) => Outcome::ok(six)
///                 .with(Parameter::new("weight", Shape::new([6, 6]), Initializer::GlorotUniform))
///                 .with(Parameter::new("bias", six, Initializer::Zeros)),
///             Err(error) => error,
///         }
///     }
/// }
///
/// addax::layer_parameters! {
///     /// The parameters of a [`Gated`] layer.
///     pub struct GatedParameters {
///         /// As dfdx has it: (outputs, inputs).
///         weight: S::First,
///         /// One for each output.
///         bias: S::Second,
///     }
/// }
///
/// impl Layer for Gated {
///     const KIND: &'static str = "Gated";
///     type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = GatedParameters<S, E, D>;
///
///     fn op(&self, inputs: &[Shape], _: Shape) -> Box<dyn Op> {
///         Box::new(TapeOp::new(self, inputs, &self.output(inputs), |pass| {
///             let linear = Linear { weight: pass.module_parameter(0), bias: pass.module_parameter(1) };
///             Gate { linear }.forward(pass.input(0))
///         }))
///     }
/// }
///
/// network! {
///     pub Gates: 6 => 6 { Gated() }
/// }
///
/// # fn main() -> addax::Result<()> {
/// let model = Gates::build(&Cpu::default())?;
/// let answers = model.predict(&vec![[0.0_f32; 6]])?;
/// assert_eq!(answers.as_vec(), [0.0; 6]);
/// # Ok(())
/// # }
/// ```
pub struct TapeOp<F, S> {
    layer: &'static str,
    function: F,
    inputs: Vec<Shape>,
    output: Shape,
    parameters: Vec<Shape>,
    macs: usize,
    grain: Grain,
    device: Cpu,
    /// What the function gives.
    gives: PhantomData<fn() -> S>,
}

impl<F, S> TapeOp<F, S>
where
    F: Fn(&TapePass<'_>) -> TapeTensor<S> + Send + Sync + 'static,
    S: DfdxShape,
{
    /// An op of `layer`, whose shape rule said `outcome` of these inputs.
    pub fn new<L: Layer>(_layer: &L, inputs: &[Shape], outcome: &Outcome, function: F) -> Self {
        TapeOp {
            layer: L::KIND,
            function,
            inputs: inputs.to_vec(),
            output: outcome.shape(""),
            parameters: outcome
                .parameters()
                .map(|parameter| parameter.shape)
                .collect(),
            macs: outcome.macs(),
            grain: Grain::Rows,
            device: Cpu::default(),
            gives: PhantomData,
        }
    }

    /// Gives the function all rows of a batch at once.
    #[must_use]
    pub fn whole_batch(mut self) -> Self {
        self.grain = Grain::Batch;
        self
    }

    /// Some rows and the parameters as tensors.
    fn pass(
        &self,
        (rows, phase): (usize, Phase),
        inputs: &[&[f32]],
        parameters: Parameters<'_>,
    ) -> TapePass<'_> {
        let inputs = self.inputs.iter().zip(inputs);
        let numbers = self.parameters.iter().enumerate();
        TapePass {
            layer: self.layer,
            training: phase != Phase::Inference,
            inputs: inputs
                .map(|(shape, numbers)| Leaf::new(&self.device, numbers, of_batch(rows, *shape)))
                .collect(),
            parameters: numbers
                .map(|(i, shape)| Leaf::new(&self.device, parameters.get(i), shape.dims().into()))
                .collect(),
            tape: RefCell::default(),
        }
    }

    /// What the function gives for these rows.
    fn run(&self, pass: &TapePass<'_>, rows: usize) -> TapeTensor<S> {
        let output = (self.function)(pass);
        let (given, expected) = (output.shape().concrete(), of_batch(rows, self.output));
        assert!(
            given.as_ref() == expected,
            "the function of `{}` gives a tensor of {given:?}, but by its rule the layer gives {expected:?}",
            self.layer,
        );
        output
    }
}

/// The dimensions of a batch of samples of this shape.
fn of_batch(rows: usize, shape: Shape) -> Vec<usize> {
    std::iter::once(rows)
        .chain(shape.dims().iter().copied())
        .collect()
}

/// What the function of a [`TapeOp`] is given: rows of each input, and the parameters, as tensors.
#[derive(Debug)]
pub struct TapePass<'a> {
    layer: &'a str,
    training: bool,
    inputs: Vec<Leaf>,
    parameters: Vec<Leaf>,
    /// How the parameters of modules were made.
    tape: RefCell<OwnedTape<f32, Cpu>>,
}

/// Numbers that a gradient is asked for.
#[derive(Debug)]
struct Leaf {
    numbers: Tensor<(usize,), f32, Cpu>,
    dims: Vec<usize>,
}

impl Leaf {
    fn new(device: &Cpu, numbers: &[f32], dims: Vec<usize>) -> Self {
        let numbers = device.tensor_from_vec(numbers.to_vec(), (numbers.len(),));
        Leaf { numbers, dims }
    }

    /// The numbers under the shape `S`, if it has these dimensions.
    fn shaped<S: DfdxShape>(&self) -> Option<TapeTensor<S>> {
        let mut dims = S::Concrete::default();
        if dims.as_ref().len() != self.dims.len() {
            return None;
        }
        for (i, size) in self.dims.iter().enumerate() {
            dims[i] = *size;
        }
        let shape = S::from_concrete(&dims)?;
        Some(self.numbers.retaped().reshape_like(&shape))
    }

    fn gradient(&self, gradients: &mut Gradients<f32, Cpu>) -> Vec<f32> {
        match gradients.get_or_alloc_mut(&self.numbers) {
            Ok(gradient) => gradient.to_vec(),
            Err(error) => panic!("a gradient cannot be stored: {error:?}"),
        }
    }
}

impl TapePass<'_> {
    /// Some rows of one of the inputs, with a tape. The first dimension is the batch: `(usize, Const<28>, Const<28>)`, or
    /// `(usize, usize, usize)` where the function is for any size.
    ///
    /// # Panics
    /// If the layer has no such input, or the shape rule let one of another shape pass.
    pub fn input<S: DfdxShape>(&self, index: usize) -> TapeTensor<S> {
        self.shaped("input", &self.inputs, index)
    }

    /// One of the parameters, with a tape.
    ///
    /// # Panics
    /// If the shape rule has no such parameter, or one of another shape.
    pub fn parameter<S: DfdxShape>(&self, index: usize) -> TapeTensor<S> {
        self.shaped("parameter", &self.parameters, index)
    }

    /// One of the parameters without a tape of its own, as it stands in a dfdx module.
    ///
    /// # Panics
    /// As for [`TapePass::parameter`].
    pub fn module_parameter<S: DfdxShape>(&self, index: usize) -> Tensor<S, f32, Cpu> {
        let (parameter, tape) = self.parameter::<S>(index).split_tape();
        let before = self.tape.take();
        self.tape.replace(before.merge(tape));
        parameter
    }

    /// Whether this is a training step.
    pub fn is_training(&self) -> bool {
        self.training
    }

    fn shaped<S: DfdxShape>(&self, what: &str, leaves: &[Leaf], index: usize) -> TapeTensor<S> {
        let layer = self.layer;
        let Some(leaf) = leaves.get(index) else {
            panic!(
                "the function of `{layer}` asks for {what} {index}, but the layer has {}",
                leaves.len()
            )
        };
        leaf.shaped().unwrap_or_else(|| {
            let (shape, dims) = (type_name::<S>(), &leaf.dims);
            panic!("the function of `{layer}` asks for {what} {index} as `{shape}`, but its dimensions are {dims:?}")
        })
    }
}

impl<F, S> Op for TapeOp<F, S>
where
    F: Fn(&TapePass<'_>) -> TapeTensor<S> + Send + Sync + 'static,
    S: DfdxShape,
{
    fn grain(&self, _: bool) -> Grain {
        self.grain
    }

    fn macs(&self) -> usize {
        let sizes = self.inputs.iter().map(|input| input.size());
        self.macs.max(sizes.sum::<usize>() + self.output.size())
    }

    fn forward(&self, call: Forward<'_>) {
        let pass = self.pass((call.rows, call.phase), call.inputs, call.parameters);
        let output = self.run(&pass, call.rows);
        call.output.copy_from_slice(&values(&output));
    }

    fn backward(&self, mut call: Backward<'_>) {
        let pass = self.pass((call.rows, call.phase), call.inputs, call.parameters);
        let output = self.run(&pass, call.rows);
        // The gradient of the sum of y · dy is that of y times dy.
        let d_output = self
            .device
            .tensor_from_vec(call.d_output.to_vec(), *output.shape());
        let (total, tape) = (output * d_output).sum::<(), S::AllAxes>().split_tape();
        let mut gradients = total.put_tape(tape.merge(pass.tape.take())).backward();
        for (leaf, d_input) in pass.inputs.iter().zip(call.d_inputs.iter_mut()) {
            if let Some(d_input) = d_input {
                d_input.copy_from_slice(&leaf.gradient(&mut gradients));
            }
        }
        if let Some(to) = &mut call.gradients {
            for (i, leaf) in pass.parameters.iter().enumerate() {
                add(&leaf.gradient(&mut gradients), to.get(i));
            }
        }
    }
}

/// `y += x`; there is no `y` for a parameter that is not trained.
fn add(x: &[f32], y: &mut [f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += x;
    }
}

impl<F, S> Debug for TapeOp<F, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`, made of dfdx's operations,", self.layer)
    }
}
