//! `BinaryCrossentropy`.

use super::{EPSILON, Loss, LossCall};
use crate::activations::ActivationFunction;
use crate::error::Result;
use crate::gpu::{RecordLoss, Recorder};
use crate::training::Values;
use crate::training::labels::TargetRule;

/// Crossentropy of yes-or-no answers: the mean of `-t·ln(p) - (1 - t)·ln(1 - p)` over all numbers of an answer.
///
/// After `activation = sigmoid` it is computed from the values before the sigmoid:
/// `max(z, 0) - z·t + ln(1 + e^-|z|)`, which is exact however sure the network is.
///
/// # Arguments
/// - `from_logits` = `false`: the network gives logits instead of probabilities.
///
/// # Networks
/// The last layer has `activation = sigmoid`, or no activation and `from_logits`.
/// Others do not compile, and `compile` refuses a `from_logits` that is not what the last layer gives.
///
/// # Targets
/// Numbers from 0 to 1 of the shape of the answers.
///
/// # Source
/// Same as `keras.losses.BinaryCrossentropy` in a compiled model.
///
/// ```
/// use addax::losses::{BinaryCrossentropy, Loss};
///
/// assert_eq!(BinaryCrossentropy::default().name(), "binary_crossentropy");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct BinaryCrossentropy {
    /// Whether the network gives logits.
    pub from_logits: bool,
}

impl Loss for BinaryCrossentropy {
    type Target = Values;

    fn name(&self) -> &'static str {
        "binary_crossentropy"
    }

    fn target_rule(&self) -> TargetRule {
        TargetRule::ZeroToOne
    }

    fn record(&self, call: RecordLoss, to: &mut Recorder) -> Result<usize> {
        to.crossentropy("binary_crossentropy", call.rows, self.from_logits, call);
        Ok(call.rows)
    }

    fn run(&self, mut call: LossCall<'_>) -> f64 {
        let logits = call.head == ActivationFunction::Sigmoid
            || (self.from_logits && call.head == ActivationFunction::Linear);
        if !logits {
            return call.elementwise(of_probability);
        }
        call.predict();
        let share = 1.0 / call.size as f32;
        let mut total = 0.0;
        for row in 0..call.rows {
            let y_true = call.targets.values(row);
            let numbers = row * call.size..(row + 1) * call.size;
            let z = &call.z[numbers.clone()];
            let sum: f32 = y_true.iter().zip(z).map(|(&t, &z)| of_logit(t, z)).sum();
            total += f64::from(sum * share);
            if let Some(d_z) = &mut call.d_z {
                for ((d, &t), &z) in d_z[numbers].iter_mut().zip(y_true).zip(z) {
                    *d = (sigmoid(z) - t) * share * call.scale;
                }
            }
        }
        total
    }
}

fn sigmoid(z: f32) -> f32 {
    1.0 / (1.0 + (-z).exp())
}

fn of_logit(t: f32, z: f32) -> f32 {
    z.max(0.0) - z * t + (-z.abs()).exp().ln_1p()
}

fn of_probability(t: f32, p: f32) -> (f32, f32) {
    let clipped = p.clamp(EPSILON, 1.0 - EPSILON);
    let loss = -(t * clipped.ln() + (1.0 - t) * (1.0 - clipped).ln());
    // A clipped probability has no slope.
    let slope = if clipped == p {
        (1.0 - t) / (1.0 - p) - t / p
    } else {
        0.0
    };
    (loss, slope)
}
