//! `exp`, `tanh` and the logistic function on vectors, within 3 units in the last place.
//!
//! Coefficients: Cephes (Moshier), `expf.c`. NaN goes through all of them.

use super::simd::Simd;

/// An activation that looks at each number for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    /// `y = x`
    Linear,
    /// `y = max(0, x)`; NaN stays NaN.
    Relu,
    /// `y = 1 / (1 + e^-x)`
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
}

impl Function {
    /// `y` of `x`.
    #[inline(always)]
    pub(crate) fn forward<S: Simd>(self, simd: S, x: S::Vector) -> S::Vector {
        match self {
            Function::Linear => x,
            Function::Relu => simd.max(simd.zero(), x),
            Function::Sigmoid => sigmoid(simd, x),
            Function::Tanh => tanh(simd, x),
        }
    }

    /// The gradient of `x`, from `y` and its gradient.
    #[inline(always)]
    pub(crate) fn backward<S: Simd>(self, simd: S, y: S::Vector, dy: S::Vector) -> S::Vector {
        match self {
            Function::Linear => dy,
            Function::Relu => simd.select(simd.greater(y, simd.zero()), dy, simd.zero()),
            Function::Sigmoid => simd.mul(dy, simd.mul(y, simd.sub(simd.splat(1.0), y))),
            Function::Tanh => simd.mul(dy, simd.sub(simd.splat(1.0), simd.mul(y, y))),
        }
    }
}

/// `e^x`, from infinity above 88.73 down to zero below -103.97, subnormal numbers included.
#[inline(always)]
pub(crate) fn exp<S: Simd>(simd: S, x: S::Vector) -> S::Vector {
    // Written with `x` second, minimum and maximum let NaN through. Just outside of these bounds
    // the result is zero or infinity already.
    let x = simd.max(simd.splat(-104.0), simd.min(simd.splat(89.0), x));
    let (n, p) = parts(simd, x);
    let y = simd.add(p, simd.splat(1.0));
    // 2^n in two factors, since n may be 128, or below -126.
    let half = simd.round(simd.mul(n, simd.splat(0.5)));
    let rest = simd.sub(n, half);
    simd.mul(
        simd.mul(y, simd.power_of_two(half)),
        simd.power_of_two(rest),
    )
}

/// `x` as `n · ln 2 + r` with a whole number `n` and the least `|r|`, and `e^r - 1`.
#[inline(always)]
fn parts<S: Simd>(simd: S, x: S::Vector) -> (S::Vector, S::Vector) {
    // ln 2 in two parts of which the first has few bits.
    let n = simd.round(simd.mul(x, simd.splat(std::f32::consts::LOG2_E)));
    let r = simd.mul_add(n, simd.splat(-0.693_359_4), x);
    let r = simd.mul_add(n, simd.splat(2.121_944_4e-4), r);
    let mut p = simd.splat(1.987_569_1e-4);
    for coefficient in [
        1.398_2e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_5e-1,
        0.5,
    ] {
        p = simd.mul_add(p, r, simd.splat(coefficient));
    }
    (n, simd.mul_add(simd.mul(p, r), r, r))
}

/// The hyperbolic tangent, as `(e^2x - 1) / (e^2x + 1)`. The numerator is computed without the 1, so that nothing cancels
/// near zero.
#[inline(always)]
pub(crate) fn tanh<S: Simd>(simd: S, x: S::Vector) -> S::Vector {
    let one = simd.splat(1.0);
    // From 9.01 on the result is 1. Written with `x` second, minimum and maximum let NaN through.
    let x = simd.max(simd.splat(-10.0), simd.min(simd.splat(10.0), x));
    let (n, p) = parts(simd, simd.add(x, x));
    let power = simd.power_of_two(n);
    let grown = simd.mul_add(p, power, simd.sub(power, one));
    simd.div(grown, simd.add(grown, simd.splat(2.0)))
}

/// The logistic function `1 / (1 + e^-x)`.
#[inline(always)]
pub(crate) fn sigmoid<S: Simd>(simd: S, x: S::Vector) -> S::Vector {
    let one = simd.splat(1.0);
    // Between these bounds one factor holds the power of two: below, e^-x is lost beside 1, and above it is infinite.
    let x = simd.max(simd.splat(-89.0), simd.min(simd.splat(87.0), x));
    let (n, p) = parts(simd, simd.sub(simd.zero(), x));
    let power = simd.power_of_two(n);
    simd.div(one, simd.add(one, simd.mul(simd.add(p, one), power)))
}
