//! `exp`, `tanh` and the logistic function on vectors, within 3 units in the last place.
//!
//! The coefficients of `exp` are those of Cephes (Moshier), `expf.c`. NaN goes through all of them.

use super::simd::Simd;

/// The same arithmetic for several vectors, each operation for all of them before the next one: a processor then has
/// something to do while it waits for the result of the first.
macro_rules! each {
    ($simd:ident, |$($x:ident),+| $e:expr) => {{
        let mut out = [$simd.zero(); N];
        for (n, out) in out.iter_mut().enumerate() {
            $(let $x = $x[n];)+
            *out = $e;
        }
        out
    }};
}
pub(super) use each;

/// Vectors of numbers, side by side.
type Several<S, const N: usize> = [<S as Simd>::Vector; N];

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
    /// `y` of `x`, for several vectors.
    #[inline(always)]
    pub(crate) fn forward<S: Simd, const N: usize>(
        self,
        simd: S,
        x: Several<S, N>,
    ) -> Several<S, N> {
        match self {
            Function::Linear => x,
            Function::Relu => each!(simd, |x| simd.max(simd.zero(), x)),
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

/// `e^-x` as `2^n · (a - r) / (a + r)`: gives `2^n`, `a` and `r`. It must be possible to hold `2^n`.
///
/// With `x = r - n · ln 2`, `a` is `r · coth(r / 2)`, an even function that two terms approximate to 1e-9 where `r` is
/// small. As the functions made of it divide anyhow, this is less work than `e^r` is. The two coefficients are those with
/// the least error of `e^-x` for all `r`.
#[inline(always)]
fn halves<S: Simd, const N: usize>(
    simd: S,
    x: Several<S, N>,
) -> (Several<S, N>, Several<S, N>, Several<S, N>) {
    let n = each!(simd, |x| simd.mul(x, simd.splat(-std::f32::consts::LOG2_E)));
    let n = each!(simd, |n| simd.round(n));
    let r = each!(simd, |n, x| simd.mul_add(n, simd.splat(0.693_359_4), x));
    let r = each!(simd, |n, r| simd.mul_add(n, simd.splat(-2.121_944_4e-4), r));
    let power = each!(simd, |n| simd.power_of_two(n));
    let square = each!(simd, |r| simd.mul(r, r));
    let (first, second) = (simd.splat(0.166_666_18), simd.splat(-2.765_960_8e-3));
    let a = each!(simd, |square| simd.mul_add(square, second, first));
    let a = each!(simd, |a, square| simd.mul_add(a, square, simd.splat(2.0)));
    (power, a, r)
}

/// The hyperbolic tangent, as `(1 - e^-2x) / (1 + e^-2x)`. With `p = 2^n`, the numerator `(a + r) - p · (a - r)` is computed
/// as `2 · (1 - p) + (a - 2) · (1 - p) + r · (1 + p)`, so that nothing cancels near zero.
#[inline(always)]
pub(crate) fn tanh<S: Simd, const N: usize>(simd: S, x: Several<S, N>) -> Several<S, N> {
    let one = simd.splat(1.0);
    // From 9.01 on the result is 1. Written with `x` second, minimum and maximum let NaN through.
    let x = each!(simd, |x| simd.min(simd.splat(10.0), x));
    let x = each!(simd, |x| simd.max(simd.splat(-10.0), x));
    let x = each!(simd, |x| simd.add(x, x));
    let (power, a, r) = halves(simd, x);
    let rest = each!(simd, |power| simd.sub(one, power));
    let b = each!(simd, |a| simd.sub(a, simd.splat(2.0)));
    let upper = each!(simd, |power, r| simd.mul(simd.add(one, power), r));
    let upper = each!(simd, |b, rest, upper| simd.mul_add(b, rest, upper));
    let upper = each!(simd, |rest, upper| simd.add(simd.add(rest, rest), upper));
    let lower = each!(simd, |power, a, r| {
        simd.mul_add(power, simd.sub(a, r), simd.add(a, r))
    });
    each!(simd, |upper, lower| simd.div(upper, lower))
}

/// The logistic function `1 / (1 + e^-x)`.
#[inline(always)]
pub(crate) fn sigmoid<S: Simd, const N: usize>(simd: S, x: Several<S, N>) -> Several<S, N> {
    // At the lower bound the denominator is infinite, and the upper bound is far behind where the result is 1.
    let x = each!(simd, |x| simd.min(simd.splat(87.0), x));
    let x = each!(simd, |x| simd.max(simd.splat(-89.0), x));
    let (power, a, r) = halves(simd, x);
    let upper = each!(simd, |a, r| simd.add(a, r));
    let lower = each!(simd, |power, a, r, upper| {
        simd.mul_add(power, simd.sub(a, r), upper)
    });
    each!(simd, |upper, lower| simd.div(upper, lower))
}
