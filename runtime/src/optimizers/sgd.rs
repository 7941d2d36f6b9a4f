//! `SGD`.

use super::{Optimizer, RATE, SHARE, first_outside};
use crate::error::Result;
use crate::gpu::{RecordUpdate, Recorder};
use crate::kernels::updates;

/// Stochastic gradient descent, with momentum if asked for.
///
/// - plain: `w ← w - learning_rate · g`
/// - with momentum: `v ← momentum · v - learning_rate · g`, `w ← w + v`
/// - Nesterov: `w ← w + momentum · v - learning_rate · g` with the new `v`
///
/// # Arguments
/// - `learning_rate` = 0.01
/// - `momentum` = 0: from 0 to below 1
/// - `nesterov` = `false`
///
/// # Source
/// Same as `keras.optimizers.SGD`. Nesterov: Sutskever et al. 2013.
///
/// ```
/// use addax::optimizers::{Optimizer, SGD};
///
/// let sgd = SGD { momentum: 0.9, ..SGD::default() };
/// let (mut w, mut v) = ([1.0], [0.0]);
/// sgd.update(&mut w, &[10.0], &mut [&mut v]);
/// assert!((w[0] - 0.9_f32).abs() < 1e-6);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SGD {
    /// The step size.
    pub learning_rate: f64,
    /// How much of the last step is kept.
    pub momentum: f64,
    /// Whether the gradient is taken to act after the kept step.
    pub nesterov: bool,
}

impl SGD {
    /// Keras' defaults with this step size.
    pub fn new(learning_rate: f64) -> Self {
        SGD {
            learning_rate,
            ..SGD::default()
        }
    }
}

impl Default for SGD {
    fn default() -> Self {
        SGD {
            learning_rate: 0.01,
            momentum: 0.0,
            nesterov: false,
        }
    }
}

impl Optimizer for SGD {
    fn name(&self) -> &'static str {
        "SGD"
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.learning_rate = learning_rate;
    }

    fn states(&self) -> usize {
        usize::from(self.momentum != 0.0)
    }

    fn problem(&self) -> Option<(&'static str, f64, &'static str)> {
        first_outside(&[
            (
                "learning_rate",
                self.learning_rate,
                self.learning_rate > 0.0,
                RATE,
            ),
            (
                "momentum",
                self.momentum,
                (0.0..1.0).contains(&self.momentum),
                SHARE,
            ),
        ])
    }

    fn record(&self, call: RecordUpdate<'_>, to: &mut Recorder) -> Result<()> {
        let (w, g, n, state) = (call.weights, call.gradients, call.count, call.state);
        match call.memory {
            [velocity, ..] => {
                let arguments = [
                    w.into(),
                    g.into(),
                    (*velocity).into(),
                    n.into(),
                    (self.momentum as f32).into(),
                    self.nesterov.into(),
                    state.into(),
                ];
                to.elements("sgd_momentum", n, arguments);
            }
            [] => to.elements("sgd", n, [w.into(), g.into(), n.into(), state.into()]),
        }
        Ok(())
    }

    fn update(&self, weights: &mut [f32], gradients: &[f32], states: &mut [&mut [f32]]) {
        let (rate, momentum) = (self.learning_rate as f32, self.momentum as f32);
        match states {
            [velocity, ..] => updates::Momentum {
                learning_rate: rate,
                momentum,
                nesterov: self.nesterov,
            }
            .step(gradients, velocity, weights),
            [] => updates::sgd(rate, gradients, weights),
        }
    }
}
