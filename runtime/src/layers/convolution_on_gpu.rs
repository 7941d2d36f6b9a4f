//! The commands of a convolution for a GPU, which `Conv2D` and its transpose share.

use crate::activations::ActivationFunction;
use crate::gpu::{Argument, Pointer, Recorder};
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

/// A convolution of a batch.
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

    /// The floats that [`kernel_gradient`](Self::kernel_gradient) needs to work in.
    pub(super) fn kernel_gradient_scratch(&self) -> usize {
        match self.splits() {
            1 => 0,
            splits => splits * self.convolution.kernel_len(),
        }
    }

    /// The structure `Conv` of the kernels.
    fn geometry(&self) -> Argument {
        let c = self.convolution;
        let numbers = [
            self.rows,
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

    /// `y = function(x * kernel + bias)`, for any function but softmax.
    pub(super) fn forward(
        &self,
        x: Pointer,
        (kernel, bias): (Pointer, Option<Pointer>),
        y: Pointer,
        function: ActivationFunction,
        to: &mut Recorder,
    ) {
        let filters = self.convolution.filters;
        let (name, tile) = match Width::of(filters) {
            Width::Narrow => ("conv2d_forward_16", [256, 16]),
            Width::Medium => ("conv2d_forward_32", [128, 32]),
            Width::Wide => ("conv2d_forward_64", [128, 64]),
        };
        let grid = [
            self.pixels().div_ceil(tile[0]),
            filters.div_ceil(tile[1]),
            1,
        ];
        let arguments = [
            x.into(),
            kernel.into(),
            bias.into(),
            y.into(),
            self.geometry(),
            function.into(),
        ];
        to.launch(name, grid, arguments);
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
        let splits = self.splits();
        let partials = if splits > 1 { scratch } else { d_kernel };
        let name = match Width::of(self.convolution.filters) {
            Width::Narrow => "conv2d_kernel_gradient_16",
            Width::Medium => "conv2d_kernel_gradient_32",
            Width::Wide => "conv2d_kernel_gradient_64",
        };
        let [across, down] = self.gradient_blocks();
        let arguments = [
            x.into(),
            dz.into(),
            partials.into(),
            self.geometry(),
            splits.into(),
        ];
        to.launch(name, [across, down, splits], arguments);
        to.sum_partials(partials, d_kernel, self.convolution.kernel_len(), splits);
    }

    /// The gradient of the input from that of the output before the activation.
    pub(super) fn input_gradient(
        &self,
        dz: Pointer,
        kernel: Pointer,
        dx: Pointer,
        to: &mut Recorder,
    ) {
        let c = self.convolution;
        let (name, tile) = match Width::of(c.channels) {
            Width::Narrow => ("conv2d_input_gradient_16", [256, 16]),
            Width::Medium => ("conv2d_input_gradient_32", [128, 32]),
            Width::Wide => ("conv2d_input_gradient_64", [128, 64]),
        };
        let phase = c.input.0.div_ceil(c.strides.0) * c.input.1.div_ceil(c.strides.1);
        let grid = [
            (self.rows * phase).div_ceil(tile[0]),
            c.channels.div_ceil(tile[1]),
            c.strides.0 * c.strides.1,
        ];
        let arguments = [dz.into(), kernel.into(), dx.into(), self.geometry()];
        to.launch(name, grid, arguments);
    }
}
