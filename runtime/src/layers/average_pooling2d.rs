//! `AveragePooling2D`.

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

/// The mean of each window, for each channel. Alias: `AvgPool2D`.
///
/// # Arguments
/// - `pool_size` = `(2, 2)`: (height, width) of the window, or one number for both.
/// - `strides` = `pool_size`: how far the window moves, or one number for both.
/// - `padding` = `valid`: or `same`. Padding does not count in the mean.
///
/// # Shapes
/// - input: (height, width, channels)
/// - output: (height', width', channels), sized as in [`Conv2D`](super::Conv2D)
///
/// # Errors
/// In `network!`: an input that is not an image, a window larger than its input, a stride of 0.
///
/// # Source
/// Same as `keras.layers.AveragePooling2D`.
///
/// # Examples
/// ```
/// use addax::network;
///
/// network! {
///     /// A quarter of the pixels.
///     pub Smaller: (28, 28, 3) => (14, 14, 3) {
///         AveragePooling2D(),
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AveragePooling2D {
    /// (height, width) of the window.
    pub pool_size: [usize; 2],
    /// How far the window moves; `None` for its own size.
    pub strides: Option<[usize; 2]>,
    /// What happens at the border.
    pub padding: Padding,
}

impl AveragePooling2D {
    /// A 2x2 window that moves by its own size.
    #[allow(
        clippy::new_without_default,
        reason = "a layer is made by `network!`, in const context"
    )]
    pub const fn new() -> Self {
        AveragePooling2D {
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
            "AveragePooling2D",
            inputs,
            self.pool_size,
            self.step(),
            self.padding,
        )
    }
}

impl Layer for AveragePooling2D {
    const KIND: &'static str = "AveragePooling2D";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = NoParameters<E, D>;

    fn op(&self, inputs: &[Shape], output: Shape) -> Box<dyn Op> {
        Box::new(AveragePooling2DOp {
            pooling: pooling(inputs[0], self.pool_size, self.step(), self.padding),
            macs: pooling_macs(output, self.pool_size),
        })
    }
}

#[derive(Debug)]
struct AveragePooling2DOp {
    pooling: Pooling,
    macs: usize,
}

impl Op for AveragePooling2DOp {
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
        to.launch(
            "average_pool_forward",
            [numbers.div_ceil(256), 1, 1],
            arguments,
        );
        Ok(())
    }

    fn record_backward(&self, call: RecordBackward<'_>, to: &mut Recorder) -> Result<()> {
        if let Some(d_input) = call.d_inputs[0] {
            let numbers = call.rows * self.pooling.input_len();
            let arguments = [
                call.d_output.into(),
                d_input.into(),
                self.pooling.geometry(call.rows).into(),
            ];
            to.launch(
                "average_pool_backward",
                [numbers.div_ceil(256), 1, 1],
                arguments,
            );
        }
        Ok(())
    }

    fn forward(&self, call: Forward<'_>) {
        self.pooling
            .average_forward(call.rows, call.inputs[0], call.output);
    }

    fn backward(&self, call: Backward<'_>) {
        if let Some(d_input) = &mut call.d_inputs[0] {
            self.pooling
                .average_backward(call.rows, call.d_output, d_input);
        }
    }
}
