//! Squares of pixels, read from images and written to them, one vector of channels at a time.

use super::transforms::Square;
use crate::kernels::simd::Simd;
use crate::kernels::tile::opaque;

/// Samples of images, channels last.
#[derive(Clone, Copy)]
pub(super) struct Images {
    /// Rows and columns.
    pub(super) size: (usize, usize),
    pub(super) channels: usize,
}

/// A square: its sample and its first pixel, which may be outside of the image.
#[derive(Clone, Copy)]
pub(super) struct Corner {
    pub(super) sample: usize,
    pub(super) row: isize,
    pub(super) column: isize,
}

impl Images {
    /// Whether all of a square of `n` pixels lies in the image.
    #[inline(always)]
    fn holds(&self, at: Corner, n: usize) -> bool {
        let (height, width) = self.size;
        let last = (
            at.row.wrapping_add_unsigned(n),
            at.column.wrapping_add_unsigned(n),
        );
        at.row >= 0
            && at.column >= 0
            && last.0 <= height.cast_signed()
            && last.1 <= width.cast_signed()
    }

    /// From the first float of all images to a pixel.
    #[inline(always)]
    fn offset(&self, at: Corner) -> isize {
        let (height, width) = (self.size.0.cast_signed(), self.size.1.cast_signed());
        let row = at.sample.cast_signed() * height + at.row;
        (row * width + at.column) * self.channels.cast_signed()
    }

    /// A square with zeros outside of the image.
    ///
    /// # Safety
    /// `pixels` is readable in these lanes of the pixels that are inside.
    #[inline(always)]
    pub(super) unsafe fn load<S: Simd, const N: usize>(
        &self,
        simd: S,
        pixels: *const f32,
        at: Corner,
        lanes: S::Lanes,
    ) -> Square<S, N> {
        let first = pixels.wrapping_offset(self.offset(at));
        let all = self.holds(at, N);
        let mut square = [[simd.zero(); N]; N];
        for (i, row) in square.iter_mut().enumerate() {
            for (j, vector) in row.iter_mut().enumerate() {
                if all || self.holds(at.moved(i, j), 1) {
                    // SAFETY: by the caller's promise.
                    *vector = unsafe { simd.load_lanes(self.pixel(first, i, j), lanes) };
                }
            }
        }
        square
    }

    /// Asks for what the row of tiles below will be the first to load: two rows of pixels, or the next image.
    #[inline(always)]
    pub(super) fn prefetch_below<S: Simd, const N: usize>(
        &self,
        simd: S,
        pixels: *const f32,
        at: Corner,
    ) {
        let first = pixels.wrapping_offset(self.offset(at));
        for row in [N, N + 1] {
            for column in [N - 2, N - 1] {
                simd.prefetch(self.pixel(first, row, column));
            }
        }
    }

    /// Writes what of a square is inside of the image.
    ///
    /// # Safety
    /// `pixels` is writable in these lanes of the pixels that are inside.
    #[inline(always)]
    pub(super) unsafe fn store<S: Simd, const N: usize>(
        &self,
        simd: S,
        pixels: *mut f32,
        at: Corner,
        lanes: S::Lanes,
        square: Square<S, N>,
    ) {
        let first = pixels.wrapping_offset(self.offset(at));
        let all = self.holds(at, N);
        for (i, row) in square.into_iter().enumerate() {
            for (j, vector) in row.into_iter().enumerate() {
                if all || self.holds(at.moved(i, j), 1) {
                    // SAFETY: by the caller's promise.
                    unsafe { simd.store_lanes(self.pixel(first, i, j).cast_mut(), vector, lanes) };
                }
            }
        }
    }

    /// Adds a square to what of it is inside of the image.
    ///
    /// # Safety
    /// As for [`store`](Self::store), and readable.
    #[inline(always)]
    pub(super) unsafe fn add<S: Simd, const N: usize>(
        &self,
        simd: S,
        pixels: *mut f32,
        at: Corner,
        lanes: S::Lanes,
        square: Square<S, N>,
    ) {
        // SAFETY: by the caller's promise.
        unsafe {
            let mut sum = self.load::<S, N>(simd, pixels, at, lanes);
            for (sums, row) in sum.iter_mut().zip(square) {
                for (sum, vector) in sums.iter_mut().zip(row) {
                    *sum = simd.add(*sum, vector);
                }
            }
            self.store(simd, pixels, at, lanes, sum);
        }
    }

    #[inline(always)]
    fn pixel(&self, first: *const f32, row: usize, column: usize) -> *const f32 {
        first.wrapping_add(
            row * opaque(self.size.1 * self.channels) + column * opaque(self.channels),
        )
    }
}

impl Corner {
    #[inline(always)]
    fn moved(self, rows: usize, columns: usize) -> Self {
        Self {
            row: self.row.wrapping_add_unsigned(rows),
            column: self.column.wrapping_add_unsigned(columns),
            ..self
        }
    }
}
