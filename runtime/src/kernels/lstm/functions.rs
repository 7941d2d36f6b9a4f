//! The activations of an LSTM, on vectors.

use super::super::functions;
use super::super::simd::Simd;
use crate::activations::ActivationFunction;

/// A function of one number whose slope can be told from its result.
pub(super) trait Function: Copy {
    /// `y = f(x)`
    fn apply<S: Simd>(self, simd: S, x: S::Vector) -> S::Vector;

    /// `dy · f'(x)`, given `y`.
    fn backward<S: Simd>(self, simd: S, y: S::Vector, dy: S::Vector) -> S::Vector;
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Tanh;

impl Function for Tanh {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, x: S::Vector) -> S::Vector {
        functions::tanh(simd, x)
    }

    #[inline(always)]
    fn backward<S: Simd>(self, simd: S, y: S::Vector, dy: S::Vector) -> S::Vector {
        simd.mul(dy, simd.sub(simd.splat(1.0), simd.mul(y, y)))
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Sigmoid;

impl Function for Sigmoid {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, x: S::Vector) -> S::Vector {
        functions::sigmoid(simd, x)
    }

    #[inline(always)]
    fn backward<S: Simd>(self, simd: S, y: S::Vector, dy: S::Vector) -> S::Vector {
        simd.mul(dy, simd.mul(y, simd.sub(simd.splat(1.0), y)))
    }
}

/// Whichever was chosen. A layer takes no softmax, whose numbers depend on each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Any(pub(super) ActivationFunction);

impl Function for Any {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, x: S::Vector) -> S::Vector {
        match self.0 {
            ActivationFunction::Linear => x,
            ActivationFunction::Relu => simd.max(simd.zero(), x),
            ActivationFunction::Sigmoid => Sigmoid.apply(simd, x),
            ActivationFunction::Tanh => Tanh.apply(simd, x),
            ActivationFunction::Softmax => unreachable!("the shape rule refuses it"),
        }
    }

    #[inline(always)]
    fn backward<S: Simd>(self, simd: S, y: S::Vector, dy: S::Vector) -> S::Vector {
        match self.0 {
            ActivationFunction::Linear => dy,
            ActivationFunction::Relu => simd.select(simd.greater(y, simd.zero()), dy, simd.zero()),
            ActivationFunction::Sigmoid => Sigmoid.backward(simd, y, dy),
            ActivationFunction::Tanh => Tanh.backward(simd, y, dy),
            ActivationFunction::Softmax => unreachable!("the shape rule refuses it"),
        }
    }
}
