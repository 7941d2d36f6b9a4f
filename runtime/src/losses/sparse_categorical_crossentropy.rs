//! `SparseCategoricalCrossentropy`.

use super::categorical_crossentropy::{is_logits, log_sum_exp};
use super::{ColumnsCall, EPSILON, Loss, LossCall};
use crate::error::Result;
use crate::gpu::{RecordLoss, Recorder};
use crate::kernels::narrow::{BLOCK, Crossentropy};
use crate::training::Classes;
use crate::training::labels::TargetRule;

/// Crossentropy of class ids: `-ln(p[class])`.
///
/// After `activation = softmax` it is computed from the values before the softmax: `ln Σⱼ e^zⱼ - z[class]`, which is
/// exact however sure the network is.
///
/// # Arguments
/// - `from_logits` = `false`: the network gives logits instead of probabilities.
///
/// # Networks
/// The last layer gives a vector of at least 2 units, with `activation = softmax`, or without an activation and with
/// `from_logits`.
/// Others do not compile, and `compile` refuses a `from_logits` that is not what the last layer gives.
///
/// # Targets
/// One class id for each sample, from 0 to the number of units of the last layer less one.
///
/// # Source
/// Same as `keras.losses.SparseCategoricalCrossentropy` in a compiled model.
///
/// ```
/// use addax::losses::{Loss, SparseCategoricalCrossentropy};
///
/// let loss = SparseCategoricalCrossentropy::default();
/// assert_eq!(loss.name(), "sparse_categorical_crossentropy");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SparseCategoricalCrossentropy {
    /// Whether the network gives logits.
    pub from_logits: bool,
}

impl Loss for SparseCategoricalCrossentropy {
    type Target = Classes;

    fn name(&self) -> &'static str {
        "sparse_categorical_crossentropy"
    }

    fn target_rule(&self) -> TargetRule {
        TargetRule::ClassIds
    }

    fn record(&self, call: RecordLoss, to: &mut Recorder) -> Result<usize> {
        let arguments = [
            call.z.into(),
            call.targets.into(),
            call.y_pred.into(),
            call.d_z.into(),
            call.row_losses.into(),
            call.rows.into(),
            call.width.into(),
            call.head.into(),
            self.from_logits.into(),
            call.scale.into(),
        ];
        to.rows("sparse_categorical_crossentropy", call.rows, arguments);
        Ok(call.rows)
    }

    fn run(&self, mut call: LossCall<'_>) -> f64 {
        let width = call.width;
        let logits = is_logits(self.from_logits, call.head);
        call.predict();
        let mut total = 0.0;
        for row in 0..call.rows {
            let class = call.targets.class(row);
            let numbers = row * width..(row + 1) * width;
            let d_z = call.d_z.as_deref_mut().map(|d| &mut d[numbers.clone()]);
            let loss = if logits {
                of_logits(class, &call.z[numbers], call.scale, d_z)
            } else {
                of_probabilities(class, &call.y_pred[numbers], call.scale, d_z)
            };
            total += f64::from(loss);
        }
        if !logits && let Some(d_z) = call.d_z {
            call.head.backward(call.y_pred, d_z, width);
        }
        total
    }

    fn run_columns(&self, call: ColumnsCall<'_>) -> Option<f64> {
        if !is_logits(self.from_logits, call.head) {
            return None;
        }
        let mut classes = [-1.0; BLOCK];
        for (row, class) in classes.iter_mut().enumerate().take(call.rows) {
            *class = call.targets.class(row) as f32;
        }
        let crossentropy = Crossentropy {
            z: call.z,
            classes: &classes,
            d_z: call.d_z,
            scale: call.scale,
        };
        Some(crossentropy.run())
    }
}

fn of_logits(class: usize, z: &[f32], scale: f32, d_z: Option<&mut [f32]>) -> f32 {
    let log_sum = log_sum_exp(z);
    if let Some(d_z) = d_z {
        for (d, &z) in d_z.iter_mut().zip(z) {
            *d = (z - log_sum).exp() * scale;
        }
        d_z[class] -= scale;
    }
    log_sum - z[class]
}

/// Keras keeps the probabilities away from 0 and 1 and takes their logarithms for logits.
fn of_probabilities(class: usize, p: &[f32], scale: f32, d_p: Option<&mut [f32]>) -> f32 {
    let clip = |p: f32| p.clamp(EPSILON, 1.0 - EPSILON);
    let sum: f32 = p.iter().map(|&p| clip(p)).sum();
    if let Some(d_p) = d_p {
        for (i, (d, &p)) in d_p.iter_mut().zip(p).enumerate() {
            let own = if i == class { 1.0 / p } else { 0.0 };
            *d = if clip(p) == p {
                (1.0 / sum - own) * scale
            } else {
                0.0
            };
        }
    }
    sum.ln() - clip(p[class]).ln()
}
