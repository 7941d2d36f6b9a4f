//! `Conv2D`.

use super::convolution_on_cpu::CpuConvolution;
use super::convolution_on_gpu::GpuConvolution;
use super::padding::{is_usual, takes_an_image, too_large, window, window_output};
use super::{Layer, LayerSizes, Padding};
use crate::activations::ActivationFunction;
use crate::error::Result;
use crate::gpu::command::column_sums_scratch;
use crate::gpu::{RecordBackward, RecordForward, Recorder};
use crate::initializers::Initializer;
use crate::kernels::convolution::Convolution;
use crate::layer_parameters;
use crate::op::{Backward, Demand, Forward, GpuMemory, Memory, Op, Parameters, Reader};
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
/// # Precision
/// On the CPU, windows of 3 x 3 with stride 1 between at least 8 channels and 8 filters are computed with 16 multiplications
/// in the place of 36 (Winograd's F(2 x 2, 3 x 3)), unless so many tiles reach over the edge of the image that this saves
/// less than a third. Rounding errors are less than twice those of the formula. The 2 x 2 output pixels of a tile are made
/// together, so each of them may be NaN if an input of any of them is infinite or NaN.
///
/// # Errors
/// In `network!`: an input that is not an image, a kernel larger than its input, a stride of 0, 0 filters.
///
/// # Source
/// Same formula and defaults as `keras.layers.Conv2D`. Products: A. Lavin and S. Gray, "Fast Algorithms for Convolutional
/// Neural Networks", CVPR 2016.
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
            .with_macs((height * width).saturating_mul(kernel.size()))
            .with_activation(self.activation)
            .with_window(window(self.kernel_size, self.strides, self.padding))
            .with_role(Role::Convolution)
            .with(Parameter::new("kernel", kernel, self.kernel_initializer));
        let [down, right] = self.strides;
        let sizes = [input.size(), output.size(), kernel.size(), down, right];
        let outcome = if is_usual(&sizes) {
            outcome.with_demand(self.bound(input, output).demand())
        } else {
            outcome
        };
        if self.use_bias {
            let bias = Shape::new([self.filters]);
            outcome.with(Parameter::new("bias", bias, self.bias_initializer))
        } else {
            outcome
        }
    }

    const fn bound(&self, input: Shape, output: Shape) -> Conv2DOp {
        let size = (input.dim(0), input.dim(1));
        let [kernel_height, kernel_width] = self.kernel_size;
        let kernel = (kernel_height, kernel_width);
        let strides = (self.strides[0], self.strides[1]);
        let (channels, filters) = (input.dim(2), self.filters);
        let convolution = match self.padding {
            Padding::Valid => Convolution::valid(size, kernel, strides, channels, filters),
            Padding::Same => Convolution::same(size, kernel, strides, channels, filters),
        };
        Conv2DOp {
            convolution,
            filters,
            macs: output
                .size()
                .saturating_mul(kernel_height * kernel_width * channels),
            activation: self.activation,
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
        Box::new(self.bound(inputs[0], output))
    }
}

#[derive(Debug)]
struct Conv2DOp {
    convolution: Convolution,
    filters: usize,
    macs: usize,
    activation: ActivationFunction,
}

impl Conv2DOp {
    const fn demand(&self) -> Demand {
        Demand {
            memory: Memory {
                packed: self.convolution.packed_len(),
                scratch: self.convolution.scratch_len(),
                ..Memory::NONE
            },
            ..Demand::new(self.macs)
        }
    }

    fn on_cpu(&self) -> CpuConvolution<'_, Convolution> {
        CpuConvolution {
            passes: &self.convolution,
            activation: self.activation,
            filters: self.filters,
        }
    }

    fn on_gpu(&self, rows: usize) -> GpuConvolution<'_> {
        GpuConvolution {
            convolution: &self.convolution,
            rows,
        }
    }
}

impl Op for Conv2DOp {
    fn memory(&self, _: bool) -> Memory {
        self.demand().memory
    }

    fn macs(&self) -> usize {
        self.macs
    }

    fn take_activation(&mut self) -> ActivationFunction {
        std::mem::take(&mut self.activation)
    }

    fn gpu_memory(&self, rows: usize, training: bool) -> GpuMemory {
        let gpu = self.on_gpu(rows);
        let sums = match training {
            true => column_sums_scratch(gpu.pixels(), self.filters),
            false => 0,
        };
        GpuMemory {
            shared: 0,
            scratch: gpu.scratch(training).max(sums),
        }
    }

    fn record_forward(&self, call: RecordForward<'_>, to: &mut Recorder) -> Result<()> {
        let gpu = self.on_gpu(call.rows);
        let (together, after) = match self.activation {
            ActivationFunction::Softmax => (ActivationFunction::Linear, self.activation),
            other => (other, ActivationFunction::Linear),
        };
        let weights = (call.parameters[0], call.parameters.get(1).copied());
        let output = (call.output, together);
        gpu.forward(call.inputs[0], weights, output, call.scratch, to);
        to.activate(after, call.output, call.output, gpu.pixels(), self.filters);
        Ok(())
    }

    fn record_backward(&self, call: RecordBackward<'_>, to: &mut Recorder) -> Result<()> {
        let (gpu, dz) = (self.on_gpu(call.rows), call.d_output);
        let pixels = gpu.pixels();
        to.activate_backward(self.activation, call.output, dz, pixels, self.filters);
        let d_kernel = call.gradients[0];
        gpu.kernel_gradient(call.inputs[0], dz, d_kernel, call.scratch, to);
        if let Some(&d_bias) = call.gradients.get(1) {
            to.column_sums(dz, d_bias, pixels, self.filters, call.scratch);
        }
        if let Some(d_input) = call.d_inputs[0] {
            gpu.input_gradient(dz, call.parameters[0], d_input, call.scratch, to);
        }
        Ok(())
    }

    fn pack(&self, parameters: Parameters<'_>, reader: Reader, packed: &mut [f32]) {
        self.on_cpu().pack(parameters, reader, packed);
    }

    fn forward(&self, call: Forward<'_>) {
        self.on_cpu().forward(call);
    }

    fn backward(&self, call: Backward<'_>) {
        self.on_cpu().backward(call);
    }
}
