//! Convolutions of 3 x 3 windows with fewer multiplications: Winograd's F(2 x 2, 3 x 3).
//!
//! The output is cut into *tiles* of 2 x 2 pixels, each of which depends on a patch of 4 x 4 pixels
//! of the input. With the matrices of [`transforms`], `d` a patch and `g` the kernel, both for one
//! channel, and `*` element by element,
//!
//! ```text
//! y = A' [(G g G') * (B' d B)] A
//! ```
//!
//! makes 16 products where the definition makes 36. Summed over the input channels, each of the 16
//! *positions* of `*` is a matrix product of its own:
//!
//! ```text
//! V[position] (tile, channel) = B' d B      M[position] = V[position] U[position]
//! U[position] (channel, filter) = G g G'    y = A' M A
//! ```
//!
//! The gradients are those of these formulas, so they multiply as little:
//!
//! ```text
//! dM = A dy A'    dU[position] = V[position]' dM[position]    dg = G' dU G
//!                 dV[position] = dM[position] U[position]'    dd = B dV B', summed where patches overlap
//! ```
//!
//! Rounding differs from the definition's by about twice, and infinities of the input become NaN.
//!
//! Source: A. Lavin and S. Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016.

use super::{Convolution, padded};
use crate::kernels::simd;
use crate::kernels::tile::even;
use passes::{Backward, Forward, Pack};

mod images;
mod passes;
mod transforms;

/// Elements of a transformed patch.
const POSITIONS: usize = 16;
/// Tiles that go through all passes together, while what is made of them is in the caches.
const BLOCK: usize = 24;
/// With fewer channels the transforms cost more than they save.
pub(super) const FEWEST_CHANNELS: usize = 8;

/// Numbers of `dU` up to which it stays in the L2 cache. One that does not is better never made: the gradient of such a
/// kernel comes from the definition.
const MOST_SUMS: usize = 128 * 1024;

/// A convolution of 3 x 3 windows, each a step from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Winograd {
    conv: Convolution,
}

/// Where a tile is.
#[derive(Clone, Copy)]
struct Place {
    sample: usize,
    row: usize,
    column: usize,
}

impl Winograd {
    /// If it is one that gains by it.
    pub(super) const fn of(conv: &Convolution) -> Option<Self> {
        let this = Self { conv: *conv };
        let (height, width) = this.tiles();
        // Tiles over the edge make products that nobody needs: not more than two thirds of the definition's.
        let saves_enough = POSITIONS * height * width * 3 <= 2 * 9 * conv.output.0 * conv.output.1;
        let is_right = conv.kernel.0 == 3
            && conv.kernel.1 == 3
            && conv.strides.0 == 1
            && conv.strides.1 == 1
            && conv.channels >= FEWEST_CHANNELS
            && conv.filters >= FEWEST_CHANNELS
            && saves_enough;
        if is_right { Some(this) } else { None }
    }

    /// Rows and columns of tiles. The last ones may reach over the edge.
    const fn tiles(&self) -> (usize, usize) {
        let (height, width) = self.conv.output;
        (height.div_ceil(2), width.div_ceil(2))
    }

    /// Floats for [`pack`](Self::pack).
    pub(super) const fn packed_len(&self) -> usize {
        let (channels, filters) = (self.conv.channels, self.conv.filters);
        padded(filters) + self.forward_weights_len() + POSITIONS * filters * padded(channels)
    }

    const fn forward_weights_len(&self) -> usize {
        POSITIONS * self.conv.channels * padded(self.conv.filters)
    }

    /// Floats of scratch memory for `forward` and for `backward`.
    pub(super) const fn scratch_len(&self) -> usize {
        let (channels, filters) = (self.conv.channels, self.conv.filters);
        let sums = if self.makes_kernel_gradients() {
            POSITIONS * channels * filters
        } else {
            0
        };
        POSITIONS * BLOCK * (channels + filters) + sums
    }

    /// Whether `backward` is for the gradient of the kernel as well.
    pub(super) const fn makes_kernel_gradients(&self) -> bool {
        POSITIONS * self.conv.channels * self.conv.filters <= MOST_SUMS
    }

    /// Bias, then `U`, then `U'`, which is for the gradient of the input.
    pub(super) fn pack(
        &self,
        kernel: &[f32],
        bias: Option<&[f32]>,
        d_input: bool,
        packed: &mut [f32],
    ) {
        assert_eq!(kernel.len(), self.conv.kernel_len());
        assert_eq!(packed.len(), self.packed_len());
        packed.fill(0.0);
        if let Some(bias) = bias {
            packed[..self.conv.filters].copy_from_slice(bias);
        }
        let weights = &mut packed[padded(self.conv.filters)..];
        let (forward, backward) = weights.split_at_mut(self.forward_weights_len());
        simd::dispatch(Pack {
            winograd: self,
            kernel,
            forward,
            backward: d_input.then_some(backward),
        });
    }

    /// As [`Passes::forward`](super::Passes::forward), which has compared the lengths.
    pub(super) fn forward(
        &self,
        rows: usize,
        x: &[f32],
        packed: &[f32],
        relu: bool,
        y: &mut [f32],
        scratch: &mut [f32],
    ) {
        let (bias, weights) = packed.split_at(padded(self.conv.filters));
        let (v, m) =
            scratch[..self.scratch_len()].split_at_mut(POSITIONS * BLOCK * self.conv.channels);
        simd::dispatch(Forward {
            winograd: self,
            rows,
            x,
            bias,
            weights,
            relu,
            y,
            v,
            m,
        });
    }

    /// As [`Passes::backward`](super::Passes::backward), which has compared the lengths. Without `d_kernel` that is not made.
    ///
    /// # Panics
    /// If there is a `d_kernel`, but [`makes_kernel_gradients`](Self::makes_kernel_gradients) says no.
    #[expect(clippy::too_many_arguments, reason = "the operands of one formula")]
    pub(super) fn backward(
        &self,
        rows: usize,
        x: &[f32],
        y: Option<&[f32]>,
        dy: &[f32],
        packed: &[f32],
        dx: Option<&mut [f32]>,
        d_kernel: Option<&mut [f32]>,
        d_bias: Option<&mut [f32]>,
        scratch: &mut [f32],
    ) {
        assert!(d_kernel.is_none() || self.makes_kernel_gradients());
        if rows == 0 {
            return;
        }
        let weights = &packed[padded(self.conv.filters) + self.forward_weights_len()..];
        let scratch = &mut scratch[..self.scratch_len()];
        let (v, scratch) = scratch.split_at_mut(POSITIONS * BLOCK * self.conv.channels);
        let (m, d_u) = scratch.split_at_mut(POSITIONS * BLOCK * self.conv.filters);
        simd::dispatch(Backward {
            winograd: self,
            rows,
            x,
            y,
            dy,
            weights,
            dx,
            d_kernel,
            d_bias,
            v,
            m,
            d_u,
        });
    }

    /// The tiles of all samples in runs of at most [`BLOCK`]: the place of the first, and how many.
    fn blocks(&self, rows: usize) -> impl Iterator<Item = (Place, usize)> {
        let (height, width) = self.tiles();
        let all = rows * height * width;
        let parts = all.div_ceil(BLOCK);
        (0..parts).map(move |part| {
            let (first, count) = even(all, parts, part);
            let place = Place {
                sample: first / (height * width),
                row: first / width % height,
                column: first % width,
            };
            (place, count)
        })
    }

    fn after(&self, place: Place) -> Place {
        let (height, width) = self.tiles();
        let mut next = Place {
            column: place.column + 1,
            ..place
        };
        if next.column == width {
            (next.row, next.column) = (place.row + 1, 0);
        }
        if next.row == height {
            (next.sample, next.row) = (place.sample + 1, 0);
        }
        next
    }
}
