//! The activations of an LSTM.

use super::super::functions::Function;
use super::super::simd::Simd;

/// A function of one number, known to the compiler or not.
pub(super) trait Activation: Copy {
    /// Which it is.
    fn function(self) -> Function;

    /// `y` of `x`, for several vectors.
    #[inline(always)]
    fn forward<S: Simd, const N: usize>(self, simd: S, x: [S::Vector; N]) -> [S::Vector; N] {
        self.function().forward(simd, x)
    }

    /// The gradient of `x`, from `y` and its gradient.
    #[inline(always)]
    fn backward<S: Simd>(self, simd: S, y: S::Vector, dy: S::Vector) -> S::Vector {
        self.function().backward(simd, y, dy)
    }
}

impl Activation for Function {
    #[inline(always)]
    fn function(self) -> Function {
        self
    }
}

/// The usual function of candidate and cell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tanh;

impl Activation for Tanh {
    #[inline(always)]
    fn function(self) -> Function {
        Function::Tanh
    }
}

/// The usual function of the gates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sigmoid;

impl Activation for Sigmoid {
    #[inline(always)]
    fn function(self) -> Function {
        Function::Sigmoid
    }
}
