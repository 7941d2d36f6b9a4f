//! `Conv2D`.

use super::padding::{takes_an_image, too_large, window_output};
use super::{Layer, LayerSizes, Padding};
use crate::activations::ActivationFunction;
use crate::error::Result;
use crate::gpu::command::column_sums_scratch;
use crate::gpu::{
    BareConvolution, Convolution as RecordedConvolution, ConvolutionPass, ConvolutionSizes,
    Pointer, RecordBackward, RecordForward, Recorder,
};
use crate::initializers::Initializer;
use crate::kernels::convolution::Convolution;
use crate::layer_parameters;
use crate::op::{Backward, Forward, GpuMemory, Memory, Op, Parameters};
use crate::shape::{Message, Outcome, Parameter, Shape, one_input};
use dfdx::shapes::Dtype;
use dfdx::tensor_ops::Device as DfdxDevice;

/// 2D convolution over an image, channels last.
///
/// `y[i, j, f] = activation(bias[f] + Σ x[i·s₀ + a, j·s₁ + b, c] · kernel[a, b, c, f])`
///
/// # Arguments
/// - `filters`: number of output channels, at least 1.
/// - `kernel_size`: (height, width) of the window, or one number for both.
/// - `strides` = `(1, 1)`: how far the window moves, or one number for both.
/// - `padding` = `valid`: or `same`.
/// - `activation` = `linear`, `use_bias` = `true`.
/// - `kernel_initializer` = `glorot_uniform`, `bias_initializer` = `zeros`.
///
/// # Shapes
/// - input: (height, width, channels)
/// - output: (height', width', filters), where a side `n` becomes `(n - k) / s + 1` with `valid` and `n / s` rounded
///   up with `same`
///
/// # Parameters
/// - `kernel`: (kernel height, kernel width, channels, filters)
/// - `bias`: filters
///
/// # Errors
/// In `network!`: an input that is not an image, a kernel larger than its input, a stride of 0, 0 filters.
///
/// # Source
/// Same formula and defaults as `keras.layers.Conv2D`.
///
/// # Examples
/// ```
/// use addax::network;
///
/// network! {
///     /// Half the size, sixteen channels.
///     pub Halve: (28, 28, 1) => (14, 14, 16) {
///         Conv2D(16, (3, 3), strides = 2, padding = same, activation = relu),
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Conv2D {
    /// Number of output channels.
    pub filters: usize,
    /// (height, width) of the window.
    pub kernel_size: [usize; 2],
    /// How far the window moves.
    pub strides: [usize; 2],
    /// What happens at the border.
    pub padding: Padding,
    /// Applied to the output.
    pub activation: ActivationFunction,
    /// Whether a bias is added.
    pub use_bias: bool,
    /// First values of the kernel.
    pub kernel_initializer: Initializer,
    /// First values of the bias.
    pub bias_initializer: Initializer,
}

impl Conv2D {
    /// A convolution with Keras' defaults.
    pub const fn new(filters: usize, kernel_size: [usize; 2]) -> Self {
        Conv2D {
            filters,
            kernel_size,
            strides: [1, 1],
            padding: Padding::Valid,
            activation: ActivationFunction::Linear,
            use_bias: true,
            kernel_initializer: Initializer::GlorotUniform,
            bias_initializer: Initializer::Zeros,
        }
    }

    /// The shape rule.
    pub const fn output(&self, inputs: &[Shape]) -> Outcome {
        let input = match one_input("Conv2D", inputs) {
            Ok(input) => input,
            Err(error) => return error,
        };
        if self.filters == 0 {
            return Outcome::error(Message::new(
                "`Conv2D` has 0 filters, but a layer needs at least 1",
            ));
        }
        if !input.is_known() {
            return Outcome::ok(input);
        }
        if input.rank() != 3 {
            return Outcome::error(takes_an_image("Conv2D", input));
        }
        let [height, width] = match window_output(
            "Conv2D",
            "kernel",
            input,
            self.kernel_size,
            self.strides,
            self.padding,
        ) {
            Ok(size) => size,
            Err(message) => return Outcome::error(message),
        };
        let output = Shape::new([height, width, self.filters]);
        let [kernel_height, kernel_width] = self.kernel_size;
        let kernel = Shape::new([kernel_height, kernel_width, input.dim(2), self.filters]);
        if output.checked_size().is_none() || kernel.checked_size().is_none() {
            return Outcome::error(too_large("Conv2D", input));
        }
        let outcome =
            Outcome::ok(output).with(Parameter::new("kernel", kernel, self.kernel_initializer));
        if self.use_bias {
            let bias = Shape::new([self.filters]);
            outcome.with(Parameter::new("bias", bias, self.bias_initializer))
        } else {
            outcome
        }
    }
}

layer_parameters! {
    /// The parameters of a [`Conv2D`] layer.
    pub struct Conv2DParameters {
        /// (kernel height, kernel width, channels, filters)
        kernel: S::First,
        /// filters
        bias: S::Second,
    }
}

impl Layer for Conv2D {
    const KIND: &'static str = "Conv2D";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = Conv2DParameters<S, E, D>;

    fn op(&self, inputs: &[Shape], output: Shape) -> Box<dyn Op> {
        let make = match self.padding {
            Padding::Valid => Convolution::valid,
            Padding::Same => Convolution::same,
        };
        let convolution = make(
            (inputs[0].dim(0), inputs[0].dim(1)),
            self.kernel_size.into(),
            self.strides.into(),
            inputs[0].dim(2),
            self.filters,
        );
        Box::new(Conv2DOp {
            convolution,
            filters: self.filters,
            macs: output.size() * self.kernel_size[0] * self.kernel_size[1] * inputs[0].dim(2),
            activation: self.activation,
        })
    }
}

#[derive(Debug)]
struct Conv2DOp {
    convolution: Convolution,
    filters: usize,
    macs: usize,
    activation: ActivationFunction,
}

/// Which of the three widths of a GPU kernel takes so many columns.
enum Width {
    Narrow,
    Medium,
    Wide,
}

impl Width {
    fn of(columns: usize) -> Self {
        match columns {
            0..=16 => Width::Narrow,
            17..=32 => Width::Medium,
            _ => Width::Wide,
        }
    }
}

impl Conv2DOp {
    /// Pixels of an output.
    fn pixels(&self) -> usize {
        self.convolution.output.0 * self.convolution.output.1
    }

    /// Blocks of one part of the kernel's gradient.
    fn gradient_blocks(&self) -> [usize; 2] {
        let columns = match Width::of(self.filters) {
            Width::Narrow => 16,
            Width::Medium => 32,
            Width::Wide => 64,
        };
        let taps = self.convolution.kernel_len() / self.filters;
        [taps.div_ceil(64), self.filters.div_ceil(columns)]
    }

    /// Into how many parts the pixels are cut for the kernel's gradient: enough to fill a large GPU twice.
    fn splits(&self, rows: usize) -> usize {
        let [across, down] = self.gradient_blocks();
        let most = (rows * self.pixels()).div_ceil(256).max(1);
        (264 / (across * down)).clamp(1, most)
    }

    /// The convolution of so many images, for a GPU.
    fn sizes(&self, rows: usize) -> ConvolutionSizes {
        let c = &self.convolution;
        ConvolutionSizes {
            rows,
            input: c.input.into(),
            channels: c.channels,
            output: c.output.into(),
            filters: c.filters,
            kernel: c.kernel.into(),
            strides: c.strides.into(),
            padding: c.padding.into(),
        }
    }

    fn record_kernel_gradient(&self, call: &RecordBackward<'_>, to: &mut Recorder) {
        let sizes = self.sizes(call.rows);
        let (d_kernel, len) = (call.gradients[0], sizes.kernel_len());
        let splits = self.splits(call.rows);
        let partials = if splits > 1 { call.scratch } else { d_kernel };
        let kernel = match Width::of(self.filters) {
            Width::Narrow => "conv2d_kernel_gradient_16",
            Width::Medium => "conv2d_kernel_gradient_32",
            Width::Wide => "conv2d_kernel_gradient_64",
        };
        let [across, down] = self.gradient_blocks();
        let arguments = [
            call.inputs[0].into(),
            call.d_output.into(),
            partials.into(),
            sizes.into(),
            splits.into(),
        ];
        let mut own = Recorder::default();
        own.launch(kernel, [across, down, splits], arguments);
        own.sum_partials(partials, d_kernel, len, splits);
        let mut after = Recorder::default();
        after.transpose(call.scratch, d_kernel, self.filters, sizes.taps());
        to.convolution(RecordedConvolution {
            pass: ConvolutionPass::KernelGradient,
            sizes,
            own: own.finish(),
            bare: BareConvolution {
                before: Vec::new(),
                x: call.inputs[0],
                kernel: call.scratch,
                y: call.d_output,
                after: after.finish(),
            },
        });
    }

    fn record_input_gradient(
        &self,
        call: &RecordBackward<'_>,
        d_input: Pointer,
        to: &mut Recorder,
    ) {
        let sizes = self.sizes(call.rows);
        let (kernel, tile) = match Width::of(sizes.channels) {
            Width::Narrow => ("conv2d_input_gradient_16", [256, 16]),
            Width::Medium => ("conv2d_input_gradient_32", [128, 32]),
            Width::Wide => ("conv2d_input_gradient_64", [128, 64]),
        };
        let [height, width] = sizes.strides;
        let phase = sizes.input[0].div_ceil(height) * sizes.input[1].div_ceil(width);
        let grid = [
            (sizes.rows * phase).div_ceil(tile[0]),
            sizes.channels.div_ceil(tile[1]),
            height * width,
        ];
        let arguments = [
            call.d_output.into(),
            call.parameters[0].into(),
            d_input.into(),
            sizes.into(),
        ];
        let mut own = Recorder::default();
        own.launch(kernel, grid, arguments);
        let mut before = Recorder::default();
        before.transpose(call.parameters[0], call.scratch, sizes.taps(), self.filters);
        to.convolution(RecordedConvolution {
            pass: ConvolutionPass::InputGradient,
            sizes,
            own: own.finish(),
            bare: BareConvolution {
                before: before.finish(),
                x: d_input,
                kernel: call.scratch,
                y: call.d_output,
                after: Vec::new(),
            },
        });
    }
}

impl Op for Conv2DOp {
    fn memory(&self, _: bool) -> Memory {
        Memory {
            packed: self.convolution.packed_len(),
            scratch: self.convolution.scratch_len(),
            ..Memory::default()
        }
    }

    fn macs(&self) -> usize {
        self.macs
    }

    fn take_activation(&mut self) -> ActivationFunction {
        std::mem::take(&mut self.activation)
    }

    fn gpu_memory(&self, rows: usize, training: bool) -> GpuMemory {
        // The kernel, or its gradient, in the order of a library.
        let mut scratch = self.convolution.kernel_len();
        if training {
            let partials = self.splits(rows) * self.convolution.kernel_len();
            let sums = column_sums_scratch(rows * self.pixels(), self.filters);
            scratch = partials.max(sums);
        }
        GpuMemory { shared: 0, scratch }
    }

    fn record_forward(&self, call: RecordForward<'_>, to: &mut Recorder) -> Result<()> {
        let sizes = self.sizes(call.rows);
        let bias = call
            .parameters
            .get(1)
            .copied()
            .filter(|b| *b != Pointer::NULL);
        let (together, after) = match self.activation {
            ActivationFunction::Softmax => (ActivationFunction::Linear, self.activation),
            other => (other, ActivationFunction::Linear),
        };
        let (kernel, tile) = match Width::of(self.filters) {
            Width::Narrow => ("conv2d_forward_16", [256, 16]),
            Width::Medium => ("conv2d_forward_32", [128, 32]),
            Width::Wide => ("conv2d_forward_64", [128, 64]),
        };
        let (pixels, filters) = (sizes.pixels(), self.filters);
        let grid = [pixels.div_ceil(tile[0]), filters.div_ceil(tile[1]), 1];
        let arguments = [
            call.inputs[0].into(),
            call.parameters[0].into(),
            bias.into(),
            call.output.into(),
            sizes.into(),
            together.into(),
        ];
        let mut own = Recorder::default();
        own.launch(kernel, grid, arguments);
        let mut before = Recorder::default();
        before.transpose(call.parameters[0], call.scratch, sizes.taps(), filters);
        let mut behind = Recorder::default();
        behind.bias_activate(together, call.output, bias, pixels, filters);
        to.convolution(RecordedConvolution {
            pass: ConvolutionPass::Forward,
            sizes,
            own: own.finish(),
            bare: BareConvolution {
                before: before.finish(),
                x: call.inputs[0],
                kernel: call.scratch,
                y: call.output,
                after: behind.finish(),
            },
        });
        to.activate(after, call.output, call.output, pixels, filters);
        Ok(())
    }

    fn record_backward(&self, call: RecordBackward<'_>, to: &mut Recorder) -> Result<()> {
        let dz = call.d_output;
        let pixels = call.rows * self.pixels();
        to.activate_backward(self.activation, call.output, dz, pixels, self.filters);
        self.record_kernel_gradient(&call, to);
        if let Some(&d_bias) = call.gradients.get(1) {
            to.column_sums(dz, d_bias, pixels, self.filters, call.scratch);
        }
        if let Some(d_input) = call.d_inputs[0] {
            self.record_input_gradient(&call, d_input, to);
        }
        Ok(())
    }

    fn pack(&self, parameters: Parameters<'_>, _: bool, packed: &mut [f32]) {
        let bias = parameters.get(1);
        self.convolution.pack(
            parameters.get(0),
            (!bias.is_empty()).then_some(bias),
            packed,
        );
    }

    fn forward(&self, call: Forward<'_>) {
        let relu = self.activation == ActivationFunction::Relu;
        self.convolution.forward(
            call.rows,
            call.inputs[0],
            call.packed,
            relu,
            call.output,
            call.scratch,
        );
        if !relu {
            self.activation.forward(call.output, self.filters);
        }
    }

    fn backward(&self, mut call: Backward<'_>) {
        let relu = self.activation == ActivationFunction::Relu;
        if !relu {
            self.activation
                .backward(call.output, call.d_output, self.filters);
        }
        let Some(gradients) = &mut call.gradients else {
            return;
        };
        let [d_kernel, d_bias] = gradients.all();
        self.convolution.backward(
            call.rows,
            call.inputs[0],
            relu.then_some(call.output),
            call.d_output,
            call.packed,
            call.d_inputs[0].as_deref_mut(),
            d_kernel,
            (!d_bias.is_empty()).then_some(d_bias),
            call.scratch,
        );
    }
}
