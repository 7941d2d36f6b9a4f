//! `RMSprop`.

use super::{Optimizer, POSITIVE, RATE, SHARE, first_outside};
use crate::error::Result;
use crate::gpu::{RecordUpdate, Recorder};
use crate::kernels::updates;

/// Divides each gradient by the root of the mean of its recent squares.
///
/// `v ← rho · v + (1 - rho) · g²`, `w ← w - learning_rate · g / √(v + epsilon)`. With momentum the step is kept:
/// `m ← momentum · m + learning_rate · g / √(v + epsilon)`, `w ← w - m`.
///
/// # Arguments
/// - `learning_rate` = 0.001
/// - `rho` = 0.9: how slowly the mean of squares follows, from 0 to below 1
/// - `momentum` = 0: from 0 to below 1
/// - `epsilon` = 1e-7: inside the root, as in Keras 3
///
/// # Source
/// Hinton 2012, lecture 6e. Same as `keras.optimizers.RMSprop` without `centered`.
///
/// ```
/// use addax::optimizers::{Optimizer, RMSprop};
///
/// let (mut w, mut v) = ([1.0], [0.0]);
/// RMSprop::new(0.1).update(&mut w, &[10.0], &mut [&mut v]);
/// assert!((v[0] - 10.0_f32).abs() < 1e-5);
/// assert!((w[0] - (1.0 - 1.0 / 10.0_f32.sqrt())).abs() < 1e-6);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RMSprop {
    /// The step size.
    pub learning_rate: f64,
    /// How slowly the mean of squares follows.
    pub rho: f64,
    /// How much of the last step is kept.
    pub momentum: f64,
    /// Keeps the divisor away from 0.
    pub epsilon: f64,
}

impl RMSprop {
    /// Keras' defaults with this step size.
    pub fn new(learning_rate: f64) -> Self {
        RMSprop {
            learning_rate,
            ..RMSprop::default()
        }
    }
}

impl Default for RMSprop {
    fn default() -> Self {
        RMSprop {
            learning_rate: 0.001,
            rho: 0.9,
            momentum: 0.0,
            epsilon: 1e-7,
        }
    }
}

impl Optimizer for RMSprop {
    fn name(&self) -> &'static str {
        "RMSprop"
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.learning_rate = learning_rate;
    }

    fn states(&self) -> usize {
        1 + usize::from(self.momentum != 0.0)
    }

    fn problem(&self) -> Option<(&'static str, f64, &'static str)> {
        first_outside(&[
            (
                "learning_rate",
                self.learning_rate,
                self.learning_rate > 0.0,
                RATE,
            ),
            ("rho", self.rho, (0.0..1.0).contains(&self.rho), SHARE),
            (
                "momentum",
                self.momentum,
                (0.0..1.0).contains(&self.momentum),
                SHARE,
            ),
            ("epsilon", self.epsilon, self.epsilon > 0.0, POSITIVE),
        ])
    }

    fn record(&self, call: RecordUpdate<'_>, to: &mut Recorder) -> Result<()> {
        let (w, g, n, state) = (call.weights, call.gradients, call.count, call.state);
        let (rho, epsilon) = (self.rho as f32, self.epsilon as f32);
        match call.memory {
            [square, kept, ..] => {
                let arguments = [
                    w.into(),
                    g.into(),
                    (*square).into(),
                    (*kept).into(),
                    n.into(),
                    rho.into(),
                    (self.momentum as f32).into(),
                    epsilon.into(),
                    state.into(),
                ];
                to.elements("rmsprop_momentum", n, arguments);
            }
            [square] => {
                let arguments = [
                    w.into(),
                    g.into(),
                    (*square).into(),
                    n.into(),
                    rho.into(),
                    epsilon.into(),
                    state.into(),
                ];
                to.elements("rmsprop", n, arguments);
            }
            [] => {}
        }
        Ok(())
    }

    fn update(&self, weights: &mut [f32], gradients: &[f32], states: &mut [&mut [f32]]) {
        let rule = updates::RmsProp {
            learning_rate: self.learning_rate as f32,
            rho: self.rho as f32,
            momentum: self.momentum as f32,
            epsilon: self.epsilon as f32,
        };
        match states {
            [square, kept, ..] => rule.step(gradients, square, Some(kept), None, weights),
            [square] => rule.step(gradients, square, None, None, weights),
            [] => {}
        }
    }
}
