//! Two-dimensional convolution on channels-last images: from the definition, or with Winograd's products where that
//! [saves enough](winograd).
//!
//! Layouts: samples `(height, width, channels)`, one after the other; kernels
//! `(kernel_height, kernel_width, in, out)`, as Keras keeps them. In both, one row of the window
//! is contiguous over (kernel width, channels in), so from the definition every pass is a run of
//! register [tiles](super::tile) straight over the image; nothing is unfolded, except for the gradient of
//! kernels with so few input channels that a window row would not fill a tile.
//!
//! - Forward: rows of a tile are pixels of one output row, columns are output channels.
//! - Kernel gradient: rows are (kernel column, channel in), columns are output channels.
//! - Input gradient: the forward pass over the output gradient with the kernel turned round and
//!   transposed. With strides, input pixels fall into `stride` x `stride` *phases* by which taps
//!   reach them; each phase is a convolution of its own with a part of the kernel, and no
//!   product with an inserted zero is ever computed.

use super::simd::{self, MAX_LANES};
use super::transpose::transpose;
use super::window;
use direct::{FEW_TAPS, Forward, KernelGradient, Scatter, Unfold};
use winograd::Winograd;

/// The shapes of one convolution, along (height, width), and the kernels that compute it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Convolution {
    /// Size of the input image.
    pub(crate) input: (usize, usize),
    /// Size of the output image.
    pub(crate) output: (usize, usize),
    /// Size of the window.
    pub(crate) kernel: (usize, usize),
    /// Steps between windows.
    pub(crate) strides: (usize, usize),
    /// Zeros above and left of the image. Those below and right follow from `output`.
    pub(crate) padding: (usize, usize),
    /// Channels of the input.
    pub(crate) channels: usize,
    /// Channels of the output.
    pub(crate) filters: usize,
}

/// The part of an input gradient that falls on one residue of the positions along one axis.
#[derive(Clone, Copy)]
struct Phase {
    /// Taps that reach it.
    taps: usize,
    /// First input position.
    first: usize,
    /// Number of input positions.
    count: usize,
    /// First row (or column) of the bordered output gradient that is read.
    from: usize,
}

/// Rounds up to whole vectors of the widest kind.
const fn padded(channels: usize) -> usize {
    channels.next_multiple_of(MAX_LANES)
}

/// The larger of two sizes.
const fn larger(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// The passes of a convolution or of its transpose, for layers that do not care which.
pub(crate) trait Passes {
    /// Lays the weights out for the kernels: once per change of the weights. Without `d_input`, `backward` is not asked
    /// for the gradient of the input.
    ///
    /// # Panics
    /// If a length is not that of the layer.
    fn pack(&self, kernel: &[f32], bias: Option<&[f32]>, d_input: bool, packed: &mut [f32]);

    /// `y = x * kernel + bias`, then ReLU if asked, for `rows` samples.
    ///
    /// # Panics
    /// If a length is not that of the layer.
    fn forward(
        &self,
        rows: usize,
        x: &[f32],
        packed: &[f32],
        relu: bool,
        y: &mut [f32],
        scratch: &mut [f32],
    );

    /// Gradients of `rows` samples.
    ///
    /// - `dy`: gradient of the output; with `y`, the output itself, `dy` is masked by the ReLU
    ///   (`y > 0`) on the way;
    /// - `dx`: overwritten with the gradient of the input, if wanted;
    /// - `d_kernel` `(kernel_height, kernel_width, in, out)`, `d_bias`: added to.
    ///
    /// # Panics
    /// If a length is not that of the layer.
    #[expect(clippy::too_many_arguments, reason = "the operands of one formula")]
    fn backward(
        &self,
        rows: usize,
        x: &[f32],
        y: Option<&[f32]>,
        dy: &[f32],
        packed: &[f32],
        dx: Option<&mut [f32]>,
        d_kernel: &mut [f32],
        d_bias: Option<&mut [f32]>,
        scratch: &mut [f32],
    );
}

impl Convolution {
    /// Windows only where they fit (`padding="valid"`).
    pub(crate) const fn valid(
        input: (usize, usize),
        kernel: (usize, usize),
        strides: (usize, usize),
        channels: usize,
        filters: usize,
    ) -> Self {
        let (output, padding) = window::valid(input, kernel, strides);
        Self {
            input,
            output,
            kernel,
            strides,
            padding,
            channels,
            filters,
        }
    }

    /// An output of `input / strides`, rounded up (`padding="same"`). An odd amount of padding
    /// puts the extra zeros at the bottom and right, as TensorFlow does.
    pub(crate) const fn same(
        input: (usize, usize),
        kernel: (usize, usize),
        strides: (usize, usize),
        channels: usize,
        filters: usize,
    ) -> Self {
        let (output, padding) = window::same(input, kernel, strides);
        Self {
            input,
            output,
            kernel,
            strides,
            padding,
            channels,
            filters,
        }
    }

    /// Floats in one input sample.
    pub(crate) fn input_len(&self) -> usize {
        self.input.0 * self.input.1 * self.channels
    }

    /// Floats in one output sample.
    pub(crate) fn output_len(&self) -> usize {
        self.output.0 * self.output.1 * self.filters
    }

    /// Floats in the kernel.
    pub(crate) fn kernel_len(&self) -> usize {
        self.kernel.0 * self.kernel.1 * self.channels * self.filters
    }

    /// Floats in the buffer that [`pack`](Self::pack) fills: bias, forward weights, and weights
    /// of the input gradient, each padded to whole vectors.
    pub(crate) const fn packed_len(&self) -> usize {
        match Winograd::of(self) {
            Some(winograd) => winograd.packed_len(),
            None => {
                let taps = self.kernel.0 * self.kernel.1;
                self.packed_backward_at() + taps * self.filters * padded(self.channels)
            }
        }
    }

    /// Floats of scratch memory a worker needs for `forward` and for `backward`. What it holds
    /// does not matter.
    pub(crate) const fn scratch_len(&self) -> usize {
        match Winograd::of(self) {
            Some(winograd) if winograd.makes_kernel_gradients() => winograd.scratch_len(),
            Some(winograd) => larger(winograd.scratch_len(), self.direct_scratch_len()),
            None => self.direct_scratch_len(),
        }
    }

    const fn direct_scratch_len(&self) -> usize {
        let (height, width) = self.bordered_output();
        self.bordered_input_len() + height * width * self.filters + self.unfolded_len()
    }

    /// Whether windows reach over the edge of the image.
    const fn has_border(&self) -> bool {
        let (height, width) = self.bordered_input();
        height != self.input.0 || width != self.input.1
    }

    /// Size of the input with its padding: from `padding` zeros before the image to the end of
    /// the last window or of the image.
    const fn bordered_input(&self) -> (usize, usize) {
        const fn size(n: usize, out: usize, k: usize, s: usize, before: usize) -> usize {
            larger(n + before, (out - 1) * s + k)
        }
        let (n, out, k, s, before) = (
            self.input,
            self.output,
            self.kernel,
            self.strides,
            self.padding,
        );
        (
            size(n.0, out.0, k.0, s.0, before.0),
            size(n.1, out.1, k.1, s.1, before.1),
        )
    }

    const fn bordered_input_len(&self) -> usize {
        let (height, width) = self.bordered_input();
        if self.has_border() {
            height * width * self.channels
        } else {
            0
        }
    }

    /// Zeros before the output gradient along each axis, for the input gradient.
    const fn gradient_border(&self) -> (usize, usize) {
        const fn before(k: usize, s: usize, padding: usize) -> usize {
            (k.div_ceil(s) - 1).saturating_sub(padding / s)
        }
        let (k, s, padding) = (self.kernel, self.strides, self.padding);
        (before(k.0, s.0, padding.0), before(k.1, s.1, padding.1))
    }

    /// Size of the output gradient with the zeros left and right. Those above and below are never written down.
    const fn bordered_output(&self) -> (usize, usize) {
        let reached = (self.input.1 - 1 + self.padding.1) / self.strides.1 + 1;
        let width = self.gradient_border().1 + larger(self.output.1, reached);
        (self.output.0, width)
    }

    /// Floats in one row of the window.
    const fn taps(&self) -> usize {
        self.kernel.1 * self.channels
    }

    const fn unfolded_len(&self) -> usize {
        if self.unfolds() {
            // Windows are written in whole vectors, the last one too.
            self.output.0 * self.output.1 * self.kernel.0 * self.taps() + MAX_LANES
        } else {
            0
        }
    }

    const fn unfolds(&self) -> bool {
        self.taps() < FEW_TAPS && self.kernel.0 > 1
    }

    const fn packed_forward_at(&self) -> usize {
        padded(self.filters)
    }

    const fn packed_backward_at(&self) -> usize {
        self.packed_forward_at() + self.kernel.0 * self.taps() * padded(self.filters)
    }

    /// The phases along one axis (0 height, 1 width), by residue of the padded position.
    fn phase(&self, axis: usize, residue: usize) -> Phase {
        let pick = |pair: (usize, usize)| if axis == 0 { pair.0 } else { pair.1 };
        let (n, kernel, stride) = (pick(self.input), pick(self.kernel), pick(self.strides));
        let (padding, border) = (pick(self.padding), pick(self.gradient_border()));
        // Position p of the input is position p + padding = stride * q + residue of the padded
        // input, which tap residue + stride * t of output q - t reads.
        let taps = kernel.saturating_sub(residue).div_ceil(stride);
        let first = (residue + stride - padding % stride) % stride;
        let count = n.saturating_sub(first).div_ceil(stride);
        let q = (first + padding) / stride;
        Phase {
            taps,
            first,
            count,
            from: (q + border + 1).saturating_sub(taps),
        }
    }

    /// The weights of the forward pass, in a buffer of zeros.
    fn pack_forward(&self, kernel: &[f32], packed: &mut [f32]) {
        for (to, from) in packed
            .chunks_exact_mut(padded(self.filters))
            .zip(kernel.chunks_exact(self.filters))
        {
            to[..self.filters].copy_from_slice(from);
        }
    }

    /// The weights of the input gradient, in a buffer of zeros.
    fn pack_backward(&self, kernel: &[f32], packed: &mut [f32]) {
        // (phase, tap row, tap column, filter, channel), taps in the order in which the bordered
        // output gradient is read, which is from the last to the first.
        let mut blocks = packed.chunks_exact_mut(self.filters * padded(self.channels));
        for (residue_row, residue_column) in self.residues() {
            let taps = (
                self.phase(0, residue_row).taps,
                self.phase(1, residue_column).taps,
            );
            for row in (0..taps.0).rev() {
                for column in (0..taps.1).rev() {
                    let row = residue_row + self.strides.0 * row;
                    let column = residue_column + self.strides.1 * column;
                    let tap = (row * self.kernel.1 + column) * self.channels * self.filters;
                    // Each tap belongs to one phase, so there are as many blocks as taps.
                    let Some(to) = blocks.next() else { return };
                    transpose(
                        (&kernel[tap..], self.filters),
                        (self.channels, self.filters),
                        (to, padded(self.channels)),
                    );
                }
            }
        }
    }

    /// Residues of both axes, the order of the packed phases.
    fn residues(&self) -> impl Iterator<Item = (usize, usize)> {
        let strides = self.strides;
        (0..strides.0).flat_map(move |row| (0..strides.1).map(move |column| (row, column)))
    }

    /// `y` of one sample from the image with its padding. `weights` is what [`pack`](Self::pack) puts behind the bias.
    fn forward_of_one(
        &self,
        image: &[f32],
        weights: &[f32],
        bias: Option<&[f32]>,
        relu: bool,
        y: &mut [f32],
    ) {
        // Of a window of one pixel that visits every pixel, the whole image is one row.
        let visits_all = self.strides == (1, 1) && self.output == self.bordered_input();
        let flat = self.kernel == (1, 1) && visits_all;
        let output = if flat {
            (1, self.output.0 * self.output.1)
        } else {
            self.output
        };
        simd::dispatch(&Forward {
            image: image.as_ptr(),
            image_row: self.bordered_input().1 * self.channels,
            image_height: self.bordered_input().0,
            top: 0,
            strides: self.strides,
            kernel_height: self.kernel.0,
            taps: self.taps(),
            image_step: self.strides.1 * self.channels,
            weights: weights.as_ptr(),
            weights_stride: padded(self.filters),
            bias: bias.map_or(std::ptr::null(), <[f32]>::as_ptr),
            relu,
            output,
            channels_out: self.filters,
            out: y.as_mut_ptr(),
            out_row: output.1 * self.filters,
            out_pixel: self.filters,
        });
    }

    /// Adds what one sample brings to the gradient of the kernel. `image` has its padding, the rows of the output's
    /// `gradient` are `gradient_row` floats apart.
    fn kernel_gradient(
        &self,
        image: &[f32],
        gradient: &[f32],
        gradient_row: usize,
        d_kernel: &mut [f32],
        unfolded: &mut [f32],
    ) {
        if self.unfolds() {
            simd::dispatch(Unfold {
                conv: self,
                image,
                unfolded: &mut *unfolded,
            });
            let taps = self.kernel.0 * self.taps();
            simd::dispatch(&KernelGradient {
                image: unfolded.as_ptr(),
                image_row: self.output.1 * taps,
                image_step: taps,
                stride_height: 1,
                kernel_height: 1,
                taps,
                gradient: gradient.as_ptr(),
                gradient_row,
                output: self.output,
                filters: self.filters,
                d_kernel: d_kernel.as_mut_ptr(),
            });
        } else {
            simd::dispatch(&KernelGradient {
                image: image.as_ptr(),
                image_row: self.bordered_input().1 * self.channels,
                image_step: self.strides.1 * self.channels,
                stride_height: self.strides.0,
                kernel_height: self.kernel.0,
                taps: self.taps(),
                gradient: gradient.as_ptr(),
                gradient_row,
                output: self.output,
                filters: self.filters,
                d_kernel: d_kernel.as_mut_ptr(),
            });
        }
    }

    /// `dx` of one sample from the bordered gradient, then bias and ReLU if asked, which only a transposed convolution
    /// does. `weights` is the last part of what [`pack`](Self::pack) fills.
    fn input_gradient(
        &self,
        gradient: &[f32],
        mut weights: &[f32],
        bias: Option<&[f32]>,
        relu: bool,
        dx: &mut [f32],
    ) {
        let gradient_row = self.bordered_output().1 * self.filters;
        let block = self.filters * padded(self.channels);
        for (residue_row, residue_column) in self.residues() {
            let row = self.phase(0, residue_row);
            let column = self.phase(1, residue_column);
            let (now, rest) = weights.split_at(row.taps * column.taps * block);
            weights = rest;
            if row.count * column.count == 0 {
                continue;
            }
            let out = (row.first * self.input.1 + column.first) * self.channels;
            let top = row.from.cast_signed() - self.gradient_border().0.cast_signed();
            simd::dispatch(&Forward {
                // Pixels between the windows have no taps: nothing is read, and it may be no place of the gradient.
                image: gradient.as_ptr().wrapping_add(column.from * self.filters),
                image_row: gradient_row,
                image_height: self.output.0,
                top,
                strides: (1, 1),
                kernel_height: row.taps,
                taps: column.taps * self.filters,
                image_step: self.filters,
                weights: now.as_ptr(),
                weights_stride: padded(self.channels),
                bias: bias.map_or(std::ptr::null(), <[f32]>::as_ptr),
                relu,
                output: (row.count, column.count),
                channels_out: self.channels,
                out: dx[out..].as_mut_ptr(),
                out_row: self.strides.0 * self.input.1 * self.channels,
                out_pixel: self.strides.1 * self.channels,
            });
        }
    }

    /// The sample inside its border of zeros; the sample itself if it has none.
    fn with_border<'a>(&self, x: &'a [f32], bordered: &'a mut [f32]) -> &'a [f32] {
        if !self.has_border() {
            return x;
        }
        let (row, bordered_row) = (
            self.input.1 * self.channels,
            self.bordered_input().1 * self.channels,
        );
        let start = self.padding.0 * bordered_row + self.padding.1 * self.channels;
        let rows = bordered[start..].chunks_mut(bordered_row);
        for (to, from) in rows.zip(x.chunks_exact(row)) {
            to[..row].copy_from_slice(from);
        }
        bordered
    }
}

impl Passes for Convolution {
    fn pack(&self, kernel: &[f32], bias: Option<&[f32]>, d_input: bool, packed: &mut [f32]) {
        assert_eq!(kernel.len(), self.kernel_len());
        assert_eq!(packed.len(), self.packed_len());
        if let Some(winograd) = Winograd::of(self) {
            return winograd.pack(kernel, bias, d_input, packed);
        }
        packed.fill(0.0);
        let (forward_at, backward_at) = (self.packed_forward_at(), self.packed_backward_at());
        if let Some(bias) = bias {
            packed[..self.filters].copy_from_slice(bias);
        }
        self.pack_forward(kernel, &mut packed[forward_at..backward_at]);
        if d_input {
            self.pack_backward(kernel, &mut packed[backward_at..]);
        }
    }

    fn forward(
        &self,
        rows: usize,
        x: &[f32],
        packed: &[f32],
        relu: bool,
        y: &mut [f32],
        scratch: &mut [f32],
    ) {
        assert_eq!(x.len(), rows * self.input_len());
        assert_eq!(y.len(), rows * self.output_len());
        assert_eq!(packed.len(), self.packed_len());
        if let Some(winograd) = Winograd::of(self) {
            return winograd.forward(rows, x, packed, relu, y, scratch);
        }
        let bordered = &mut scratch[..self.bordered_input_len()];
        bordered.fill(0.0);
        let (bias, weights) = packed.split_at(self.packed_forward_at());
        for (x, y) in samples(x, self.input_len()).zip(samples_mut(y, self.output_len())) {
            let image = self.with_border(x, bordered);
            self.forward_of_one(image, weights, Some(bias), relu, y);
        }
    }

    fn backward(
        &self,
        rows: usize,
        x: &[f32],
        y: Option<&[f32]>,
        dy: &[f32],
        packed: &[f32],
        mut dx: Option<&mut [f32]>,
        d_kernel: &mut [f32],
        mut d_bias: Option<&mut [f32]>,
        scratch: &mut [f32],
    ) {
        let (input_len, output_len) = (self.input_len(), self.output_len());
        assert_eq!(x.len(), rows * input_len);
        assert_eq!(dy.len(), rows * output_len);
        assert!(y.is_none_or(|y| y.len() == dy.len()));
        assert!(dx.as_ref().is_none_or(|dx| dx.len() == x.len()));
        assert!(
            d_bias
                .as_ref()
                .is_none_or(|d_bias| d_bias.len() == self.filters)
        );
        assert_eq!(packed.len(), self.packed_len());
        assert_eq!(d_kernel.len(), self.kernel_len());
        if let Some(winograd) = Winograd::of(self) {
            if winograd.makes_kernel_gradients() {
                let d_kernel = Some(d_kernel);
                return winograd.backward(rows, x, y, dy, packed, dx, d_kernel, d_bias, scratch);
            }
            if let Some(dx) = dx.take() {
                winograd.backward(rows, x, y, dy, packed, Some(dx), None, None, scratch);
            }
        }

        let scratch = &mut scratch[..self.direct_scratch_len()];
        let (bordered, scratch) = scratch.split_at_mut(self.bordered_input_len());
        let (gradient, unfolded) = scratch.split_at_mut(scratch.len() - self.unfolded_len());
        // Only the borders stay as they are from one sample to the next.
        bordered.fill(0.0);
        gradient.fill(0.0);
        let gradient_row = self.bordered_output().1 * self.filters;
        let border = self.gradient_border();
        let inside = border.1 * self.filters;

        for sample in 0..rows {
            let output = sample * output_len..(sample + 1) * output_len;
            simd::dispatch(Scatter {
                dy: &dy[output.clone()],
                y: y.map(|y| &y[output]),
                to: &mut gradient[inside..],
                to_row: gradient_row,
                output: self.output,
                filters: self.filters,
                d_bias: d_bias.as_deref_mut(),
            });
            let input = sample * input_len..(sample + 1) * input_len;
            let image = self.with_border(&x[input.clone()], bordered);
            let inner = &gradient[inside..];
            self.kernel_gradient(image, inner, gradient_row, d_kernel, unfolded);
            if let Some(dx) = dx.as_deref_mut() {
                let weights = &packed[self.packed_backward_at()..];
                self.input_gradient(gradient, weights, None, false, &mut dx[input]);
            }
        }
    }
}

/// The samples of a batch, each of `len` floats.
fn samples(x: &[f32], len: usize) -> std::slice::ChunksExact<'_, f32> {
    x.chunks_exact(len.max(1))
}

fn samples_mut(x: &mut [f32], len: usize) -> std::slice::ChunksExactMut<'_, f32> {
    x.chunks_exact_mut(len.max(1))
}

mod direct;
pub(crate) mod transposed;
mod winograd;

#[cfg(test)]
mod tests;
