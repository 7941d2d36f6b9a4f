//! Networks that are a chain of narrow `Dense` layers: their calls are one, see [`crate::kernels::narrow`].

use super::layout::Gradients;
use super::program::Stage;
use super::run::Scene;
use super::store::Store;
use super::work::OutputTotals;
use crate::activations::ActivationFunction;
use crate::kernels::functions::Function;
use crate::kernels::narrow::{BLOCK, Block, Chain, NarrowDense, Pass, WIDEST, columns_of, rows_of};
use crate::losses::{ColumnsCall, LossCall};
use crate::metrics::MetricCall;
use crate::training::labels::TargetRows;
use std::ops::Range;

/// The steps of a network as a chain, if they are one.
pub(super) fn chain(stages: &[Stage], outputs: usize, store: &Store) -> Option<Chain> {
    if outputs != 1 {
        return None;
    }
    let mut layers = Vec::with_capacity(stages.len());
    let mut softmax = false;
    let mut value = 0;
    for (i, stage) in stages.iter().enumerate() {
        let affine = stage.op.affine()?;
        let follows = stage.flow.inputs == [value];
        value = stage.flow.output;
        let function = match affine.activation {
            ActivationFunction::Softmax if i + 1 == stages.len() => {
                softmax = true;
                Function::Linear
            }
            activation => activation.elementwise()?,
        };
        let block = &store.blocks()[stage.layer];
        let shared = stages.iter().filter(|s| s.layer == stage.layer).count() > 1;
        let (false, true, Gradients::Slots(gradients)) = (shared, follows, &stage.gradients) else {
            return None;
        };
        let place = |index: usize| block.ranges.get(index).map(|range| range.start);
        layers.push(NarrowDense {
            features: affine.features,
            units: affine.units,
            function,
            kernel: block.all.start + place(0)?,
            bias: place(1).map(|bias| block.all.start + bias),
            d_kernel: gradients.start + place(0)?,
            d_bias: gradients.start + place(1).unwrap_or(0),
        });
    }
    Chain::new(layers, softmax)
}

impl Scene<'_> {
    /// All calls for some rows.
    pub(super) fn run_chain(
        &self,
        chain: &Chain,
        rows: Range<usize>,
        gradients: &mut [f32],
        totals: &mut [OutputTotals],
    ) {
        let mut head = |block: Block<'_>| {
            let first = rows.start + block.first;
            self.chain_head(chain.units(), first, block, totals);
        };
        Pass {
            chain,
            parameters: self.store.values(),
            x: &self.batch.x[0],
            rows: &self.batch.rows[rows.clone()],
            gradients: self.is_training().then_some(gradients),
            head: &mut head,
        }
        .run();
    }

    fn chain_head(
        &self,
        units: usize,
        first: usize,
        block: Block<'_>,
        totals: &mut [OutputTotals],
    ) {
        let (rows, z) = (block.rows, block.z);
        let ([goal], [targets], [totals]) = (self.goals, self.batch.targets, totals) else {
            let answers = first * units..(first + rows) * units;
            // SAFETY: answers are each row's own.
            rows_of(z, units, unsafe { self.answers[0].part(answers) });
            return;
        };
        let targets = TargetRows::new(targets, &self.batch.rows[first..first + rows]);
        let (head, scale) = (self.plan.heads[0].activation, self.scale(goal));
        let mut d_z = block.d_z;
        let done = goal.loss.run_columns(ColumnsCall {
            rows,
            head,
            z,
            targets,
            d_z: d_z.as_deref_mut(),
            scale,
        });
        if let Some(loss) = done {
            totals.loss += loss;
            if goal.metrics.is_empty() {
                return;
            }
        }
        let mut y_pred = [0.0; BLOCK * WIDEST];
        let y_pred = &mut y_pred[..rows * units];
        if done.is_some() {
            rows_of(z, units, y_pred);
            head.forward(y_pred, units);
        } else {
            let (mut z_rows, mut d_rows) = ([0.0; BLOCK * WIDEST], [0.0; BLOCK * WIDEST]);
            let (z_rows, d_rows) = (&mut z_rows[..rows * units], &mut d_rows[..rows * units]);
            rows_of(z, units, z_rows);
            totals.loss += goal.loss.run(LossCall {
                rows,
                size: units,
                width: units,
                head,
                z: z_rows,
                y_pred,
                targets,
                d_z: d_z.is_some().then_some(&mut *d_rows),
                scale,
            });
            if let Some(d_z) = d_z {
                columns_of(d_rows, units, d_z);
            }
        }
        let call = MetricCall {
            rows,
            size: units,
            width: units,
            y_pred,
            targets,
        };
        goal.measure(call, totals);
    }
}
