//! Products whose result is used up as it is made, block by block: it never stands in memory as a whole.

use super::{
    AlignedVec, BUFFERS, DEPTH, Job, Operand, Product, SHARED, Shared, TASKS, WORTH_THREADS, copy,
    pack_b,
};
use crate::kernels::simd::{self, Simd, Vectorized};
use crate::kernels::tile::{Ahead, Kind, Repeat, Tile, even, rows_of};
use rayon::prelude::*;
use std::cell::Cell;

/// Floats of `C` in a block: with what is used along with them they stay in the L2 cache.
const BLOCK: usize = 24 * 1024;
/// The most columns of a block. A block of fewer is not one piece of `C`, but one for each row.
const BLOCK_COLUMNS: usize = 4096;
/// Floats of `B` packed at a time: a bound for their memory.
const PACKED: usize = 4 * 1024 * 1024;
/// Columns of `B` that a task packs.
const TASK_COLUMNS: usize = 128;
/// What using up a float costs next to a multiply-add.
const USE: usize = 16;

/// Memory that is used along with `C`, number by number. It is asked for ahead of time, never read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Along(*const f32);

// SAFETY: only an address.
unsafe impl Send for Along {}
// SAFETY: as above.
unsafe impl Sync for Along {}

impl Along {
    /// What stands beside the first float of `C`, and so on.
    pub(crate) fn new(first: *const f32) -> Self {
        Self(first)
    }

    /// What stands beside another one.
    pub(crate) fn at(self, start: usize) -> Self {
        Self(self.0.wrapping_add(start))
    }
}

/// Takes some floats, one after another in row-major `C`, from the given one on.
pub(crate) type Take<'a> = dyn Fn(usize, &[f32]) + Sync + 'a;

thread_local! {
    /// A block of `C`.
    static RESULT: Cell<AlignedVec> = const { Cell::new(AlignedVec::empty()) };
}

impl Product<'_> {
    /// Computes `C` in blocks on rayon's threads. Each is given to `take` by the thread that has just computed it, every float
    /// once, while `along` is on its way from the memory. Each float is one sum in a fixed order, however `C` is cut.
    ///
    /// # Panics
    /// If the shapes do not fit together, there is more to do than to multiply, or nothing is used along with `C`.
    pub(crate) fn run_in_blocks(&self, along: &[Along], take: &Take<'_>) {
        assert!(!self.accumulate && self.bias.is_none() && !self.relu && !along.is_empty());
        let (m, k, n) = (self.a.rows, self.a.columns, self.b.columns);
        assert_eq!(k, self.b.rows, "({m} x {k}) times ({} x {n})", self.b.rows);
        if m == 0 || n == 0 {
            return;
        }
        let job = Job {
            m,
            n,
            k,
            a: Operand::of(&self.a),
            b: Operand::of(&self.b),
            c: std::ptr::null_mut(),
            c_stride: 0,
            accumulate: false,
            bias: std::ptr::null(),
            relu: false,
        };
        let level = simd::level();
        let (height, width) = simd::dispatch_at(level, TileSize);
        let for_each = |tasks: usize, task: &(dyn Fn(usize) + Sync)| {
            if m * n * (k + USE) < WORTH_THREADS {
                (0..tasks).for_each(task);
            } else {
                (0..tasks).into_par_iter().with_max_len(1).for_each(task);
            }
        };
        let (panels, strips) = (m.div_ceil(height), n.div_ceil(width));
        let parts = (strips * width * k).div_ceil(PACKED).clamp(1, strips);
        let mut shared = SHARED.take();
        for part in 0..parts {
            let (first, strips) = even(strips, parts, part);
            let b = shared.at_least(strips * width * k);
            let to = Shared(b.as_mut_ptr());
            let take_strips = TASK_COLUMNS / width;
            for_each(strips.div_ceil(take_strips), &|task| {
                let start = task * take_strips;
                let pack = PackB {
                    job: &job,
                    first: (first + start) * width,
                    strips: (start, take_strips.min(strips - start)),
                    to: &to,
                };
                simd::dispatch_at(level, pack);
            });
            let columns = (strips * width).div_ceil(BLOCK_COLUMNS);
            let most = BLOCK / (strips * width).div_ceil(columns) / height;
            let rows = panels.div_ceil(most.max(1)).max(panels.min(TASKS));
            for_each(rows * columns, &|task| {
                let block = Block {
                    job: &job,
                    b,
                    first: first * width,
                    panels: even(panels, rows, task / columns),
                    strips: even(strips, columns, task % columns),
                    along,
                    take,
                };
                simd::dispatch_at(level, block);
            });
        }
        SHARED.set(shared);
    }
}

/// Rows and columns of a tile.
struct TileSize;

impl Vectorized for TileSize {
    type Output = (usize, usize);

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> (usize, usize) {
        (rows_of::<S>(2), 2 * S::LANES)
    }
}

/// Task: pack some strips of `B`, over all products.
struct PackB<'a> {
    job: &'a Job,
    /// The first column in `B`.
    first: usize,
    /// The strips in the buffer.
    strips: (usize, usize),
    to: &'a Shared,
}

impl Vectorized for PackB<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Job { k, n, b, .. } = self.job;
        let width = 2 * S::LANES;
        let (start, strips) = self.strips;
        let columns = (strips * width).min(n - self.first);
        // SAFETY: the buffer has room for all strips; each is packed once.
        unsafe {
            let to = self.to.0.add(start * width * k);
            pack_b(simd, b, (0, *k), (self.first, columns), to);
        }
    }
}

/// Task: compute a block and have it taken.
struct Block<'a> {
    job: &'a Job,
    /// Packed strips.
    b: &'a [f32],
    /// The column of the first of them.
    first: usize,
    panels: (usize, usize),
    strips: (usize, usize),
    along: &'a [Along],
    take: &'a Take<'a>,
}

impl Vectorized for Block<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Job { m, n, k, a, .. } = *self.job;
        let (height, width) = (rows_of::<S>(2), 2 * S::LANES);
        let ((panel, panels), (strip, strips)) = (self.panels, self.strips);
        let rows_of_panel = |i: usize| even(m, m.div_ceil(height), panel + i);
        let (first_row, _) = rows_of_panel(0);
        let (last_row, last_rows) = rows_of_panel(panels - 1);
        let rows = last_row + last_rows - first_row;
        let first_column = self.first + strip * width;
        let columns = (strips * width).min(n - first_column);
        let mut buffers = BUFFERS.take();
        let mut result = RESULT.take();
        let packed = buffers.a.at_least(panels * height * k);
        let c = result.at_least(rows * columns);
        // Taken once: both are written and read through the same pointer.
        let (packed, to) = (packed.as_mut_ptr(), c.as_mut_ptr());
        for i in 0..panels {
            let (row, rows) = rows_of_panel(i);
            let from = Operand {
                at: a.element(row, 0),
                ..a
            };
            // SAFETY: there is room for all panels.
            unsafe {
                let to = packed.add(i * height * k);
                copy(simd, from.t(), (k, rows), to, height);
            }
        }
        let mut tile = Tile {
            kind: Kind::Rows,
            rows: 0,
            columns: 0,
            segments: 1,
            steps: 0,
            a: packed,
            a_stride: height,
            a_segment: 0,
            b: self.b.as_ptr(),
            b_step: width,
            b_segment: 0,
            c: to,
            c_stride: columns,
            accumulate: false,
            bias: std::ptr::null(),
            relu: false,
            repeat: Repeat::ONCE,
        };
        // As many tiles as there are places to look after ask for the same part of the block, each for one place.
        let places = self.along.len();
        let shares = (panels * strips).div_ceil(places);
        let mut number = 0;
        for i in 0..panels {
            let (row, rows_of_tile) = rows_of_panel(i);
            tile.rows = rows_of_tile;
            for j in 0..strips {
                let share = even(rows * columns, shares, number / places);
                let (row_ahead, column) = (share.0 / columns, share.0 % columns);
                let start = (first_row + row_ahead) * n + first_column + column;
                let ahead = Ahead {
                    at: self.along[number % places].at(start).0,
                    stride: share.1.div_ceil(k.max(1)),
                };
                number += 1;
                tile.columns = (columns - j * width).min(width);
                tile.c = to.wrapping_add((row - first_row) * columns + j * width);
                let mut start = 0;
                loop {
                    tile.steps = (k - start).min(DEPTH);
                    tile.accumulate = start > 0;
                    tile.a = packed.wrapping_add((i * k + start) * height);
                    tile.b = self
                        .b
                        .as_ptr()
                        .wrapping_add(((strip + j) * k + start) * width);
                    // SAFETY: all of `A` and `B` that is read has been packed; the tile is inside the block.
                    unsafe { tile.run_ahead(simd, ahead.from(start)) };
                    start += tile.steps;
                    if start >= k {
                        break;
                    }
                }
            }
        }
        // SAFETY: written just now.
        let c = unsafe { std::slice::from_raw_parts(to, rows * columns) };
        let piece = if columns == n { rows * n } else { columns };
        for (i, values) in c.chunks_exact(piece).enumerate() {
            (self.take)((first_row + i) * n + first_column, values);
        }
        RESULT.set(result);
        BUFFERS.set(buffers);
    }
}

#[cfg(test)]
mod tests;
