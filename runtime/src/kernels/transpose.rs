//! The transpose of a matrix, block by block in registers.

use super::simd::{self, Simd, Vectorized};
use rayon::prelude::*;

/// Below so many floats, waking threads costs more than it saves.
const WORTH_THREADS: usize = 64 * 1024;

/// The transpose of a row-major matrix with rows of `columns` floats, on all threads if that is worth it.
///
/// # Panics
/// If the slices have different lengths or no whole rows.
pub(crate) fn transpose_parallel(from: &[f32], columns: usize, to: &mut [f32]) {
    assert!(columns > 0 && from.len().is_multiple_of(columns) && from.len() == to.len());
    let rows = from.len() / columns;
    if rows == 0 {
        return;
    }
    // Columns that a task turns into rows: whole vectors.
    let wide = if from.len() < WORTH_THREADS {
        columns
    } else {
        32
    };
    let turn = |(part, to): (usize, &mut [f32])| {
        let size = (rows, to.len() / rows);
        transpose((&from[part * wide..], columns), size, (to, rows));
    };
    if wide >= columns {
        turn((0, to));
    } else {
        to.par_chunks_mut(wide * rows).enumerate().for_each(turn);
    }
}

/// Writes the transpose of `size.0` rows of `size.1` floats. Both matrices come with the distance of their rows.
///
/// # Panics
/// If a matrix is longer than its slice, or has no rows or no columns.
pub(super) fn transpose(from: (&[f32], usize), size: (usize, usize), to: (&mut [f32], usize)) {
    simd::dispatch(Transpose { from, size, to });
}

struct Transpose<'a> {
    from: (&'a [f32], usize),
    size: (usize, usize),
    to: (&'a mut [f32], usize),
}

impl Vectorized for Transpose<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        transpose_with(simd, self.from, self.size, self.to);
    }
}

/// [`transpose`] as a part of an operation.
#[inline(always)]
pub(super) fn transpose_with<S: Simd>(
    simd: S,
    (from, from_row): (&[f32], usize),
    size: (usize, usize),
    (to, to_row): (&mut [f32], usize),
) {
    assert!(size.0 >= 1 && size.1 >= 1);
    assert!((size.0 - 1) * from_row + size.1 <= from.len());
    assert!((size.1 - 1) * to_row + size.0 <= to.len());
    let mut i = 0;
    while i < size.0 {
        let mut j = 0;
        while j < size.1 {
            let block = ((size.0 - i).min(S::LANES), (size.1 - j).min(S::LANES));
            // SAFETY: a block of matrices that the slices hold.
            unsafe {
                simd.transpose(
                    from.as_ptr().add(i * from_row + j),
                    from_row,
                    block,
                    to.as_mut_ptr().add(j * to_row + i),
                    to_row,
                );
            }
            j += S::LANES;
        }
        i += S::LANES;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::properties::{holds_at_each_level, pairs};
    use crate::kernels::simd::tests::Numbers;

    #[test]
    fn threads_share_a_large_matrix() {
        for (rows, columns) in [(1, 1), (7, 300), (301, 250), (300, 32), (2000, 33)] {
            let from = Numbers::new(4).vec(rows * columns);
            let mut to = vec![7.0; rows * columns];
            transpose_parallel(&from, columns, &mut to);
            for (at, &x) in to.iter().enumerate() {
                assert_eq!(
                    x,
                    from[at % rows * columns + at / rows],
                    "{rows} x {columns}"
                );
            }
        }
    }

    #[test]
    fn matrices_of_all_sizes_are_transposed() {
        let most = if cfg!(miri) { 10 } else { 50 };
        holds_at_each_level(200, (pairs(1..=most), pairs(0..=3)), |(size, gaps)| {
            let (from_row, to_row) = (size.1 + gaps.0, size.0 + gaps.1);
            let from = Numbers::new(3).vec((size.0 - 1) * from_row + size.1);
            let mut to = vec![7.0; (size.1 - 1) * to_row + size.0];
            transpose((&from, from_row), size, (&mut to, to_row));
            for (at, &x) in to.iter().enumerate() {
                let (j, i) = (at / to_row, at % to_row);
                let inside = i < size.0;
                assert_eq!(x, if inside { from[i * from_row + j] } else { 7.0 });
            }
        });
    }
}
