//! The commands of a convolution for a GPU, which `Conv2D` and its transpose share.

use crate::activations::ActivationFunction;
use crate::gpu::{
    BareConvolution, Command, Convolution as RecordedConvolution, ConvolutionPass,
    ConvolutionSizes, Pointer, Recorder,
};
use crate::kernels::convolution::Convolution;

/// Which of the three widths of a kernel takes so many columns.
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

/// A convolution of a batch. The passes work in [`scratch`](Self::scratch).
#[derive(Clone, Copy, Debug)]
pub(super) struct GpuConvolution<'a> {
    pub(super) convolution: &'a Convolution,
    /// Samples of the batch.
    pub(super) rows: usize,
}

impl GpuConvolution<'_> {
    /// Pixels of all outputs.
    pub(super) fn pixels(&self) -> usize {
        self.rows * self.convolution.output.0 * self.convolution.output.1
    }

    /// Blocks of one part of the kernel's gradient.
    fn gradient_blocks(&self) -> [usize; 2] {
        let columns = match Width::of(self.convolution.filters) {
            Width::Narrow => 16,
            Width::Medium => 32,
            Width::Wide => 64,
        };
        let taps = self.convolution.kernel_len() / self.convolution.filters;
        [
            taps.div_ceil(64),
            self.convolution.filters.div_ceil(columns),
        ]
    }

    /// Into how many parts the pixels are cut for the kernel's gradient: enough to fill a large GPU twice.
    fn splits(&self) -> usize {
        let [across, down] = self.gradient_blocks();
        let most = self.pixels().div_ceil(256).max(1);
        (264 / (across * down)).clamp(1, most)
    }

    /// The floats that the passes need to work in: for the parts of a gradient, and for the kernel in the order of a
    /// library.
    pub(super) fn scratch(&self, training: bool) -> usize {
        let parts = if training { self.splits() } else { 1 };
        parts * self.convolution.kernel_len()
    }

    fn sizes(&self) -> ConvolutionSizes {
        let c = self.convolution;
        ConvolutionSizes {
            rows: self.rows,
            input: c.input.into(),
            channels: c.channels,
            output: c.output.into(),
            filters: c.filters,
            kernel: c.kernel.into(),
            strides: c.strides.into(),
            padding: c.padding.into(),
        }
    }

    /// `y = function(x * kernel + bias)`, for any function but softmax.
    pub(super) fn forward(
        &self,
        x: Pointer,
        (kernel, bias): (Pointer, Option<Pointer>),
        (y, function): (Pointer, ActivationFunction),
        scratch: Pointer,
        to: &mut Recorder,
    ) {
        let sizes = self.sizes();
        let (name, tile) = match Width::of(sizes.filters) {
            Width::Narrow => ("conv2d_forward_16", [256, 16]),
            Width::Medium => ("conv2d_forward_32", [128, 32]),
            Width::Wide => ("conv2d_forward_64", [128, 64]),
        };
        let grid = [
            self.pixels().div_ceil(tile[0]),
            sizes.filters.div_ceil(tile[1]),
            1,
        ];
        let arguments = [
            x.into(),
            kernel.into(),
            bias.into(),
            y.into(),
            sizes.into(),
            function.into(),
        ];
        to.convolution(RecordedConvolution {
            pass: ConvolutionPass::Forward,
            sizes,
            own: Recorder::of(|to| to.launch(name, grid, arguments)),
            bare: BareConvolution {
                before: turned(kernel, scratch, sizes),
                x,
                kernel: scratch,
                y,
                after: Recorder::of(|to| {
                    to.bias_activate(bias, function, y, self.pixels(), sizes.filters);
                }),
            },
        });
    }

    /// The gradient of the kernel from that of the output before the activation.
    pub(super) fn kernel_gradient(
        &self,
        x: Pointer,
        dz: Pointer,
        d_kernel: Pointer,
        scratch: Pointer,
        to: &mut Recorder,
    ) {
        let (sizes, splits) = (self.sizes(), self.splits());
        let partials = if splits > 1 { scratch } else { d_kernel };
        let name = match Width::of(sizes.filters) {
            Width::Narrow => "conv2d_kernel_gradient_16",
            Width::Medium => "conv2d_kernel_gradient_32",
            Width::Wide => "conv2d_kernel_gradient_64",
        };
        let [across, down] = self.gradient_blocks();
        let arguments = [
            x.into(),
            dz.into(),
            partials.into(),
            sizes.into(),
            splits.into(),
        ];
        to.convolution(RecordedConvolution {
            pass: ConvolutionPass::KernelGradient,
            sizes,
            own: Recorder::of(|to| {
                to.launch(name, [across, down, splits], arguments);
                to.sum_partials(partials, d_kernel, sizes.kernel_len(), splits);
            }),
            bare: BareConvolution {
                before: Vec::new(),
                x,
                kernel: scratch,
                y: dz,
                after: Recorder::of(|to| {
                    to.transpose(scratch, d_kernel, sizes.filters, sizes.taps());
                }),
            },
        });
    }

    /// The gradient of the input from that of the output before the activation.
    pub(super) fn input_gradient(
        &self,
        dz: Pointer,
        kernel: Pointer,
        dx: Pointer,
        scratch: Pointer,
        to: &mut Recorder,
    ) {
        let sizes = self.sizes();
        let (name, tile) = match Width::of(sizes.channels) {
            Width::Narrow => ("conv2d_input_gradient_16", [256, 16]),
            Width::Medium => ("conv2d_input_gradient_32", [128, 32]),
            Width::Wide => ("conv2d_input_gradient_64", [128, 64]),
        };
        let [height, width] = sizes.strides;
        let phase = sizes.input[0].div_ceil(height) * sizes.input[1].div_ceil(width);
        let grid = [
            (self.rows * phase).div_ceil(tile[0]),
            sizes.channels.div_ceil(tile[1]),
            height * width,
        ];
        let arguments = [dz.into(), kernel.into(), dx.into(), sizes.into()];
        to.convolution(RecordedConvolution {
            pass: ConvolutionPass::InputGradient,
            sizes,
            own: Recorder::of(|to| to.launch(name, grid, arguments)),
            bare: BareConvolution {
                before: turned(kernel, scratch, sizes),
                x: dx,
                kernel: scratch,
                y: dz,
                after: Vec::new(),
            },
        });
    }
}

/// Brings a kernel into the order of a library.
fn turned(kernel: Pointer, scratch: Pointer, sizes: ConvolutionSizes) -> Vec<Command> {
    Recorder::of(|to| to.transpose(kernel, scratch, sizes.taps(), sizes.filters))
}
