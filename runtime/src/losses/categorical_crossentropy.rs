//! `CategoricalCrossentropy`.

use super::{EPSILON, Loss, LossCall};
use crate::activations::ActivationFunction;
use crate::error::Result;
use crate::gpu::{RecordLoss, Recorder};
use crate::training::Values;
use crate::training::labels::TargetRule;

/// Crossentropy of one-hot (or soft) targets: `-Σ tᵢ·ln(pᵢ)` along the last axis.
///
/// After `activation = softmax` it is computed from the values before the softmax: `Σ tᵢ·(ln Σⱼ e^zⱼ - zᵢ)`, which is
/// exact however sure the network is.
///
/// # Arguments
/// - `from_logits` = `false`: the network gives logits instead of probabilities.
///
/// # Networks
/// The last layer gives at least 2 units, with `activation = softmax`, or without an activation and with `from_logits`.
/// Others do not compile, and `compile` refuses a `from_logits` that is not what the last layer gives.
///
/// # Targets
/// Numbers from 0 to 1 of the shape of the answers.
///
/// # Source
/// Same as `keras.losses.CategoricalCrossentropy` in a compiled model.
///
/// ```
/// use addax::losses::{CategoricalCrossentropy, Loss};
///
/// assert_eq!(CategoricalCrossentropy::default().name(), "categorical_crossentropy");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CategoricalCrossentropy {
    /// Whether the network gives logits.
    pub from_logits: bool,
}

impl Loss for CategoricalCrossentropy {
    type Target = Values;

    fn name(&self) -> &'static str {
        "categorical_crossentropy"
    }

    fn target_rule(&self) -> TargetRule {
        TargetRule::ZeroToOne
    }

    fn record(&self, call: RecordLoss, to: &mut Recorder) -> Result<usize> {
        let positions = call.rows * call.size / call.width.max(1);
        to.crossentropy(
            "categorical_crossentropy",
            positions,
            self.from_logits,
            call,
        );
        Ok(positions)
    }

    fn run(&self, mut call: LossCall<'_>) -> f64 {
        let (width, size) = (call.width, call.size);
        let logits = is_logits(self.from_logits, call.head);
        call.predict();
        // An answer of several rows is judged by their mean.
        let share = width as f32 / size as f32;
        let mut total = 0.0;
        for row in 0..call.rows {
            let y_true = call.targets.values(row);
            for (k, t) in y_true.chunks_exact(width).enumerate() {
                let numbers = row * size + k * width..row * size + (k + 1) * width;
                let d_z = call.d_z.as_deref_mut().map(|d| &mut d[numbers.clone()]);
                let loss = if logits {
                    of_logits(t, &call.z[numbers], call.scale * share, d_z)
                } else {
                    of_probabilities(t, &call.y_pred[numbers], call.scale * share, d_z)
                };
                total += f64::from(loss * share);
            }
        }
        if !logits && let Some(d_z) = call.d_z {
            call.head.backward(call.y_pred, d_z, width);
        }
        total
    }
}

/// Whether the values before the head's activation are logits of a softmax.
pub(super) fn is_logits(from_logits: bool, head: ActivationFunction) -> bool {
    head == ActivationFunction::Softmax || (from_logits && head == ActivationFunction::Linear)
}

/// The largest value and the logarithm of the sum of exponentials, from which softmax and its logarithm follow.
pub(super) fn log_sum_exp(z: &[f32]) -> f32 {
    let max = z.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = z.iter().map(|&v| (v - max).exp()).sum();
    max + sum.ln()
}

fn of_logits(t: &[f32], z: &[f32], scale: f32, d_z: Option<&mut [f32]>) -> f32 {
    let log_sum = log_sum_exp(z);
    let weight: f32 = t.iter().sum();
    if let Some(d_z) = d_z {
        for ((d, &t), &z) in d_z.iter_mut().zip(t).zip(z) {
            *d = ((z - log_sum).exp() * weight - t) * scale;
        }
    }
    t.iter().zip(z).map(|(&t, &z)| t * (log_sum - z)).sum()
}

/// Keras divides by the sum of the predictions, then keeps them away from 0 and 1.
fn of_probabilities(t: &[f32], p: &[f32], scale: f32, d_p: Option<&mut [f32]>) -> f32 {
    let sum: f32 = p.iter().sum();
    let (mut loss, mut flow) = (0.0, 0.0);
    for (&t, &p) in t.iter().zip(p) {
        let q = p / sum;
        let clipped = q.clamp(EPSILON, 1.0 - EPSILON);
        loss -= t * clipped.ln();
        if clipped == q {
            // The target's share of the gradient that the division by the sum carries back.
            flow += t;
        }
    }
    if let Some(d_p) = d_p {
        for ((d, &t), &p) in d_p.iter_mut().zip(t).zip(p) {
            let q = p / sum;
            let inside = q.clamp(EPSILON, 1.0 - EPSILON) == q;
            let own = if inside { t / p } else { 0.0 };
            *d = (flow / sum - own) * scale;
        }
    }
    loss
}
