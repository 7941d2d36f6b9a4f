//! Two-dimensional transposed convolution: the input gradient of a convolution as a forward pass.
//!
//! Layouts as for the convolution; the kernel is `(kernel_height, kernel_width, out, in)`, as Keras keeps it. That is the
//! kernel of the *mirror*, the convolution that goes the other way, from the output to the input. So each pass is one that
//! the mirror has already, with other operands:
//!
//! - forward: the mirror's input gradient, with a bias;
//! - input gradient: the mirror's forward pass over the output gradient;
//! - kernel gradient: the mirror's, whose image is the output gradient and whose output gradient is the input.

use super::direct::Scatter;
use super::{Convolution, Passes, larger, padded, samples, samples_mut};
use crate::kernels::simd;
use lines::Lines;

mod lines;

/// The shapes of one transposed convolution, and the kernels that compute it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TransposedConvolution {
    /// The convolution from the output of this one to its input.
    mirror: Convolution,
    /// How the forward pass goes if there are few filters.
    lines: Option<Lines>,
}

impl TransposedConvolution {
    /// From an image of `mirror.output` and `mirror.filters` to one of `mirror.input` and `mirror.channels`.
    pub(crate) const fn of(mirror: Convolution) -> Self {
        Self {
            mirror,
            lines: Lines::of(&mirror),
        }
    }

    /// The convolution that goes the other way.
    pub(crate) fn mirror(&self) -> &Convolution {
        &self.mirror
    }

    /// Floats in the buffer that [`pack`](Self::pack) fills: the weights of the input gradient, then bias and weights of
    /// the forward pass.
    pub(crate) const fn packed_len(&self) -> usize {
        let mirror = &self.mirror;
        let forward = match &self.lines {
            Some(lines) => lines.packed_len(mirror),
            None => {
                let taps = mirror.kernel.0 * mirror.kernel.1;
                (1 + taps * mirror.filters) * padded(mirror.channels)
            }
        };
        self.forward_at() + forward
    }

    const fn forward_at(&self) -> usize {
        self.mirror.kernel.0 * self.mirror.taps() * padded(self.mirror.filters)
    }

    /// Floats of scratch memory a worker needs for `forward` and for `backward`. What it holds does not matter.
    pub(crate) const fn scratch_len(&self) -> usize {
        let forward = match &self.lines {
            Some(lines) => lines.scratch_len(&self.mirror),
            None => self.bordered_input_len(),
        };
        larger(
            forward,
            self.bordered_gradient_len() + self.mirror.unfolded_len(),
        )
    }

    /// The input with its border of zeros.
    const fn bordered_input_len(&self) -> usize {
        let (height, width) = self.mirror.bordered_output();
        height * width * self.mirror.filters
    }

    /// The output gradient with its border of zeros.
    const fn bordered_gradient_len(&self) -> usize {
        let (height, width) = self.mirror.bordered_input();
        height * width * self.mirror.channels
    }
}

impl Passes for TransposedConvolution {
    fn pack(&self, kernel: &[f32], bias: Option<&[f32]>, d_input: bool, packed: &mut [f32]) {
        let mirror = &self.mirror;
        assert_eq!(kernel.len(), mirror.kernel_len());
        assert!(bias.is_none_or(|bias| bias.len() == mirror.channels));
        assert_eq!(packed.len(), self.packed_len());
        packed.fill(0.0);
        let (backward, forward) = packed.split_at_mut(self.forward_at());
        // The input gradient is the mirror's forward pass, and the other way round.
        if d_input {
            mirror.pack_forward(kernel, backward);
        }
        match &self.lines {
            Some(lines) => lines.pack(mirror, kernel, bias, forward),
            None => {
                let (to, weights) = forward.split_at_mut(padded(mirror.channels));
                if let Some(bias) = bias {
                    to[..mirror.channels].copy_from_slice(bias);
                }
                mirror.pack_backward(kernel, weights);
            }
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
        let mirror = &self.mirror;
        assert_eq!(x.len(), rows * mirror.output_len());
        assert_eq!(y.len(), rows * mirror.input_len());
        assert_eq!(packed.len(), self.packed_len());
        let packed = &packed[self.forward_at()..];
        let (x, y) = (
            samples(x, mirror.output_len()),
            samples_mut(y, mirror.input_len()),
        );
        if let Some(lines) = self.lines {
            let scratch = &mut scratch[..lines.scratch_len(mirror)];
            for (x, y) in x.zip(y) {
                simd::dispatch(lines::Forward {
                    lines,
                    mirror,
                    x,
                    packed,
                    relu,
                    y,
                    scratch: &mut *scratch,
                });
            }
            return;
        }
        let (bias, weights) = packed.split_at(padded(mirror.channels));
        let bordered = &mut scratch[..self.bordered_input_len()];
        bordered.fill(0.0);
        let row = mirror.output.1 * mirror.filters;
        let bordered_row = mirror.bordered_output().1 * mirror.filters;
        let inside = mirror.gradient_border().1 * mirror.filters;
        for (x, y) in x.zip(y) {
            let lines = bordered[inside..].chunks_mut(bordered_row);
            for (to, from) in lines.zip(x.chunks_exact(row)) {
                to[..row].copy_from_slice(from);
            }
            mirror.input_gradient(bordered, weights, Some(bias), relu, y);
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
        let mirror = &self.mirror;
        let (input_len, output_len) = (mirror.output_len(), mirror.input_len());
        assert_eq!(x.len(), rows * input_len);
        assert_eq!(dy.len(), rows * output_len);
        assert!(y.is_none_or(|y| y.len() == dy.len()));
        assert!(dx.as_ref().is_none_or(|dx| dx.len() == x.len()));
        assert!(
            d_bias
                .as_ref()
                .is_none_or(|d_bias| d_bias.len() == mirror.channels)
        );
        assert_eq!(packed.len(), self.packed_len());
        assert_eq!(d_kernel.len(), mirror.kernel_len());

        let weights = &packed[..self.forward_at()];
        let (gradient, unfolded) = scratch.split_at_mut(self.bordered_gradient_len());
        if mirror.has_border() {
            // Only the border stays as it is from one sample to the next.
            gradient.fill(0.0);
        }
        let gradient_row = mirror.bordered_input().1 * mirror.channels;
        let inside = mirror.padding.0 * gradient_row + mirror.padding.1 * mirror.channels;
        for sample in 0..rows {
            let output = sample * output_len..(sample + 1) * output_len;
            simd::dispatch(Scatter {
                dy: &dy[output.clone()],
                y: y.map(|y| &y[output]),
                to: &mut gradient[inside..],
                to_row: gradient_row,
                output: mirror.input,
                filters: mirror.channels,
                d_bias: d_bias.as_deref_mut(),
            });
            let input = sample * input_len..(sample + 1) * input_len;
            let x_row = mirror.output.1 * mirror.filters;
            mirror.kernel_gradient(gradient, &x[input.clone()], x_row, d_kernel, unfolded);
            if let Some(dx) = dx.as_deref_mut() {
                mirror.forward_of_one(gradient, weights, None, false, &mut dx[input]);
            }
        }
    }
}

#[cfg(test)]
mod tests;
