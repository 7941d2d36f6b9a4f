//! Activation functions: formula and gradient.
//!
//! In `network!` an activation is a word: `Dense(64, activation = relu)`. Every one of them has a gradient that can be
//! written with the function's *output*, so nothing but the output is kept for the backward pass.

use crate::kernels::elementwise;
use crate::kernels::functions::Function;

/// A function applied to the output of a layer.
///
/// # Source
/// Same formulas as `keras.activations`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ActivationFunction {
    /// `y = x`
    #[default]
    Linear,
    /// `y = max(0, x)`
    Relu,
    /// `y = 1 / (1 + e⁻ˣ)`
    Sigmoid,
    /// `y = (eˣ - e⁻ˣ) / (eˣ + e⁻ˣ)`
    Tanh,
    /// `yᵢ = e^xᵢ / Σⱼ e^xⱼ` along the last axis, computed from `x - max(x)` so that nothing overflows.
    Softmax,
}

impl ActivationFunction {
    /// The word for it in `network!`.
    pub const fn name(self) -> &'static str {
        match self {
            ActivationFunction::Linear => "linear",
            ActivationFunction::Relu => "relu",
            ActivationFunction::Sigmoid => "sigmoid",
            ActivationFunction::Tanh => "tanh",
            ActivationFunction::Softmax => "softmax",
        }
    }

    /// Applies the function in place to rows of `width` numbers.
    pub fn forward(self, values: &mut [f32], width: usize) {
        match self {
            ActivationFunction::Linear => {}
            ActivationFunction::Relu => elementwise::relu(values),
            ActivationFunction::Sigmoid => elementwise::sigmoid(values),
            ActivationFunction::Tanh => elementwise::tanh(values),
            ActivationFunction::Softmax => elementwise::softmax(values, width),
        }
    }

    /// Turns the gradient of the output into the gradient of the input, in place, given the output.
    pub fn backward(self, output: &[f32], gradient: &mut [f32], width: usize) {
        match self {
            ActivationFunction::Linear => {}
            ActivationFunction::Relu => elementwise::relu_backward(output, gradient),
            ActivationFunction::Sigmoid => elementwise::sigmoid_backward(output, gradient),
            ActivationFunction::Tanh => elementwise::tanh_backward(output, gradient),
            ActivationFunction::Softmax => elementwise::softmax_backward(output, gradient, width),
        }
    }

    /// The function as the kernels know it, if it looks at each number for itself.
    pub(crate) const fn elementwise(self) -> Option<Function> {
        match self {
            ActivationFunction::Linear => Some(Function::Linear),
            ActivationFunction::Relu => Some(Function::Relu),
            ActivationFunction::Sigmoid => Some(Function::Sigmoid),
            ActivationFunction::Tanh => Some(Function::Tanh),
            ActivationFunction::Softmax => None,
        }
    }
}
