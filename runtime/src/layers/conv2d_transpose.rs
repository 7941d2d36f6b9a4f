//! `Conv2DTranspose`.

use super::convolution_on_cpu::CpuConvolution;
use super::convolution_on_gpu::GpuConvolution;
use super::padding::{impossible_window, is_usual, takes_an_image, too_large};
use super::{Layer, LayerSizes, Padding};
use crate::activations::ActivationFunction;
use crate::error::Result;
use crate::gpu::command::column_sums_scratch;
use crate::gpu::{RecordBackward, RecordForward, Recorder};
use crate::initializers::Initializer;
use crate::kernels::convolution::Convolution;
use crate::kernels::convolution::transposed::TransposedConvolution;
use crate::layer_parameters;
use crate::op::{Backward, Demand, Forward, GpuMemory, Memory, Op, Parameters, Reader};
use crate::shape::{Message, Outcome, Parameter, Role, Setting, Shape, one_input};
use dfdx::shapes::Dtype;
use dfdx::tensor_ops::Device as DfdxDevice;

/// Transposed 2D convolution over an image, channels last: where a convolution makes an image smaller, it makes one larger.
///
/// Each pixel strews its values, times the kernel, over a window of the output; where windows overlap they add up:
///
/// `y[i·s₀ + a - p₀, j·s₁ + b - p₁, f] += Σ x[i, j, c] · kernel[a, b, f, c]`, then `activation(y + bias[f])`
///
/// # Arguments
/// - `filters`: number of output channels, at least 1.
/// - `kernel_size`: (height, width) of the window, or one number for both.
/// - `strides` = `(1, 1)`: how far apart the windows of two neighbours are, or one number for both.
/// - `padding` = `valid`: or `same`, which cuts the border off.
/// - `output_padding`: rows and columns more than the smallest output, below `strides`; one number for both. Left out, the
///   output is as large as below.
/// - `activation` = `linear`, `use_bias` = `true`.
/// - `kernel_initializer` = `glorot_uniform`, `bias_initializer` = `zeros`.
///
/// # Shapes
/// - input: (height, width, channels)
/// - output: (height', width', filters). A side `n` becomes, with `output_padding` `p`:
///
/// | `padding` | without `p` | with `p` |
/// |---|---|---|
/// | `valid` | `(n - 1)·s + max(k, s)` | `(n - 1)·s + k + p` |
/// | `same` | `n·s` | `(n - 1)·s + k % 2 + p` |
///
/// # Parameters
/// - `kernel`: (kernel height, kernel width, filters, channels). Filters come first, unlike in a `Conv2D`.
/// - `bias`: filters
///
/// # Errors
/// In `network!`: an input that is not an image, a kernel or a stride of 0, 0 filters, an output padding that is not below
/// the stride, and one of 0 for an even kernel with `same`, which Keras refuses too.
///
/// # Source
/// Same formula and defaults as `keras.layers.Conv2DTranspose`. Zeiler et al. 2010; Dumoulin and Visin 2016.
///
/// # Examples
/// ```
/// use addax::network;
///
/// network! {
///     /// Twice the size, eight channels.
///     pub Double: (14, 14, 16) => (28, 28, 8) {
///         Conv2DTranspose(8, (3, 3), strides = 2, padding = same, activation = relu),
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Conv2DTranspose {
    /// Number of output channels.
    pub filters: usize,
    /// (height, width) of the window.
    pub kernel_size: [usize; 2],
    /// How far apart the windows of two neighbours are.
    pub strides: [usize; 2],
    /// What happens at the border.
    pub padding: Padding,
    /// Rows and columns more than the smallest output.
    pub output_padding: Option<[usize; 2]>,
    /// Applied to the output.
    pub activation: ActivationFunction,
    /// Whether a bias is added.
    pub use_bias: bool,
    /// First values of the kernel.
    pub kernel_initializer: Initializer,
    /// First values of the bias.
    pub bias_initializer: Initializer,
}

impl Conv2DTranspose {
    /// A transposed convolution with Keras' defaults.
    pub const fn new(filters: usize, kernel_size: [usize; 2]) -> Self {
        Conv2DTranspose {
            filters,
            kernel_size,
            strides: [1, 1],
            padding: Padding::Valid,
            output_padding: None,
            activation: ActivationFunction::Linear,
            use_bias: true,
            kernel_initializer: Initializer::GlorotUniform,
            bias_initializer: Initializer::Zeros,
        }
    }

    /// The shape rule.
    pub const fn output(&self, inputs: &[Shape]) -> Outcome {
        let input = match one_input("Conv2DTranspose", inputs) {
            Ok(input) => input,
            Err(error) => return error,
        };
        if self.filters == 0 {
            return Outcome::error(Message::new(
                "`Conv2DTranspose` has 0 filters, but a layer needs at least 1",
            ));
        }
        if !input.is_known() {
            return Outcome::ok(input);
        }
        if input.rank() != 3 {
            return Outcome::error(takes_an_image("Conv2DTranspose", input));
        }
        let (kernel_size, strides) = (self.kernel_size, self.strides);
        if let Some(message) = impossible_window("Conv2DTranspose", "kernel", kernel_size, strides)
        {
            return Outcome::error(message);
        }
        if let Some(message) = self.impossible_output_padding() {
            return Outcome::error(message);
        }
        let (Some(height), Some(width)) = (self.side(input, 0), self.side(input, 1)) else {
            return Outcome::error(too_large("Conv2DTranspose", input));
        };
        let channels = input.dim(2);
        let [kernel_height, kernel_width] = self.kernel_size;
        let output = Shape::new([height, width, self.filters]);
        let kernel = Shape::new([kernel_height, kernel_width, self.filters, channels]);
        // Each pixel of the input is multiplied with the whole kernel.
        let macs = Shape::new([input.dim(0), input.dim(1), kernel.size()]).checked_size();
        let (Some(_), Some(_), Some(macs)) = (output.checked_size(), kernel.checked_size(), macs)
        else {
            return Outcome::error(too_large("Conv2DTranspose", input));
        };
        let outcome = Outcome::ok(output)
            .with(Parameter::new("kernel", kernel, self.kernel_initializer))
            .with_macs(macs)
            .with_activation(self.activation)
            .with_role(Role::Convolution)
            .with_setting("strides", Setting::Pair(self.strides))
            .with_setting("padding", Setting::Word(self.padding.name()));
        let [down, right] = self.strides;
        let sizes = [input.size(), output.size(), kernel.size(), down, right];
        let outcome = if is_usual(&sizes) {
            outcome.with_demand(self.bound(input, output).demand())
        } else {
            outcome
        };
        let outcome = match self.output_padding {
            Some(more) => outcome.with_setting("output_padding", Setting::Pair(more)),
            None => outcome,
        };
        if self.use_bias {
            let bias = Shape::new([self.filters]);
            outcome.with(Parameter::new("bias", bias, self.bias_initializer))
        } else {
            outcome
        }
    }

    /// What is wrong with the output padding, if anything is.
    const fn impossible_output_padding(&self) -> Option<Message> {
        let Some(more) = self.output_padding else {
            return None;
        };
        if more[0] >= self.strides[0] || more[1] >= self.strides[1] {
            let message = Message::new("the output padding of `Conv2DTranspose` is ")
                .shape(Shape::new(more))
                .text(", but it must be below the strides, which are ")
                .shape(Shape::new(self.strides))
                .help("leave `output_padding` out for the default");
            return Some(message);
        }
        let [height, width] = self.kernel_size;
        let nothing = (height % 2 == 0 && more[0] == 0) || (width % 2 == 0 && more[1] == 0);
        if nothing && matches!(self.padding, Padding::Same) {
            let message = Message::new("the output padding of `Conv2DTranspose` is ")
                .shape(Shape::new(more))
                .text(
                    ", but with `padding = same` it must be at least 1 along an even side of the ",
                )
                .number(height)
                .text("x")
                .number(width)
                .text(" kernel")
                .help("leave `output_padding` out for an output of input times strides");
            return Some(message);
        }
        None
    }

    /// The size of the output along one axis, or `None` if a `usize` cannot hold it.
    const fn side(&self, input: Shape, axis: usize) -> Option<usize> {
        let (kernel, stride) = (self.kernel_size[axis], self.strides[axis]);
        let Some(last) = last_window(input.dim(axis), kernel, stride) else {
            return None;
        };
        // What the output has from the beginning of the last window on.
        let rest = match (self.padding, self.output_padding) {
            (Padding::Valid, None) if kernel > stride => Some(kernel),
            (Padding::Valid | Padding::Same, None) => Some(stride),
            (Padding::Valid, Some(more)) => kernel.checked_add(more[axis]),
            (Padding::Same, Some(more)) => Some(kernel % 2 + more[axis]),
        };
        match rest {
            Some(rest) => last.checked_add(rest),
            None => None,
        }
    }

    /// How much of the first window the padding cuts off along one axis, of an output of `size`.
    const fn cut(&self, input: Shape, axis: usize, size: usize) -> usize {
        let (kernel, stride) = (self.kernel_size[axis], self.strides[axis]);
        match self.padding {
            Padding::Valid => 0,
            Padding::Same => {
                let windows = match last_window(input.dim(axis), kernel, stride) {
                    Some(at) => at + kernel,
                    None => 0,
                };
                windows.saturating_sub(size) / 2
            }
        }
    }

    const fn bound(&self, input: Shape, output: Shape) -> Conv2DTransposeOp {
        let [kernel_height, kernel_width] = self.kernel_size;
        // The convolution from the output back to the input.
        let mirror = Convolution {
            input: (output.dim(0), output.dim(1)),
            output: (input.dim(0), input.dim(1)),
            kernel: (kernel_height, kernel_width),
            strides: (self.strides[0], self.strides[1]),
            padding: (
                self.cut(input, 0, output.dim(0)),
                self.cut(input, 1, output.dim(1)),
            ),
            channels: self.filters,
            filters: input.dim(2),
        };
        Conv2DTransposeOp {
            convolution: TransposedConvolution::of(mirror),
            filters: self.filters,
            macs: input.size() * kernel_height * kernel_width * self.filters,
            activation: self.activation,
        }
    }
}

/// Where the last of `count` windows begins, if a `usize` can hold where it ends.
const fn last_window(count: usize, kernel: usize, stride: usize) -> Option<usize> {
    let Some(last) = count.saturating_sub(1).checked_mul(stride) else {
        return None;
    };
    match last.checked_add(kernel) {
        Some(_) => Some(last),
        None => None,
    }
}

layer_parameters! {
    /// The parameters of a [`Conv2DTranspose`] layer.
    pub struct Conv2DTransposeParameters {
        /// (kernel height, kernel width, filters, channels)
        kernel: S::First,
        /// filters
        bias: S::Second,
    }
}

impl Layer for Conv2DTranspose {
    const KIND: &'static str = "Conv2DTranspose";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = Conv2DTransposeParameters<S, E, D>;

    fn op(&self, inputs: &[Shape], output: Shape) -> Box<dyn Op> {
        Box::new(self.bound(inputs[0], output))
    }
}

#[derive(Debug)]
struct Conv2DTransposeOp {
    convolution: TransposedConvolution,
    filters: usize,
    macs: usize,
    activation: ActivationFunction,
}

impl Conv2DTransposeOp {
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

    /// The mirror: its input is the output of this layer.
    fn on_cpu(&self) -> CpuConvolution<'_, TransposedConvolution> {
        CpuConvolution {
            passes: &self.convolution,
            activation: self.activation,
            filters: self.filters,
        }
    }

    fn on_gpu(&self, rows: usize) -> GpuConvolution<'_> {
        GpuConvolution {
            convolution: self.convolution.mirror(),
            rows,
        }
    }

    /// Pixels of the outputs of a batch.
    fn pixels(&self, rows: usize) -> usize {
        let (height, width) = self.convolution.mirror().input;
        rows * height * width
    }
}

impl Op for Conv2DTransposeOp {
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
        let sums = match training {
            true => column_sums_scratch(self.pixels(rows), self.filters),
            false => 0,
        };
        GpuMemory {
            shared: 0,
            scratch: self.on_gpu(rows).scratch(training).max(sums),
        }
    }

    fn record_forward(&self, call: RecordForward<'_>, to: &mut Recorder) -> Result<()> {
        let (output, pixels) = (call.output, self.pixels(call.rows));
        let gpu = self.on_gpu(call.rows);
        let (x, kernel) = (call.inputs[0], call.parameters[0]);
        gpu.input_gradient(x, kernel, output, call.scratch, to);
        let bias = call.parameters.get(1).copied();
        to.bias_activate(bias, self.activation, output, pixels, self.filters);
        Ok(())
    }

    fn record_backward(&self, call: RecordBackward<'_>, to: &mut Recorder) -> Result<()> {
        let (gpu, dz, pixels) = (
            self.on_gpu(call.rows),
            call.d_output,
            self.pixels(call.rows),
        );
        to.activate_backward(self.activation, call.output, dz, pixels, self.filters);
        let d_kernel = call.gradients[0];
        gpu.kernel_gradient(dz, call.inputs[0], d_kernel, call.scratch, to);
        if let Some(&d_bias) = call.gradients.get(1) {
            to.column_sums(dz, d_bias, pixels, self.filters, call.scratch);
        }
        if let Some(d_input) = call.d_inputs[0] {
            let weights = (call.parameters[0], None);
            let output = (d_input, ActivationFunction::Linear);
            gpu.forward(dz, weights, output, call.scratch, to);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn output(layer: Conv2DTranspose, dims: [usize; 3]) -> Outcome {
        layer.output(&[Shape::new(dims).named("the input")])
    }

    fn message(layer: Conv2DTranspose) -> String {
        let outcome = output(layer, [4, 5, 3]);
        outcome.message().expect("a message").to_owned()
    }

    #[test]
    fn the_decoder_of_umonna_has_its_sizes() {
        let mut shape = Shape::new([2, 2, 128]);
        let sizes = [
            (64, [7, 7, 64], 819_200),
            (32, [17, 17, 32], 2_508_800),
            (16, [37, 37, 16], 3_699_200),
            (8, [77, 77, 8], 4_380_800),
            (1, [157, 157, 1], 1_185_800),
        ];
        for (filters, expected, macs) in sizes {
            let layer = Conv2DTranspose {
                strides: [2, 2],
                ..Conv2DTranspose::new(filters, [5, 5])
            };
            let outcome = layer.output(&[shape]);
            let channels = shape.last();
            shape = outcome.shape("");
            assert_eq!(shape.dims(), expected);
            assert_eq!(outcome.macs(), macs);
            assert_eq!(outcome.parameter_shape(0).dims(), [5, 5, filters, channels]);
            assert_eq!(outcome.activation(), Some(ActivationFunction::Linear));
        }
    }

    #[test]
    fn an_output_padding_that_cannot_be_is_refused() {
        let layer = Conv2DTranspose {
            strides: [2, 3],
            output_padding: Some([1, 3]),
            ..Conv2DTranspose::new(8, [3, 3])
        };
        assert_eq!(
            message(layer),
            "the output padding of `Conv2DTranspose` is (1, 3), but it must be below the strides, which are (2, 3)\n\
             help: leave `output_padding` out for the default"
        );
        let even = Conv2DTranspose {
            kernel_size: [4, 3],
            padding: Padding::Same,
            output_padding: Some([0, 0]),
            ..layer
        };
        assert!(message(even).contains("at least 1 along an even side of the 4x3 kernel"));
        let valid = Conv2DTranspose {
            padding: Padding::Valid,
            ..even
        };
        assert_eq!(output(valid, [4, 5, 3]).shape("").dims(), [10, 15, 8]);
    }

    #[test]
    fn what_decides_where_weights_lead_is_told() {
        let layer = Conv2DTranspose {
            strides: [2, 1],
            output_padding: Some([1, 0]),
            ..Conv2DTranspose::new(1, [3, 3])
        };
        let outcome = output(layer, [4, 5, 3]);
        let told: Vec<String> = outcome
            .settings()
            .iter()
            .flatten()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        assert_eq!(
            told,
            ["strides (2, 1)", "padding valid", "output_padding (1, 0)"]
        );
    }

    #[test]
    fn sizes_that_a_usize_cannot_hold_are_refused() {
        let layer = Conv2DTranspose {
            strides: [usize::MAX, 1],
            ..Conv2DTranspose::new(1, [1, 1])
        };
        assert!(message(layer).contains("more numbers than this machine can count"));
        let wide = Conv2DTranspose::new(1 << 40, [1 << 20, 1 << 20]);
        assert!(message(wide).contains("more numbers than this machine can count"));
        let whole = Conv2DTranspose::new(1, [usize::MAX, 1]);
        assert!(message(whole).contains("more numbers than this machine can count"));
    }
}
