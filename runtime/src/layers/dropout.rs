//! `Dropout`.

use super::{Layer, LayerSizes};
use crate::error::Result;
use crate::gpu::{Pointer, RecordBackward, RecordForward, Recorder};
use crate::kernels::philox;
use crate::op::{Backward, Forward, Op, Phase};
use crate::shape::{Message, Outcome, Reach, Role, Shape, one_input};
use crate::tape::NoParameters;
use dfdx::shapes::Dtype;
use dfdx::tensor_ops::Device as DfdxDevice;

/// While training, sets each number to zero with probability `rate` and divides the others by `1 - rate`, so that
/// their expected sum stays. In `predict` and `evaluate` it does nothing.
///
/// Which numbers are dropped is drawn with a counter-based generator from the seed of the training run, the step and
/// the place of the number: threads, micro-batches and devices do not change it.
///
/// # Arguments
/// - `rate`: the share of numbers to drop, from 0.0 up to, but not including, 1.0.
///
/// # Shapes
/// - input: any
/// - output: the same
///
/// # Errors
/// In `network!`: a rate outside its range.
///
/// # Source
/// Srivastava et al. 2014. Same as `keras.layers.Dropout`.
///
/// # Examples
/// ```
/// use addax::network;
///
/// network! {
///     /// Half of the hidden layer rests in each step.
///     pub Robust: 784 => 10 {
///         Dense(64, activation = relu),
///         Dropout(0.5),
///         Dense(10, activation = softmax),
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    /// The share of numbers to drop.
    pub rate: f64,
}

impl Dropout {
    /// Drops this share of its input.
    pub const fn new(rate: f64) -> Self {
        Dropout { rate }
    }

    /// The shape rule.
    pub const fn output(&self, inputs: &[Shape]) -> Outcome {
        let input = match one_input("Dropout", inputs) {
            Ok(input) => input,
            Err(error) => return error,
        };
        if !(self.rate >= 0.0 && self.rate < 1.0) {
            let message = Message::new(
                "the rate of `Dropout` is the share that is dropped: from 0.0 up to, but not including, 1.0",
            );
            let message = if self.rate > 1.0 {
                message.help("for per cent, divide by 100: `Dropout(0.5)` drops half")
            } else if self.rate >= 1.0 {
                message.help("a rate of 1.0 would leave nothing; a usual one is `Dropout(0.5)`")
            } else {
                message.help("a usual rate is `Dropout(0.5)`")
            };
            return Outcome::error(message).but_assume(input);
        }
        Outcome::ok(input)
            .with_reach(Reach::Place)
            .with_role(Role::Noise)
    }
}

impl Layer for Dropout {
    const KIND: &'static str = "Dropout";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = NoParameters<E, D>;

    fn op(&self, inputs: &[Shape], _: Shape) -> Box<dyn Op> {
        Box::new(DropoutOp {
            rate: self.rate,
            size: inputs[0].size(),
        })
    }
}

#[derive(Debug)]
struct DropoutOp {
    rate: f64,
    size: usize,
}

impl DropoutOp {
    /// Zeroes and scales `values`, which start at row `first_row` of the batch. The mask is drawn anew in the backward
    /// pass, which costs less than keeping it.
    fn apply(&self, phase: Phase, first_row: usize, values: &mut [f32]) {
        if let Phase::Training { seed, step, layer } = phase {
            let mask = philox::Dropout {
                seed,
                // A run of more steps than a `u32` counts would use its masks again.
                step: step as u32,
                layer,
                rate: self.rate as f32,
            };
            mask.apply((first_row * self.size) as u64, values);
        }
    }
}

impl DropoutOp {
    fn record(
        &self,
        (from, into): (Pointer, Pointer),
        (rows, layer, state): (usize, u32, Pointer),
        to: &mut Recorder,
    ) {
        let n = rows * self.size;
        let arguments = [
            from.into(),
            into.into(),
            n.into(),
            (self.rate as f32).into(),
            layer.into(),
            0_u64.into(),
            state.into(),
        ];
        to.elements("dropout", n + 3, arguments);
    }
}

impl Op for DropoutOp {
    fn macs(&self) -> usize {
        self.size
    }

    fn record_forward(&self, call: RecordForward<'_>, to: &mut Recorder) -> Result<()> {
        if call.training {
            let place = (call.rows, call.layer, call.state);
            self.record((call.inputs[0], call.output), place, to);
        } else {
            to.copy(call.inputs[0], call.output, call.rows * self.size);
        }
        Ok(())
    }

    fn record_backward(&self, call: RecordBackward<'_>, to: &mut Recorder) -> Result<()> {
        if let Some(d_input) = call.d_inputs[0] {
            let place = (call.rows, call.layer, call.state);
            self.record((call.d_output, d_input), place, to);
        }
        Ok(())
    }

    fn forward(&self, call: Forward<'_>) {
        call.output.copy_from_slice(call.inputs[0]);
        self.apply(call.phase, call.first_row, call.output);
    }

    fn backward(&self, call: Backward<'_>) {
        if let Some(d_input) = &mut call.d_inputs[0] {
            d_input.copy_from_slice(call.d_output);
            self.apply(call.phase, call.first_row, d_input);
        }
    }
}
