//! `GlobalMaxPooling2D`.

use super::padding::takes_an_image;
use super::{Layer, LayerSizes};
use crate::error::Result;
use crate::gpu::{RecordBackward, RecordForward, Recorder};
use crate::kernels::pooling::Pooling;
use crate::op::{Backward, Forward, Op};
use crate::shape::{Outcome, Reach, Shape, one_input};
use crate::tape::NoParameters;
use dfdx::shapes::Dtype;
use dfdx::tensor_ops::Device as DfdxDevice;

/// The largest value of the whole image, for each channel. Alias: `GlobalMaxPool2D`.
///
/// # Shapes
/// - input: (height, width, channels)
/// - output: channels
///
/// # Errors
/// In `network!`: an input that is not an image.
///
/// # Source
/// Same as `keras.layers.GlobalMaxPooling2D`; where several values are the largest, they share the gradient equally.
///
/// # Examples
/// ```
/// use addax::network;
///
/// network! {
///     /// Where in the image does not matter.
///     pub Anywhere: (28, 28, 1) => 10 {
///         Conv2D(32, 3, activation = relu),
///         GlobalMaxPooling2D(),
///         Dense(10, activation = softmax),
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug)]
pub struct GlobalMaxPooling2D {}

impl GlobalMaxPooling2D {
    /// The layer; it has no options.
    #[allow(
        clippy::new_without_default,
        reason = "a layer is made by `network!`, in const context"
    )]
    pub const fn new() -> Self {
        GlobalMaxPooling2D {}
    }

    /// The shape rule.
    pub const fn output(&self, inputs: &[Shape]) -> Outcome {
        let input = match one_input("GlobalMaxPooling2D", inputs) {
            Ok(input) => input,
            Err(error) => return error,
        };
        if !input.is_known() {
            return Outcome::ok(input);
        }
        if input.rank() != 3 {
            return Outcome::error(takes_an_image("GlobalMaxPooling2D", input));
        }
        Outcome::ok(Shape::new([input.dim(2)])).with_reach(Reach::All)
    }
}

impl Layer for GlobalMaxPooling2D {
    const KIND: &'static str = "GlobalMaxPooling2D";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = NoParameters<E, D>;

    fn op(&self, inputs: &[Shape], _: Shape) -> Box<dyn Op> {
        let (image, channels) = ((inputs[0].dim(0), inputs[0].dim(1)), inputs[0].dim(2));
        Box::new(GlobalMaxPooling2DOp {
            pooling: Pooling::global(image, channels),
            size: inputs[0].size(),
        })
    }
}

#[derive(Debug)]
struct GlobalMaxPooling2DOp {
    pooling: Pooling,
    size: usize,
}

impl Op for GlobalMaxPooling2DOp {
    fn macs(&self) -> usize {
        self.size
    }

    fn record_forward(&self, call: RecordForward<'_>, to: &mut Recorder) -> Result<()> {
        let channels = self.pooling.channels;
        let arguments = [
            call.inputs[0].into(),
            call.output.into(),
            (self.size / channels).into(),
            channels.into(),
        ];
        to.launch(
            "global_max_forward",
            [call.rows, channels.div_ceil(32), 1],
            arguments,
        );
        Ok(())
    }

    fn record_backward(&self, call: RecordBackward<'_>, to: &mut Recorder) -> Result<()> {
        let channels = self.pooling.channels;
        if let Some(d_input) = call.d_inputs[0] {
            let arguments = [
                call.inputs[0].into(),
                call.output.into(),
                call.d_output.into(),
                d_input.into(),
                (self.size / channels).into(),
                channels.into(),
            ];
            to.launch(
                "global_max_backward",
                [call.rows, channels.div_ceil(32), 1],
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
            let channels = call.output.len() / call.rows.max(1);
            let samples = call.inputs[0].chunks_exact(self.size);
            let answers = call.output.chunks_exact(channels);
            let gradients = call.d_output.chunks_exact(channels);
            let targets = d_input.chunks_exact_mut(self.size);
            for (((x, y), dy), dx) in samples.zip(answers).zip(gradients).zip(targets) {
                share_gradient(x, y, dy, dx);
            }
        }
    }
}

/// The pixels that are the largest of their channel share its gradient.
fn share_gradient(x: &[f32], y: &[f32], dy: &[f32], dx: &mut [f32]) {
    let channels = y.len();
    for channel in 0..channels {
        let pixels = (channel..x.len()).step_by(channels);
        let count = pixels.clone().filter(|&i| x[i] == y[channel]).count();
        let part = dy[channel] / count.max(1) as f32;
        for i in pixels {
            dx[i] = if x[i] == y[channel] { part } else { 0.0 };
        }
    }
}
