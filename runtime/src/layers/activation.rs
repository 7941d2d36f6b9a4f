//! `Activation`.

use super::{Layer, LayerSizes};
use crate::activations::ActivationFunction;
use crate::error::Result;
use crate::gpu::{RecordBackward, RecordForward, Recorder};
use crate::op::{Backward, Forward, Op};
use crate::shape::{Outcome, Reach, Role, Shape, one_input};
use crate::tape::NoParameters;
use dfdx::shapes::Dtype;
use dfdx::tensor_ops::Device as DfdxDevice;

/// An activation function as a layer of its own: `Activation(relu)` after a layer is the same as
/// `activation = relu` in it.
///
/// # Arguments
/// - `activation`: `relu`, `tanh`, `sigmoid`, `softmax` (along the last axis) or `linear`.
///
/// # Shapes
/// - input: any
/// - output: the same
///
/// # Source
/// Same as `keras.layers.Activation`.
///
/// # Examples
/// ```
/// use addax::network;
///
/// network! {
///     /// Convolution, normalization, activation.
///     pub Block: (8, 8, 3) => (8, 8, 16) {
///         Conv2D(16, 3, padding = same, use_bias = false),
///         BatchNormalization(),
///         Activation(relu),
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Activation {
    /// The function.
    pub activation: ActivationFunction,
}

impl Activation {
    /// The function as a layer.
    pub const fn new(activation: ActivationFunction) -> Self {
        Activation { activation }
    }

    /// The shape rule.
    pub const fn output(&self, inputs: &[Shape]) -> Outcome {
        match one_input("Activation", inputs) {
            // It applies nothing: what the layer before it applies still holds.
            Ok(input) if matches!(self.activation, ActivationFunction::Linear) => {
                Outcome::ok(input)
                    .with_reach(Reach::Place)
                    .with_role(Role::View)
            }
            Ok(input) => Outcome::ok(input)
                .with_activation(self.activation)
                .with_reach(Reach::Place)
                .with_role(Role::Function),
            Err(error) => error,
        }
    }
}

impl Layer for Activation {
    const KIND: &'static str = "Activation";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = NoParameters<E, D>;

    fn op(&self, inputs: &[Shape], _: Shape) -> Box<dyn Op> {
        Box::new(ActivationOp {
            activation: self.activation,
            size: inputs[0].size(),
            width: inputs[0].last(),
        })
    }
}

#[derive(Debug)]
struct ActivationOp {
    activation: ActivationFunction,
    size: usize,
    width: usize,
}

impl Op for ActivationOp {
    fn macs(&self) -> usize {
        self.size
    }

    fn take_activation(&mut self) -> ActivationFunction {
        std::mem::take(&mut self.activation)
    }

    fn is_view(&self) -> bool {
        self.activation == ActivationFunction::Linear
    }

    fn record_forward(&self, call: RecordForward<'_>, to: &mut Recorder) -> Result<()> {
        let rows = call.rows * self.size / self.width.max(1);
        to.activate(
            self.activation,
            call.inputs[0],
            call.output,
            rows,
            self.width,
        );
        Ok(())
    }

    fn record_backward(&self, call: RecordBackward<'_>, to: &mut Recorder) -> Result<()> {
        if let Some(d_input) = call.d_inputs[0] {
            let rows = call.rows * self.size / self.width.max(1);
            let gradients = (call.d_output, d_input);
            to.activation_gradient(self.activation, call.output, gradients, rows, self.width);
        }
        Ok(())
    }

    fn forward(&self, call: Forward<'_>) {
        call.output.copy_from_slice(call.inputs[0]);
        self.activation.forward(call.output, self.width);
    }

    fn backward(&self, call: Backward<'_>) {
        if let Some(d_input) = &mut call.d_inputs[0] {
            d_input.copy_from_slice(call.d_output);
            self.activation.backward(call.output, d_input, self.width);
        }
    }
}
