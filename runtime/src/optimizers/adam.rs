//! `Adam`.

use super::{Optimizer, POSITIVE, RATE, SHARE, first_outside};
use crate::error::Result;
use crate::gpu::{RecordUpdate, Recorder};
use crate::kernels::updates;

/// Adaptive moments.
///
/// `m ← beta_1 · m + (1 - beta_1) · g`, `v ← beta_2 · v + (1 - beta_2) · g²`,
/// `w ← w - alpha · m / (√v + epsilon)` with `alpha = learning_rate · √(1 - beta_2ᵗ) / (1 - beta_1ᵗ)` in step `t`.
///
/// # Arguments
/// - `learning_rate` = 0.001
/// - `beta_1` = 0.9, `beta_2` = 0.999: how slowly the moments follow, from 0 to below 1
/// - `epsilon` = 1e-7: the paper's "epsilon hat", beside the uncorrected root, as in Keras
///
/// # Source
/// Kingma and Ba 2014. Same as `keras.optimizers.Adam`.
///
/// ```
/// use addax::optimizers::{Adam, Optimizer};
///
/// let mut adam = Adam::new(0.1);
/// adam.begin_step();
/// let (mut w, mut m, mut v) = ([1.0], [0.0], [0.0]);
/// adam.update(&mut w, &[3.0], &mut [&mut m, &mut v]);
/// // The first step is as long as the learning rate, whatever the gradient.
/// assert!((w[0] - 0.9_f32).abs() < 1e-5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// The step size.
    pub learning_rate: f64,
    /// How slowly the mean of gradients follows.
    pub beta_1: f64,
    /// How slowly the mean of squares follows.
    pub beta_2: f64,
    /// Keeps the divisor away from 0.
    pub epsilon: f64,
    /// Steps so far.
    pub step: u64,
}

impl Adam {
    /// Keras' defaults with this step size.
    pub fn new(learning_rate: f64) -> Self {
        Adam {
            learning_rate,
            ..Adam::default()
        }
    }
}

impl Default for Adam {
    fn default() -> Self {
        Adam {
            learning_rate: 0.001,
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-7,
            step: 0,
        }
    }
}

impl Optimizer for Adam {
    fn name(&self) -> &'static str {
        "Adam"
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.learning_rate = learning_rate;
    }

    fn states(&self) -> usize {
        2
    }

    fn begin_step(&mut self) {
        self.step += 1;
    }

    fn start_afresh(&mut self) {
        self.step = 0;
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
                "beta_1",
                self.beta_1,
                (0.0..1.0).contains(&self.beta_1),
                SHARE,
            ),
            (
                "beta_2",
                self.beta_2,
                (0.0..1.0).contains(&self.beta_2),
                SHARE,
            ),
            ("epsilon", self.epsilon, self.epsilon > 0.0, POSITIVE),
        ])
    }

    fn record(&self, call: RecordUpdate<'_>, to: &mut Recorder) -> Result<()> {
        if let [mean, square, ..] = call.memory {
            let arguments = [
                call.weights.into(),
                call.gradients.into(),
                (*mean).into(),
                (*square).into(),
                call.count.into(),
                (self.beta_1 as f32).into(),
                (self.beta_2 as f32).into(),
                (self.epsilon as f32).into(),
                call.state.into(),
            ];
            to.elements("adam", call.count, arguments);
        }
        Ok(())
    }

    fn betas(&self) -> (f64, f64) {
        (self.beta_1, self.beta_2)
    }

    fn update(&self, weights: &mut [f32], gradients: &[f32], states: &mut [&mut [f32]]) {
        if let [mean, square, ..] = states {
            let (rate, beta_1, beta_2) = (
                self.learning_rate as f32,
                self.beta_1 as f32,
                self.beta_2 as f32,
            );
            updates::Adam {
                alpha: updates::Adam::alpha(rate, beta_1, beta_2, self.step.max(1)),
                beta_1,
                beta_2,
                epsilon: self.epsilon as f32,
            }
            .step(gradients, mean, square, weights);
        }
    }
}
