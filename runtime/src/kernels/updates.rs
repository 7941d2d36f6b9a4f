//! Optimizer steps on the weights of one tensor, each in a single pass over memory.
//!
//! The formulas are those of Keras 3 (`keras/src/optimizers/{sgd,rmsprop,adam}.py`). The
//! gradient comes in whole: summed over the batch, scaled and clipped. All slices of one step
//! have the same length; the state starts as zeros.

use super::simd::{self, Simd, Vectorized};

/// `w -= learning_rate * g`.
pub(crate) fn sgd(learning_rate: f32, g: &[f32], w: &mut [f32]) {
    super::elementwise::axpy(-learning_rate, g, w);
}

/// Stochastic gradient descent with momentum.
///
/// `velocity = momentum * velocity - learning_rate * g`, then `w += velocity`, or with
/// `nesterov`: `w += momentum * velocity - learning_rate * g`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Momentum {
    /// Step size.
    pub(crate) learning_rate: f32,
    /// Share of the velocity that stays.
    pub(crate) momentum: f32,
    /// Looks ahead along the velocity.
    pub(crate) nesterov: bool,
}

/// RMSprop: `v = rho * v + (1 - rho) * g^2`, then `w -= learning_rate * g / sqrt(v + epsilon)`.
///
/// Epsilon is inside of the root, as in Keras and unlike PyTorch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RmsProp {
    /// Step size.
    pub(crate) learning_rate: f32,
    /// Share of the squared gradient's average that stays.
    pub(crate) rho: f32,
    /// Share of the momentum that stays; used if a momentum buffer is given.
    pub(crate) momentum: f32,
    /// Keeps the root away from zero.
    pub(crate) epsilon: f32,
}

/// Adam: `m += (1 - beta_1) * (g - m)`, `v += (1 - beta_2) * (g^2 - v)`, then
/// `w -= alpha * m / (sqrt(v) + epsilon)`.
///
/// The bias correction is in `alpha`, which makes this the "epsilon hat" of Kingma and Ba
/// (section 2), as in Keras and unlike PyTorch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Adam {
    /// `learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t)` in step `t`, counted from 1.
    pub(crate) alpha: f32,
    /// Share of the gradient's average that stays.
    pub(crate) beta_1: f32,
    /// Share of the squared gradient's average that stays.
    pub(crate) beta_2: f32,
    /// Keeps the quotient finite.
    pub(crate) epsilon: f32,
}

impl Momentum {
    /// One step.
    pub(crate) fn step(&self, g: &[f32], velocity: &mut [f32], w: &mut [f32]) {
        assert!(g.len() == w.len() && velocity.len() == w.len());
        simd::dispatch(MomentumStep {
            rule: self,
            g,
            velocity,
            w,
        });
    }
}

impl RmsProp {
    /// One step. `momentum`: buffer for the momentum, if any; `average`: buffer for the average
    /// gradient, whose square is subtracted from `v` under the root if given (`centered`).
    pub(crate) fn step(
        &self,
        g: &[f32],
        v: &mut [f32],
        momentum: Option<&mut [f32]>,
        average: Option<&mut [f32]>,
        w: &mut [f32],
    ) {
        assert!(g.len() == w.len() && v.len() == w.len());
        assert!(momentum.as_ref().is_none_or(|m| m.len() == w.len()));
        assert!(average.as_ref().is_none_or(|a| a.len() == w.len()));
        simd::dispatch(RmsPropStep {
            rule: self,
            g,
            v,
            momentum,
            average,
            w,
        });
    }
}

impl Adam {
    /// The `alpha` of step `t`, counted from 1.
    pub(crate) fn alpha(learning_rate: f32, beta_1: f32, beta_2: f32, t: u64) -> f32 {
        // In double precision: 1 - 0.999^t has few correct bits otherwise.
        // `powf` is slow where it underflows, and e^-64 is nothing next to 1 already.
        let power = |beta: f32| {
            let beta = f64::from(beta);
            beta.powf((t as f64).min(64.0 / (1.0 - beta)))
        };
        let correction = (1.0 - power(beta_2)).sqrt() / (1.0 - power(beta_1));
        (f64::from(learning_rate) * correction) as f32
    }

    /// One step.
    pub(crate) fn step(&self, g: &[f32], m: &mut [f32], v: &mut [f32], w: &mut [f32]) {
        assert!(g.len() == w.len() && m.len() == w.len() && v.len() == w.len());
        simd::dispatch(AdamStep {
            rule: self,
            g,
            m,
            v,
            w,
        });
    }
}

struct MomentumStep<'a> {
    rule: &'a Momentum,
    g: &'a [f32],
    velocity: &'a mut [f32],
    w: &'a mut [f32],
}

impl Vectorized for MomentumStep<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let n = self.w.len();
        let rate = simd.splat(-self.rule.learning_rate);
        let momentum = simd.splat(self.rule.momentum);
        let (g, velocity, w) = (
            self.g.as_ptr(),
            self.velocity.as_mut_ptr(),
            self.w.as_mut_ptr(),
        );
        let mut i = 0;
        while i < n {
            let lanes = simd.first((n - i).min(S::LANES));
            // SAFETY: all slices have `n` floats, and the lanes end there.
            unsafe {
                let step = simd.mul(rate, simd.load_lanes(g.add(i), lanes));
                let new = simd.mul_add(momentum, simd.load_lanes(velocity.add(i), lanes), step);
                simd.store_lanes(velocity.add(i), new, lanes);
                let step = if self.rule.nesterov {
                    simd.mul_add(momentum, new, step)
                } else {
                    new
                };
                let sum = simd.add(simd.load_lanes(w.add(i), lanes), step);
                simd.store_lanes(w.add(i), sum, lanes);
            }
            i += S::LANES;
        }
    }
}

struct RmsPropStep<'a> {
    rule: &'a RmsProp,
    g: &'a [f32],
    v: &'a mut [f32],
    momentum: Option<&'a mut [f32]>,
    average: Option<&'a mut [f32]>,
    w: &'a mut [f32],
}

impl Vectorized for RmsPropStep<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let n = self.w.len();
        let rate = simd.splat(self.rule.learning_rate);
        let (rho, rest) = (simd.splat(self.rule.rho), simd.splat(1.0 - self.rule.rho));
        let share = simd.splat(self.rule.momentum);
        let epsilon = simd.splat(self.rule.epsilon);
        let (g, v, w) = (self.g.as_ptr(), self.v.as_mut_ptr(), self.w.as_mut_ptr());
        let momentum = self.momentum.as_mut().map(|m| m.as_mut_ptr());
        let average = self.average.as_mut().map(|a| a.as_mut_ptr());
        let mut i = 0;
        while i < n {
            let lanes = simd.first((n - i).min(S::LANES));
            // SAFETY: all slices have `n` floats, and the lanes end there.
            unsafe {
                let g = simd.load_lanes(g.add(i), lanes);
                let old = simd.mul(rho, simd.load_lanes(v.add(i), lanes));
                let new = simd.mul_add(simd.mul(rest, g), g, old);
                simd.store_lanes(v.add(i), new, lanes);
                let mut below = simd.add(new, epsilon);
                if let Some(average) = average {
                    let old = simd.mul(rho, simd.load_lanes(average.add(i), lanes));
                    let mean = simd.mul_add(rest, g, old);
                    simd.store_lanes(average.add(i), mean, lanes);
                    below = simd.sub(below, simd.mul(mean, mean));
                }
                let mut step = simd.div(simd.mul(rate, g), simd.sqrt(below));
                if let Some(momentum) = momentum {
                    let old = simd.load_lanes(momentum.add(i), lanes);
                    step = simd.mul_add(share, old, step);
                    simd.store_lanes(momentum.add(i), step, lanes);
                }
                let difference = simd.sub(simd.load_lanes(w.add(i), lanes), step);
                simd.store_lanes(w.add(i), difference, lanes);
            }
            i += S::LANES;
        }
    }
}

struct AdamStep<'a> {
    rule: &'a Adam,
    g: &'a [f32],
    m: &'a mut [f32],
    v: &'a mut [f32],
    w: &'a mut [f32],
}

impl Vectorized for AdamStep<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let n = self.w.len();
        let alpha = simd.splat(-self.rule.alpha);
        let rest_1 = simd.splat(1.0 - self.rule.beta_1);
        let rest_2 = simd.splat(1.0 - self.rule.beta_2);
        let epsilon = simd.splat(self.rule.epsilon);
        let (g, w) = (self.g.as_ptr(), self.w.as_mut_ptr());
        let (m, v) = (self.m.as_mut_ptr(), self.v.as_mut_ptr());
        let mut i = 0;
        while i < n {
            let lanes = simd.first((n - i).min(S::LANES));
            // SAFETY: all slices have `n` floats, and the lanes end there.
            unsafe {
                let g = simd.load_lanes(g.add(i), lanes);
                let old = simd.load_lanes(m.add(i), lanes);
                let mean = simd.mul_add(rest_1, simd.sub(g, old), old);
                simd.store_lanes(m.add(i), mean, lanes);
                let old = simd.load_lanes(v.add(i), lanes);
                let square = simd.mul_add(rest_2, simd.sub(simd.mul(g, g), old), old);
                simd.store_lanes(v.add(i), square, lanes);
                let step = simd.div(mean, simd.add(simd.sqrt(square), epsilon));
                let new = simd.mul_add(alpha, step, simd.load_lanes(w.add(i), lanes));
                simd.store_lanes(w.add(i), new, lanes);
            }
            i += S::LANES;
        }
    }
}

#[cfg(test)]
mod tests;
