//! Maximum and average over windows of channels-last images.
//!
//! Samples are `(height, width, channels)`, one after the other. Padding takes no part: a maximum
//! is over the pixels that exist, and an average divides by their number, as in Keras. A global
//! pooling is one window of the whole image.

use super::simd::{self, Simd, Vectorized, last_lanes};
use super::window;

/// The shapes of one pooling, along (height, width), and the kernels that compute it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pooling {
    /// Size of the input image.
    pub(crate) input: (usize, usize),
    /// Size of the output image.
    pub(crate) output: (usize, usize),
    /// Size of the window.
    pub(crate) pool: (usize, usize),
    /// Steps between windows.
    pub(crate) strides: (usize, usize),
    /// Rows above and columns left of the image that windows reach over.
    pub(crate) padding: (usize, usize),
    /// Channels of input and output.
    pub(crate) channels: usize,
}

impl Pooling {
    /// Windows only where they fit (`padding="valid"`).
    pub(crate) fn valid(
        input: (usize, usize),
        pool: (usize, usize),
        strides: (usize, usize),
        channels: usize,
    ) -> Self {
        let (output, padding) = window::valid(input, pool, strides);
        Self {
            input,
            output,
            pool,
            strides,
            padding,
            channels,
        }
    }

    /// An output of `input / strides`, rounded up (`padding="same"`); extra padding is at the
    /// bottom and right.
    pub(crate) fn same(
        input: (usize, usize),
        pool: (usize, usize),
        strides: (usize, usize),
        channels: usize,
    ) -> Self {
        let (output, padding) = window::same(input, pool, strides);
        Self {
            input,
            output,
            pool,
            strides,
            padding,
            channels,
        }
    }

    /// One window of the whole image.
    pub(crate) fn global(input: (usize, usize), channels: usize) -> Self {
        Self::valid(input, input, (1, 1), channels)
    }

    /// The structure `Pool` of the GPU kernels.
    pub(crate) fn geometry(&self, rows: usize) -> [i32; 12] {
        [
            rows,
            self.input.0,
            self.input.1,
            self.channels,
            self.output.0,
            self.output.1,
            self.pool.0,
            self.pool.1,
            self.strides.0,
            self.strides.1,
            self.padding.0,
            self.padding.1,
        ]
        .map(|n| n as i32)
    }

    /// Floats in one input sample.
    pub(crate) fn input_len(&self) -> usize {
        self.input.0 * self.input.1 * self.channels
    }

    /// Floats in one output sample.
    pub(crate) fn output_len(&self) -> usize {
        self.output.0 * self.output.1 * self.channels
    }

    /// `y` is the greatest element of each window; NaN if there is one.
    pub(crate) fn max_forward(&self, rows: usize, x: &[f32], y: &mut [f32]) {
        self.check(rows, x, y);
        if self.is_halving() {
            simd::dispatch(HalvingForward {
                pooling: self,
                x,
                y,
            });
        } else {
            simd::dispatch(Forward::<MAX> {
                pooling: self,
                x,
                y,
            });
        }
    }

    /// Overwrites `dx`, given the input and output of the forward pass.
    ///
    /// Among equal elements the first of the window, row by row, gets the gradient, as in
    /// TensorFlow on the CPU (`SpatialMaxPoolWithArgMaxHelper` keeps an index until a greater
    /// value comes); no index is stored, the first element equal to the maximum is that one.
    /// Elements of several windows get the sum.
    pub(crate) fn max_backward(
        &self,
        rows: usize,
        x: &[f32],
        y: &[f32],
        dy: &[f32],
        dx: &mut [f32],
    ) {
        self.check(rows, x, y);
        assert!(dy.len() == y.len() && dx.len() == x.len());
        if self.is_halving() {
            simd::dispatch(HalvingBackward {
                pooling: self,
                x,
                y,
                dy,
                dx,
            });
        } else {
            dx.fill(0.0);
            simd::dispatch(Backward::<MAX> {
                pooling: self,
                x,
                y,
                dy,
                dx,
            });
        }
    }

    /// `y` is the mean of each window.
    pub(crate) fn average_forward(&self, rows: usize, x: &[f32], y: &mut [f32]) {
        self.check(rows, x, y);
        simd::dispatch(Forward::<AVERAGE> {
            pooling: self,
            x,
            y,
        });
    }

    /// Overwrites `dx`: each element of a window gets its share.
    pub(crate) fn average_backward(&self, rows: usize, dy: &[f32], dx: &mut [f32]) {
        self.check(rows, dx, dy);
        dx.fill(0.0);
        simd::dispatch(Backward::<AVERAGE> {
            pooling: self,
            x: &[],
            y: &[],
            dy,
            dx,
        });
    }

    fn check(&self, rows: usize, x: &[f32], y: &[f32]) {
        assert_eq!(x.len(), rows * self.input_len());
        assert_eq!(y.len(), rows * self.output_len());
    }

    /// The usual case: windows of 2 x 2 that touch and do not overlap.
    fn is_halving(&self) -> bool {
        self.pool == (2, 2)
            && self.strides == (2, 2)
            && self.padding == (0, 0)
            && self.output == (self.input.0 / 2, self.input.1 / 2)
    }

    /// The existing pixels of a window: rows and columns of the input.
    #[inline(always)]
    fn window(&self, row: usize, column: usize) -> Window {
        let (top, left) = (row * self.strides.0, column * self.strides.1);
        Window {
            rows: (
                top.saturating_sub(self.padding.0),
                (top + self.pool.0)
                    .saturating_sub(self.padding.0)
                    .min(self.input.0),
            ),
            columns: (
                left.saturating_sub(self.padding.1),
                (left + self.pool.1)
                    .saturating_sub(self.padding.1)
                    .min(self.input.1),
            ),
        }
    }
}

/// Half-open ranges of rows and columns.
#[derive(Clone, Copy)]
struct Window {
    rows: (usize, usize),
    columns: (usize, usize),
}

impl Window {
    #[inline(always)]
    fn len(&self) -> usize {
        (self.rows.1 - self.rows.0) * (self.columns.1 - self.columns.0)
    }
}

const MAX: bool = true;
const AVERAGE: bool = false;

struct Forward<'a, const IS_MAX: bool> {
    pooling: &'a Pooling,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl<const IS_MAX: bool> Vectorized for Forward<'_, IS_MAX> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let p = self.pooling;
        let (width, channels) = (p.input.1, p.channels);
        let samples = self.x.chunks_exact(p.input_len().max(1));
        for (x, y) in samples.zip(self.y.chunks_exact_mut(p.output_len().max(1))) {
            for row in 0..p.output.0 {
                for column in 0..p.output.1 {
                    let window = p.window(row, column);
                    let y = &mut y[(row * p.output.1 + column) * channels..][..channels];
                    let share = simd.splat(1.0 / window.len() as f32);
                    let mut c = 0;
                    while c < channels {
                        let lanes = simd.first((channels - c).min(S::LANES));
                        let start = if IS_MAX { f32::NEG_INFINITY } else { 0.0 };
                        let mut total = simd.splat(start);
                        for i in window.rows.0..window.rows.1 {
                            for j in window.columns.0..window.columns.1 {
                                let at = (i * width + j) * channels + c;
                                // SAFETY: a pixel of the sample, and lanes that it has.
                                let x = unsafe { simd.load_lanes(x.as_ptr().add(at), lanes) };
                                total = if IS_MAX {
                                    greater(simd, total, x)
                                } else {
                                    simd.add(total, x)
                                };
                            }
                        }
                        if !IS_MAX {
                            total = simd.mul(total, share);
                        }
                        // SAFETY: a pixel of the output, and lanes that it has.
                        unsafe { simd.store_lanes(y.as_mut_ptr().add(c), total, lanes) };
                        c += S::LANES;
                    }
                }
            }
        }
    }
}

/// The greater one, or NaN if either is.
#[inline(always)]
fn greater<S: Simd>(simd: S, a: S::Vector, b: S::Vector) -> S::Vector {
    // `max` gives its second operand if either is NaN: a NaN in `b` is then still missing.
    simd.select(simd.equal(b, b), simd.max(b, a), b)
}

/// Maximum over 2 x 2 with stride 2.
struct HalvingForward<'a> {
    pooling: &'a Pooling,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl Vectorized for HalvingForward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let p = self.pooling;
        let (channels, row_len) = (p.channels, p.input.1 * p.channels);
        let (input_len, output_len) = (p.input_len().max(1), p.output_len().max(1));
        let lanes = simd.first(last_lanes(channels, S::LANES));
        for (sample, y) in self.y.chunks_exact_mut(output_len).enumerate() {
            let x = &self.x[sample * input_len..][..input_len];
            for row in 0..p.output.0 {
                let x = &x[2 * row * row_len..][..2 * row_len];
                let y = &mut y[row * p.output.1 * channels..][..p.output.1 * channels];
                for column in 0..p.output.1 {
                    // SAFETY: the four pixels of a window, the pixel of the output; the last
                    // vector of each ends with its channels.
                    unsafe {
                        let x = x.as_ptr().add(2 * column * channels);
                        let y = y.as_mut_ptr().add(column * channels);
                        let pixels = [
                            x,
                            x.add(channels),
                            x.add(row_len),
                            x.add(row_len + channels),
                        ];
                        let mut c = 0;
                        while c + S::LANES < channels {
                            let (a, b) = (simd.load(pixels[0].add(c)), simd.load(pixels[1].add(c)));
                            let (d, e) = (simd.load(pixels[2].add(c)), simd.load(pixels[3].add(c)));
                            let best = greater(simd, greater(simd, a, b), greater(simd, d, e));
                            simd.store(y.add(c), best);
                            c += S::LANES;
                        }
                        let a = simd.load_lanes(pixels[0].add(c), lanes);
                        let b = simd.load_lanes(pixels[1].add(c), lanes);
                        let d = simd.load_lanes(pixels[2].add(c), lanes);
                        let e = simd.load_lanes(pixels[3].add(c), lanes);
                        let best = greater(simd, greater(simd, a, b), greater(simd, d, e));
                        simd.store_lanes(y.add(c), best, lanes);
                    }
                }
            }
        }
    }
}

/// Adds to `dx`. `x` and `y` are not used for averages.
struct Backward<'a, const IS_MAX: bool> {
    pooling: &'a Pooling,
    x: &'a [f32],
    y: &'a [f32],
    dy: &'a [f32],
    dx: &'a mut [f32],
}

impl<const IS_MAX: bool> Vectorized for Backward<'_, IS_MAX> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let p = self.pooling;
        let (width, channels) = (p.input.1, p.channels);
        let (input_len, output_len) = (p.input_len().max(1), p.output_len().max(1));
        for (sample, dx) in self.dx.chunks_exact_mut(input_len).enumerate() {
            for pixel in 0..p.output.0 * p.output.1 {
                let window = p.window(pixel / p.output.1, pixel % p.output.1);
                let share = simd.splat(1.0 / window.len() as f32);
                let out = sample * output_len + pixel * channels;
                let mut c = 0;
                while c < channels {
                    let lanes = simd.first((channels - c).min(S::LANES));
                    // SAFETY: in this loop all accesses are to pixels of the sample and lanes
                    // they have; for a maximum, x and y have the lengths of dx and dy.
                    unsafe {
                        let mut rest = simd.load_lanes(self.dy.as_ptr().add(out + c), lanes);
                        let mut y = rest;
                        if IS_MAX {
                            y = simd.load_lanes(self.y.as_ptr().add(out + c), lanes);
                        } else {
                            rest = simd.mul(rest, share);
                        }
                        for i in window.rows.0..window.rows.1 {
                            for j in window.columns.0..window.columns.1 {
                                let at = (i * width + j) * channels + c;
                                let mut part = rest;
                                if IS_MAX {
                                    let x = self.x.as_ptr().add(sample * input_len + at);
                                    let here = simd.equal(simd.load_lanes(x, lanes), y);
                                    part = simd.select(here, rest, simd.zero());
                                    // Given away: nothing is left for later equal elements.
                                    rest = simd.select(here, simd.zero(), rest);
                                }
                                let to = dx.as_mut_ptr().add(at);
                                let sum = simd.add(simd.load_lanes(to, lanes), part);
                                simd.store_lanes(to, sum, lanes);
                            }
                        }
                    }
                    c += S::LANES;
                }
            }
        }
    }
}

/// Maximum over 2 x 2 with stride 2: each element of `dx` is written once.
struct HalvingBackward<'a> {
    pooling: &'a Pooling,
    x: &'a [f32],
    y: &'a [f32],
    dy: &'a [f32],
    dx: &'a mut [f32],
}

impl Vectorized for HalvingBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let p = self.pooling;
        let (channels, row_len) = (p.channels, p.input.1 * p.channels);
        let (input_len, output_len) = (p.input_len().max(1), p.output_len().max(1));
        let covered = 2 * p.output.1 * channels;
        for (sample, dx) in self.dx.chunks_exact_mut(input_len).enumerate() {
            for (row, dx) in dx.chunks_mut(2 * row_len).enumerate() {
                if row == p.output.0 {
                    // An odd row at the bottom is in no window.
                    dx.fill(0.0);
                    continue;
                }
                let (upper, lower) = dx.split_at_mut(row_len);
                // So is an odd column at the right.
                upper[covered..].fill(0.0);
                lower[covered..].fill(0.0);
                let x = &self.x[sample * input_len + 2 * row * row_len..][..2 * row_len];
                let out = sample * output_len + row * p.output.1 * channels;
                for column in 0..p.output.1 {
                    let mut c = 0;
                    while c < channels {
                        let lanes = simd.first((channels - c).min(S::LANES));
                        let out = out + column * channels + c;
                        let at = 2 * column * channels + c;
                        // SAFETY: the four pixels of a window, the pixel of the output, and
                        // lanes that they have.
                        unsafe {
                            let y = simd.load_lanes(self.y.as_ptr().add(out), lanes);
                            let mut rest = simd.load_lanes(self.dy.as_ptr().add(out), lanes);
                            for (half, dx) in [&mut *upper, &mut *lower].into_iter().enumerate() {
                                for side in 0..2 {
                                    let at = at + side * channels;
                                    let x = x.as_ptr().add(half * row_len + at);
                                    // Made long ago: the next row of windows is asked for early.
                                    simd.prefetch(x.wrapping_add(2 * row_len));
                                    let here = simd.equal(simd.load_lanes(x, lanes), y);
                                    let part = simd.select(here, rest, simd.zero());
                                    rest = simd.select(here, simd.zero(), rest);
                                    simd.store_lanes(dx.as_mut_ptr().add(at), part, lanes);
                                }
                            }
                        }
                        c += S::LANES;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
