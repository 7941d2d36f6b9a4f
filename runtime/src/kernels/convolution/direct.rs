//! The inner loops of a convolution from its definition, each in one function for one instruction set.

use super::Convolution;
use crate::kernels::simd::{MAX_LANES, Simd, Vectorized};
use crate::kernels::tile::{Kind, Repeat, Tile, even, rows_of, vectors_for};

/// Window rows shorter than this are unfolded for the kernel gradient.
pub(super) const FEW_TAPS: usize = 8;

/// A forward pass of tiles over an image that has its padding.
pub(super) struct Forward {
    pub(super) image: *const f32,
    pub(super) image_row: usize,
    pub(super) image_height: usize,
    /// The row of the image in which the first window begins. Above and below the image there are zeros.
    pub(super) top: isize,
    pub(super) strides: (usize, usize),
    pub(super) kernel_height: usize,
    /// Floats in one row of the window, also the rows of `weights` per window row.
    pub(super) taps: usize,
    /// Floats between two output columns of the image: stride times channels.
    pub(super) image_step: usize,
    pub(super) weights: *const f32,
    pub(super) weights_stride: usize,
    pub(super) bias: *const f32,
    pub(super) relu: bool,
    pub(super) output: (usize, usize),
    pub(super) channels_out: usize,
    pub(super) out: *mut f32,
    pub(super) out_row: usize,
    pub(super) out_pixel: usize,
}

/// The kernel gradient of one sample.
pub(super) struct KernelGradient {
    pub(super) image: *const f32,
    pub(super) image_row: usize,
    pub(super) image_step: usize,
    pub(super) stride_height: usize,
    pub(super) kernel_height: usize,
    pub(super) taps: usize,
    pub(super) gradient: *const f32,
    pub(super) gradient_row: usize,
    pub(super) output: (usize, usize),
    pub(super) filters: usize,
    pub(super) d_kernel: *mut f32,
}

/// Copies the output gradient of one sample to where its border is zero, on the way masking it
/// by the ReLU's output and summing it into the bias gradient.
pub(super) struct Scatter<'a> {
    pub(super) dy: &'a [f32],
    pub(super) y: Option<&'a [f32]>,
    pub(super) to: &'a mut [f32],
    pub(super) to_row: usize,
    pub(super) output: (usize, usize),
    pub(super) filters: usize,
    pub(super) d_bias: Option<&'a mut [f32]>,
}

// The pointers in `Forward` and `KernelGradient` come from slices whose lengths the safe methods
// of the module above have checked; the geometry is that of the `Convolution`, so all tiles stay inside them.

impl Vectorized for &Forward {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (height, width) = self.output;
        let vectors = self.channels_out.div_ceil(S::LANES);
        let mut v = 0;
        while v < vectors {
            let take = vectors_for::<S>(vectors - v, width);
            let first = v * S::LANES;
            let parts = width.div_ceil(rows_of::<S>(take));
            let mut tile = Tile {
                kind: Kind::Steps,
                rows: 0,
                columns: (self.channels_out - first).min(take * S::LANES),
                segments: 0,
                steps: self.taps,
                a: self.image,
                a_stride: self.image_step,
                a_segment: self.image_row,
                b: self.weights,
                b_step: self.weights_stride,
                b_segment: self.taps * self.weights_stride,
                c: self.out,
                c_stride: self.out_pixel,
                accumulate: false,
                bias: if self.bias.is_null() {
                    self.bias
                } else {
                    self.bias.wrapping_add(first)
                },
                relu: self.relu,
                repeat: Repeat::ONCE,
            };
            for y in 0..height {
                // The rows of the window that lie inside of the image.
                let top = self.top + (y * self.strides.0).cast_signed();
                let skipped = (-top).max(0).cast_unsigned();
                let end = (self.image_height.cast_signed() - top)
                    .max(0)
                    .cast_unsigned();
                let inside = top.max(0).cast_unsigned() * self.image_row;
                tile.segments = end.min(self.kernel_height).saturating_sub(skipped);
                tile.b = self.weights.wrapping_add(skipped * tile.b_segment + first);
                for part in 0..parts {
                    let (start, rows) = even(width, parts, part);
                    let from = inside + start * self.image_step;
                    tile.rows = rows;
                    tile.a = self.image.wrapping_add(from);
                    tile.c = self
                        .out
                        .wrapping_add(y * self.out_row + start * self.out_pixel + first);
                    // SAFETY: see above.
                    unsafe { tile.run(simd) };
                }
            }
            v += take;
        }
    }
}

impl Vectorized for &KernelGradient {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for kernel_row in 0..self.kernel_height {
            let rows = kernel_row * self.taps;
            // SAFETY: see above.
            unsafe {
                Tile {
                    kind: Kind::Rows,
                    rows: self.taps,
                    columns: self.filters,
                    segments: self.output.0,
                    steps: self.output.1,
                    a: self.image.add(kernel_row * self.image_row),
                    a_stride: self.image_step,
                    a_segment: self.stride_height * self.image_row,
                    b: self.gradient,
                    b_step: self.filters,
                    b_segment: self.gradient_row,
                    c: self.d_kernel.add(rows * self.filters),
                    c_stride: self.filters,
                    accumulate: true,
                    bias: std::ptr::null(),
                    relu: false,
                    repeat: Repeat::ONCE,
                }
                .run_in_parts(simd);
            }
        }
    }
}

impl Vectorized for Scatter<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let (height, width) = self.output;
        let filters = self.filters;
        let zero = simd.zero();
        if 2 * filters <= S::LANES {
            self.many_pixels(simd);
            return;
        }
        let vectors = filters.div_ceil(S::LANES);
        for v in 0..vectors {
            let first = v * S::LANES;
            let n = (filters - first).min(S::LANES);
            let lanes = simd.first(n);
            // Two chains of additions hide their latency.
            let mut sums = [zero; 2];
            for row in 0..height {
                let dy = &self.dy[row * width * filters..][..width * filters];
                let y = self
                    .y
                    .map(|y| &y[row * width * filters..][..width * filters]);
                let to = &mut self.to[row * self.to_row..][..width * filters];
                for column in 0..width {
                    let at = column * filters + first;
                    // SAFETY: `at + n <= width * filters`, the length of the three slices.
                    unsafe {
                        let mut g = simd.load_lanes(dy.as_ptr().add(at), lanes);
                        if let Some(y) = y {
                            let y = simd.load_lanes(y.as_ptr().add(at), lanes);
                            g = simd.select(simd.greater(y, zero), g, zero);
                        }
                        simd.store_lanes(to.as_mut_ptr().add(at), g, lanes);
                        sums[column % 2] = simd.add(sums[column % 2], g);
                    }
                }
            }
            if let Some(d_bias) = self.d_bias.as_deref_mut() {
                let d_bias = &mut d_bias[first..first + n];
                // SAFETY: `n` floats.
                unsafe {
                    let old = simd.load_lanes(d_bias.as_ptr(), lanes);
                    let sum = simd.add(old, simd.add(sums[0], sums[1]));
                    simd.store_lanes(d_bias.as_mut_ptr(), sum, lanes);
                }
            }
        }
    }
}

impl Scatter<'_> {
    /// As many whole pixels as a vector holds at a time: two or more.
    #[inline(always)]
    fn many_pixels<S: Simd>(&mut self, simd: S) {
        let filters = self.filters;
        let len = self.output.1 * filters;
        let step = S::LANES / filters * filters;
        let zero = simd.zero();
        let mut sums = zero;
        for row in 0..self.output.0 {
            let dy = &self.dy[row * len..][..len];
            let y = self.y.map(|y| &y[row * len..][..len]);
            let to = &mut self.to[row * self.to_row..][..len];
            let mut at = 0;
            while at < len {
                let lanes = simd.first((len - at).min(step));
                // SAFETY: the lanes end at `len`, the length of the three slices.
                unsafe {
                    let mut g = simd.load_lanes(dy.as_ptr().add(at), lanes);
                    if let Some(y) = y {
                        let y = simd.load_lanes(y.as_ptr().add(at), lanes);
                        g = simd.select(simd.greater(y, zero), g, zero);
                    }
                    simd.store_lanes(to.as_mut_ptr().add(at), g, lanes);
                    sums = simd.add(sums, g);
                }
                at += step;
            }
        }
        if let Some(d_bias) = self.d_bias.as_deref_mut() {
            let mut lanes = [0.0; MAX_LANES];
            // SAFETY: room for the most lanes there are.
            unsafe { simd.store(lanes.as_mut_ptr(), sums) };
            for pixel in lanes[..step].chunks_exact(filters) {
                for (sum, part) in d_bias.iter_mut().zip(pixel) {
                    *sum += part;
                }
            }
        }
    }
}

/// Writes one row per output pixel: the whole window, whose rows are shorter than a vector.
pub(super) struct Unfold<'a> {
    pub(super) conv: &'a Convolution,
    pub(super) image: &'a [f32],
    pub(super) unfolded: &'a mut [f32],
}

impl Vectorized for Unfold<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let conv = self.conv;
        let (taps, image_row) = (conv.taps(), conv.bordered_input().1 * conv.channels);
        let lanes = simd.first(taps);
        let step = conv.strides.1 * conv.channels;
        debug_assert!(taps < FEW_TAPS && FEW_TAPS <= S::LANES);
        let mut to = self.unfolded.as_mut_ptr();
        for row in 0..conv.output.0 {
            let from = self.image[row * conv.strides.0 * image_row..].as_ptr();
            for column in 0..conv.output.1 {
                for i in 0..conv.kernel.0 {
                    // SAFETY: windows lie inside of the bordered image; `unfolded` has room for
                    // all of them and a vector. What a store writes behind its row is replaced
                    // by the next row.
                    unsafe {
                        let from = from.add(column * step + i * image_row);
                        simd.store(to, simd.load_lanes(from, lanes));
                        to = to.add(taps);
                    }
                }
            }
        }
    }
}
