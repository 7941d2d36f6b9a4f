//! `Conv2D`.

use super::padding::{takes_an_image, too_large, window_output};
use super::{Layer, LayerSizes, Padding};
use crate::activations::ActivationFunction;
use crate::error::Result;
use crate::gpu::Argument;
use crate::gpu::command::column_sums_scratch;
use crate::gpu::{RecordBackward, RecordForward, Recorder};
use crate::initializers::Initializer;
use crate::kernels::convolution::Convolution;
use crate::layer_parameters;
use crate::op::{Backward, Forward, GpuMemory, Memory, Op, Parameters};
use crate::shape::{Message, Outcome, Parameter, Role, Shape, one_input};
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
        let outcome = Outcome::ok(output)
            .with_activation(self.activation)
            .with_role(Role::Convolution)
            .with(Parameter::new("kernel", kernel, self.kernel_initializer));
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

    /// The structure `Conv` of the GPU kernels.
    fn geometry(&self, rows: usize) -> Argument {
        let c = &self.convolution;
        let numbers = [
            rows,
            c.input.0,
            c.input.1,
            c.channels,
            c.output.0,
            c.output.1,
            c.filters,
            c.kernel.0,
            c.kernel.1,
            c.strides.0,
            c.strides.1,
            c.padding.0,
            c.padding.1,
        ];
        numbers.map(|n| n as i32).into()
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
        if !training {
            return GpuMemory::default();
        }
        let splits = self.splits(rows);
        let partials = if splits > 1 {
            splits * self.convolution.kernel_len()
        } else {
            0
        };
        let sums = column_sums_scratch(rows * self.pixels(), self.filters);
        GpuMemory {
            shared: 0,
            scratch: partials.max(sums),
        }
    }

    fn record_forward(&self, call: RecordForward<'_>, to: &mut Recorder) -> Result<()> {
        let pixels = call.rows * self.pixels();
        let (together, after) = match self.activation {
            ActivationFunction::Softmax => (ActivationFunction::Linear, self.activation),
            other => (other, ActivationFunction::Linear),
        };
        let (kernel, tile) = match Width::of(self.filters) {
            Width::Narrow => ("conv2d_forward_16", [256, 16]),
            Width::Medium => ("conv2d_forward_32", [128, 32]),
            Width::Wide => ("conv2d_forward_64", [128, 64]),
        };
        let grid = [pixels.div_ceil(tile[0]), self.filters.div_ceil(tile[1]), 1];
        let arguments = [
            call.inputs[0].into(),
            call.parameters[0].into(),
            call.parameters.get(1).copied().into(),
            call.output.into(),
            self.geometry(call.rows),
            together.into(),
        ];
        to.launch(kernel, grid, arguments);
        to.activate(after, call.output, call.output, pixels, self.filters);
        Ok(())
    }

    fn record_backward(&self, call: RecordBackward<'_>, to: &mut Recorder) -> Result<()> {
        let (rows, dz) = (call.rows, call.d_output);
        let pixels = rows * self.pixels();
        to.activate_backward(self.activation, call.output, dz, pixels, self.filters);

        let splits = self.splits(rows);
        let partials = if splits > 1 {
            call.scratch
        } else {
            call.gradients[0]
        };
        let kernel = match Width::of(self.filters) {
            Width::Narrow => "conv2d_kernel_gradient_16",
            Width::Medium => "conv2d_kernel_gradient_32",
            Width::Wide => "conv2d_kernel_gradient_64",
        };
        let [across, down] = self.gradient_blocks();
        let arguments = [
            call.inputs[0].into(),
            dz.into(),
            partials.into(),
            self.geometry(rows),
            splits.into(),
        ];
        to.launch(kernel, [across, down, splits], arguments);
        to.sum_partials(
            partials,
            call.gradients[0],
            self.convolution.kernel_len(),
            splits,
        );
        if let Some(&d_bias) = call.gradients.get(1) {
            to.column_sums(dz, d_bias, pixels, self.filters, call.scratch);
        }
        if let Some(d_input) = call.d_inputs[0] {
            let c = &self.convolution;
            let (kernel, tile) = match Width::of(c.channels) {
                Width::Narrow => ("conv2d_input_gradient_16", [256, 16]),
                Width::Medium => ("conv2d_input_gradient_32", [128, 32]),
                Width::Wide => ("conv2d_input_gradient_64", [128, 64]),
            };
            let phase = c.input.0.div_ceil(c.strides.0) * c.input.1.div_ceil(c.strides.1);
            let grid = [
                (rows * phase).div_ceil(tile[0]),
                c.channels.div_ceil(tile[1]),
                c.strides.0 * c.strides.1,
            ];
            let arguments = [
                dz.into(),
                call.parameters[0].into(),
                d_input.into(),
                self.geometry(rows),
            ];
            to.launch(kernel, grid, arguments);
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
