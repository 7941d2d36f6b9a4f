//! `MaxPooling2D`.

use super::padding::{pooling, pooling_macs, pooling_output};
use super::{Layer, LayerSizes, Padding};
use crate::error::Result;
use crate::gpu::{RecordBackward, RecordForward, Recorder};
use crate::kernels::pooling::Pooling;
use crate::op::{Backward, Forward, Op};
use crate::shape::{Outcome, Shape};
use crate::tape::NoParameters;
use dfdx::shapes::Dtype;
use dfdx::tensor_ops::Device as DfdxDevice;

/// The largest value of each window, for each channel. Alias: `MaxPool2D`.
///
/// # Arguments
/// - `pool_size` = `(2, 2)`: (height, width) of the window, or one number for both.
/// - `strides` = `pool_size`: how far the window moves, or one number for both.
/// - `padding` = `valid`: or `same`. Padding never wins.
///
/// # Shapes
/// - input: (height, width, channels)
/// - output: (height', width', channels), sized as in [`Conv2D`](super::Conv2D)
///
/// # Errors
/// In `network!`: an input that is not an image, a window larger than its input, a stride of 0.
///
/// # Source
/// Same as `keras.layers.MaxPooling2D`. Where several values are the largest, the
/// gradient goes to the first of them, row by row.
///
/// # Examples
/// ```
/// use addax::network;
///
/// network! {
///     /// A quarter of the pixels.
///     pub Smaller: (28, 28, 3) => (14, 14, 3) {
///         MaxPooling2D(),
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MaxPooling2D {
    /// (height, width) of the window.
    pub pool_size: [usize; 2],
    /// How far the window moves; `None` for its own size.
    pub strides: Option<[usize; 2]>,
    /// What happens at the border.
    pub padding: Padding,
}

impl MaxPooling2D {
    /// A 2x2 window that moves by its own size.
    #[allow(
        clippy::new_without_default,
        reason = "a layer is made by `network!`, in const context"
    )]
    pub const fn new() -> Self {
        MaxPooling2D {
            pool_size: [2, 2],
            strides: None,
            padding: Padding::Valid,
        }
    }

    const fn step(&self) -> [usize; 2] {
        match self.strides {
            Some(strides) => strides,
            None => self.pool_size,
        }
    }

    /// The shape rule.
    pub const fn output(&self, inputs: &[Shape]) -> Outcome {
        pooling_output(
            "MaxPooling2D",
            inputs,
            self.pool_size,
            self.step(),
            self.padding,
        )
    }
}

impl Layer for MaxPooling2D {
    const KIND: &'static str = "MaxPooling2D";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = NoParameters<E, D>;

    fn op(&self, inputs: &[Shape], output: Shape) -> Box<dyn Op> {
        Box::new(MaxPooling2DOp {
            pooling: pooling(inputs[0], self.pool_size, self.step(), self.padding),
            macs: pooling_macs(output, self.pool_size),
        })
    }
}

#[derive(Debug)]
struct MaxPooling2DOp {
    pooling: Pooling,
    macs: usize,
}

impl Op for MaxPooling2DOp {
    fn macs(&self) -> usize {
        self.macs
    }

    fn record_forward(&self, call: RecordForward<'_>, to: &mut Recorder) -> Result<()> {
        let numbers = call.rows * self.pooling.output_len();
        let arguments = [
            call.inputs[0].into(),
            call.output.into(),
            self.pooling.geometry(call.rows).into(),
        ];
        to.launch("max_pool_forward", [numbers.div_ceil(256), 1, 1], arguments);
        Ok(())
    }

    fn record_backward(&self, call: RecordBackward<'_>, to: &mut Recorder) -> Result<()> {
        if let Some(d_input) = call.d_inputs[0] {
            let numbers = call.rows * self.pooling.input_len();
            let arguments = [
                call.inputs[0].into(),
                call.output.into(),
                call.d_output.into(),
                d_input.into(),
                self.pooling.geometry(call.rows).into(),
            ];
            to.launch(
                "max_pool_backward",
                [numbers.div_ceil(256), 1, 1],
                arguments,
            );
        }
        Ok(())
    }

    fn forward(&self, call: Forward<'_>) {
        self.pooling
            .max_forward(call.rows, call.inputs[0], call.output);
    }

    fn backward(&self, call: Backward<'_>) {
        if let Some(d_input) = &mut call.d_inputs[0] {
            self.pooling.max_backward(
                call.rows,
                call.inputs[0],
                call.output,
                call.d_output,
                d_input,
            );
        }
    }
}
