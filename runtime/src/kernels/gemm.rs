//! Matrix products: `C = A · B`, added to `C` or with bias and ReLU if asked.
//!
//! `A` and `B` are [`Matrix`] views with two strides, so a transposed operand is a view and not a
//! copy; `C` is row-major. There are four ways to compute a product, all ending in the same
//! register [tiles](super::tile):
//!
//! - *steps*: a few rows of row-major `A` times row-major `B` (forward pass of a micro-batch);
//! - *rows*: transposed `A` times row-major `B` with few products per element (its weight
//!   gradient);
//! - *turned*: a few rows of row-major `A` times transposed `B` (its input gradient), computed as
//!   `(Bᵀ · Aᵀ)ᵀ`, because turning the small `A` and `C` is cheaper than turning the weights;
//! - *packed*: everything else. `A` and `B` are copied in panels of the shape in which tiles read
//!   them, blocked for the caches (Goto and van de Geijn 2008).
//!
//! [`Product::run_in_blocks`] is for a `C` that is used up as it is made (the gradient of a large kernel).
//!
//! Which way is taken depends on the shapes only, and no sum is ever split over threads: the
//! result is the same, to the bit, on any number of threads.

use super::aligned::AlignedVec;
use super::simd::{self, Level, MAX_LANES, Simd, Vectorized};
use super::tile::{Kind, Repeat, Tile, even, rows_of, vectors_for};
use rayon::prelude::*;
use std::cell::Cell;

mod blocks;
pub(crate) use blocks::{Along, Take};

/// Products per pass over the packed panels: a panel of `B` this deep stays in the L1 cache.
const DEPTH: usize = 256;
/// Columns of `B` packed at a time: `DEPTH` times this stay in the L2 cache.
const COLUMNS: usize = 256;
/// The same for a task of a parallel product.
const TASK_COLUMNS: usize = 128;
/// So many tasks, with fewer columns each, where there are few rows: more than threads, so that all end together.
const TASKS: usize = 16;
/// Rows of `A` packed at a time on one thread. `B` is packed again for each such block.
const BLOCK_ROWS: usize = 560;
/// The same for a parallel product, which shares it.
const SHARED_ROWS: usize = 2240;
/// Row panels in a task of a parallel product. Each packs its columns of `B` again, so the 256 rows of a usual batch are one.
const TASK_PANELS: usize = 22;
/// Products after which the packed `A` is thrown away: a bound for its memory.
const BLOCK_DEPTH: usize = 4096;
/// Up to so many rows of `A`, packing `B` costs more than it saves.
const FEW_ROWS: usize = 32;
/// With so few rows, too many lanes would be idle when the product is turned.
const TOO_FEW_TO_TURN: usize = 10;
/// Up to so many products per element, packing costs more than it saves.
const FEW_PRODUCTS: usize = 64;
/// Below so many multiply-adds (about 0.1 ms), waking threads costs more than it saves.
const WORTH_THREADS: usize = 5_000_000;

/// A view of a matrix of floats in a slice.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// A row-major matrix without gaps.
    ///
    /// # Panics
    /// If the slice has another length.
    pub(crate) fn new(data: &'a [f32], rows: usize, columns: usize) -> Self {
        assert_eq!(
            rows.checked_mul(columns),
            Some(data.len()),
            "a matrix of {rows} x {columns}"
        );
        Self {
            data,
            rows,
            columns,
            row_stride: columns,
            column_stride: 1,
        }
    }

    /// Element (i, j) at `i * row_stride + j * column_stride`.
    ///
    /// # Panics
    /// If the last element is outside the slice.
    #[cfg(test)]
    pub(crate) fn with_strides(
        data: &'a [f32],
        (rows, columns): (usize, usize),
        (row_stride, column_stride): (usize, usize),
    ) -> Self {
        assert!(
            fits(data.len(), (rows, columns), (row_stride, column_stride)),
            "a matrix of {rows} x {columns}, strides {row_stride} and {column_stride}, in {} floats",
            data.len(),
        );
        Self {
            data,
            rows,
            columns,
            row_stride,
            column_stride,
        }
    }

    /// The transpose, without a copy.
    pub(crate) fn t(self) -> Self {
        Self {
            data: self.data,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }

    /// Whether each row is contiguous.
    fn row_major(&self) -> bool {
        self.column_stride == 1 || self.columns == 1
    }

    /// Whether each column is contiguous.
    fn column_major(&self) -> bool {
        self.row_stride == 1 || self.rows == 1
    }
}

/// Whether the last element of a matrix is among `len` floats.
fn fits(len: usize, size: (usize, usize), strides: (usize, usize)) -> bool {
    if size.0 == 0 || size.1 == 0 {
        return true;
    }
    let last = || {
        let row = (size.0 - 1).checked_mul(strides.0)?;
        row.checked_add((size.1 - 1).checked_mul(strides.1)?)
    };
    last().is_some_and(|last| last < len)
}

/// A product to compute: operands and what happens to `C`.
#[derive(Clone, Copy)]
pub(crate) struct Product<'a> {
    /// Left operand, (m, k).
    pub(crate) a: Matrix<'a>,
    /// Right operand, (k, n).
    pub(crate) b: Matrix<'a>,
    /// Adds to `C` instead of replacing it.
    pub(crate) accumulate: bool,
    /// Added to each row, n floats.
    pub(crate) bias: Option<&'a [f32]>,
    /// `max(0, ·)` at the end; NaN stays NaN.
    pub(crate) relu: bool,
}

impl<'a> Product<'a> {
    /// `C = A · B`.
    pub(crate) fn new(a: Matrix<'a>, b: Matrix<'a>) -> Self {
        Self {
            a,
            b,
            accumulate: false,
            bias: None,
            relu: false,
        }
    }

    /// Computes row-major `C`, with `c_stride` floats from row to row, on this thread.
    ///
    /// # Panics
    /// If the shapes do not fit together.
    pub(crate) fn run(&self, c: &mut [f32], c_stride: usize) {
        let Some(job) = self.job(c, c_stride) else {
            return;
        };
        simd::dispatch(&job);
    }

    /// As [`run`](Self::run), shared out to rayon's threads if that is worth it.
    pub(crate) fn run_parallel(&self, c: &mut [f32], c_stride: usize) {
        let Some(job) = self.job(c, c_stride) else {
            return;
        };
        if job.m * job.n * job.k < WORTH_THREADS {
            simd::dispatch(&job);
        } else if job.way() == Way::Packed {
            job.run_packed_parallel(simd::level());
        } else {
            job.run_parts_parallel(simd::level());
        }
    }

    /// Floats in `C`.
    pub(crate) fn len(&self) -> usize {
        self.a.rows * self.b.columns
    }

    /// Checks the shapes, once for all. `None` if there is nothing to write.
    fn job(&self, c: &mut [f32], c_stride: usize) -> Option<Job> {
        let (m, k, n) = (self.a.rows, self.a.columns, self.b.columns);
        assert_eq!(k, self.b.rows, "({m} x {k}) times ({} x {n})", self.b.rows);
        if let Some(bias) = self.bias {
            assert_eq!(bias.len(), n, "bias of a product with {n} columns");
        }
        if m == 0 || n == 0 {
            return None;
        }
        let fits = c_stride >= n && fits(c.len(), (m, n), (c_stride, 1));
        assert!(
            fits,
            "C of {m} x {n}, {c_stride} apart, in {} floats",
            c.len()
        );
        Some(Job {
            m,
            n,
            k,
            a: Operand::of(&self.a),
            b: Operand::of(&self.b),
            c: c.as_mut_ptr(),
            c_stride,
            accumulate: self.accumulate,
            bias: self.bias.map_or(std::ptr::null(), <[f32]>::as_ptr),
            relu: self.relu,
        })
    }
}

/// A [`Matrix`] whose size is known to the [`Job`].
#[derive(Clone, Copy)]
struct Operand {
    at: *const f32,
    row_stride: usize,
    column_stride: usize,
    row_major: bool,
    column_major: bool,
}

impl Operand {
    fn of(matrix: &Matrix<'_>) -> Self {
        Self {
            at: matrix.data.as_ptr(),
            row_stride: matrix.row_stride,
            column_stride: matrix.column_stride,
            row_major: matrix.row_major(),
            column_major: matrix.column_major(),
        }
    }

    /// The address of an element. It is valid if the element is inside the matrix.
    #[inline(always)]
    fn element(&self, row: usize, column: usize) -> *const f32 {
        self.at
            .wrapping_add(row * self.row_stride + column * self.column_stride)
    }

    fn t(self) -> Self {
        Self {
            at: self.at,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            row_major: self.column_major,
            column_major: self.row_major,
        }
    }
}

/// A product whose shapes have been checked: (m, k) times (k, n), m and n at least 1. All memory
/// it names is borrowed, `C` uniquely, for as long as it lives.
#[derive(Clone, Copy)]
struct Job {
    m: usize,
    n: usize,
    k: usize,
    a: Operand,
    b: Operand,
    c: *mut f32,
    c_stride: usize,
    accumulate: bool,
    bias: *const f32,
    relu: bool,
}

// SAFETY: stands for slices borrowed by `Product::run_parallel`, which outlive the parallel work;
// its tasks write disjoint parts of `C`.
unsafe impl Send for Job {}
// SAFETY: as above.
unsafe impl Sync for Job {}

/// How a product is computed; see the module's documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Steps,
    Rows,
    Turned,
    Packed,
}

/// Buffers a thread keeps for packed panels.
#[derive(Default)]
struct Buffers {
    a: AlignedVec,
    b: AlignedVec,
}

thread_local! {
    static BUFFERS: Cell<Buffers> = Cell::default();
    /// The packed `A` of a parallel product. Taken out while in use, since this thread may start
    /// another product while it waits for the tasks of the first.
    static SHARED: Cell<AlignedVec> = const { Cell::new(AlignedVec::empty()) };
}

impl Job {
    fn way(&self) -> Way {
        let small = self.m <= FEW_ROWS || self.n * self.k <= DEPTH * 16;
        let turnable = self.m > TOO_FEW_TO_TURN && self.m <= FEW_ROWS;
        if self.k == 0 {
            // Nothing is read; the tiles still write zeros, bias and ReLU.
            Way::Rows
        } else if self.a.row_major && self.b.row_major && small {
            Way::Steps
        } else if self.a.column_major && self.b.row_major && (self.k <= FEW_PRODUCTS || small) {
            Way::Rows
        } else if self.a.row_major && self.b.column_major && turnable {
            Way::Turned
        } else {
            Way::Packed
        }
    }

    /// The part of the product in the given rows and columns.
    fn part(&self, (row, rows): (usize, usize), (column, columns): (usize, usize)) -> Job {
        Job {
            m: rows,
            n: columns,
            a: Operand {
                at: self.a.element(row, 0),
                ..self.a
            },
            b: Operand {
                at: self.b.element(0, column),
                ..self.b
            },
            c: self.c.wrapping_add(row * self.c_stride + column),
            bias: if self.bias.is_null() {
                self.bias
            } else {
                self.bias.wrapping_add(column)
            },
            ..*self
        }
    }

    /// The bias from a column on; null stays null.
    #[inline(always)]
    fn bias_at(&self, column: usize) -> *const f32 {
        if self.bias.is_null() {
            self.bias
        } else {
            self.bias.wrapping_add(column)
        }
    }

    /// Tiles straight on `A` and `B`.
    ///
    /// # Safety
    /// As the contract of `Job` says; `A` must be contiguous in the direction of `kind`, `B` be
    /// row-major.
    #[inline(always)]
    unsafe fn run_direct<S: Simd>(&self, simd: S, kind: Kind) {
        let a_stride = match kind {
            Kind::Rows => self.a.column_stride,
            Kind::Steps => self.a.row_stride,
        };
        // From row to row of the tile.
        let a_row = self.a.row_stride;
        let vectors = self.n.div_ceil(S::LANES);
        let mut v = 0;
        while v < vectors {
            let take = vectors_for::<S>(vectors - v, self.m);
            let first = v * S::LANES;
            let parts = self.m.div_ceil(rows_of::<S>(take));
            let mut tile = Tile {
                kind,
                rows: 0,
                columns: (self.n - first).min(take * S::LANES),
                segments: 1,
                steps: self.k,
                a: self.a.at,
                a_stride,
                a_segment: 0,
                b: self.b.element(0, first),
                b_step: self.b.row_stride,
                b_segment: 0,
                c: self.c,
                c_stride: self.c_stride,
                accumulate: self.accumulate,
                bias: self.bias_at(first),
                relu: self.relu,
                repeat: Repeat::ONCE,
            };
            for part in 0..parts {
                let (start, rows) = even(self.m, parts, part);
                tile.rows = rows;
                tile.a = self.a.at.wrapping_add(start * a_row);
                tile.c = self.c.wrapping_add(start * self.c_stride + first);
                // SAFETY: the caller's promise.
                unsafe { tile.run(simd) };
            }
            v += take;
        }
    }

    /// `(Bᵀ · Aᵀ)ᵀ`, for few rows.
    #[inline(always)]
    fn run_turned<S: Simd>(&self, simd: S, buffers: &mut Buffers) {
        // Columns of `C` per block: a multiple of the lanes and of most tile heights.
        const BLOCK: usize = 224;
        let stride = self.m.next_multiple_of(S::LANES);
        let a = buffers.a.at_least(self.k * stride);
        // SAFETY: `a` has room for k rows of m floats.
        unsafe { copy(simd, self.a.t(), (self.k, self.m), a.as_mut_ptr(), stride) };
        let buffer = buffers.b.at_least(BLOCK * (stride + self.m));
        let (turned, straight) = buffer.split_at_mut(BLOCK * stride);
        // Taken once: each is written and read through the same pointer.
        let (turned, straight) = (turned.as_mut_ptr(), straight.as_mut_ptr());
        let turned_operand = Operand {
            at: turned,
            row_stride: stride,
            column_stride: 1,
            row_major: true,
            column_major: false,
        };
        let mut first = 0;
        while first < self.n {
            let columns = (self.n - first).min(BLOCK);
            let part = self.part((0, self.m), (first, columns));
            let product = Job {
                m: columns,
                n: self.m,
                k: self.k,
                a: part.b.t(),
                b: Operand {
                    at: a.as_ptr(),
                    ..turned_operand
                },
                c: turned,
                c_stride: stride,
                accumulate: false,
                bias: std::ptr::null(),
                relu: false,
            };
            // SAFETY: `B` is column-major, its transpose row-major; the buffers have room for
            // `columns` rows of `stride` floats, and as many the other way round.
            unsafe {
                product.run_direct(simd, Kind::Steps);
                let size = (self.m, columns);
                copy(simd, turned_operand.t(), size, straight, BLOCK);
                for row in 0..self.m {
                    let sums = straight.add(row * BLOCK);
                    part.finish_row(simd, sums, part.c.add(row * self.c_stride));
                }
            }
            first += columns;
        }
    }

    /// Writes one row of finished sums to `C`.
    ///
    /// # Safety
    /// `n` floats at both places.
    #[inline(always)]
    unsafe fn finish_row<S: Simd>(&self, simd: S, sums: *const f32, c: *mut f32) {
        let mut i = 0;
        while i < self.n {
            let lanes = simd.first((self.n - i).min(S::LANES));
            // SAFETY: the caller's promise; `bias` has `n` floats.
            unsafe {
                let mut x = simd.load_lanes(sums.add(i), lanes);
                if !self.bias.is_null() {
                    x = simd.add(x, simd.load_lanes(self.bias.add(i), lanes));
                }
                if self.accumulate {
                    x = simd.add(x, simd.load_lanes(c.add(i), lanes));
                }
                if self.relu {
                    x = simd.max(simd.zero(), x);
                }
                simd.store_lanes(c.add(i), x, lanes);
            }
            i += S::LANES;
        }
    }

    /// Packed panels, on this thread.
    #[inline(always)]
    fn run_packed<S: Simd>(&self, simd: S, buffers: &mut Buffers) {
        for block in self.blocks(BLOCK_ROWS) {
            let panels = block.panels::<S>();
            let a = buffers.a.at_least(block.packed_a_len::<S>());
            let b = buffers.b.at_least(block.packed_b_len::<S>(COLUMNS));
            for panel in 0..panels {
                // SAFETY: `a` has room for all panels.
                unsafe { block.pack_a(simd, panel, a.as_mut_ptr()) };
            }
            let mut first = 0;
            while first < block.n {
                let columns = (block.n - first).min(COLUMNS);
                // SAFETY: `a` was packed just now, `b` has room for the block.
                unsafe {
                    block.run_panels(simd, a, (0, panels), (first, columns), b);
                }
                first += columns;
            }
        }
    }

    /// The product in blocks of rows and of products, each to be computed after the one before.
    fn blocks(&self, rows: usize) -> impl Iterator<Item = Job> + use<> {
        let job = *self;
        let row_blocks = job.m.div_ceil(rows);
        let depth_blocks = job.k.div_ceil(BLOCK_DEPTH);
        (0..row_blocks).flat_map(move |row_block| {
            let part = job.part(even(job.m, row_blocks, row_block), (0, job.n));
            (0..depth_blocks).map(move |depth_block| {
                let start = depth_block * BLOCK_DEPTH;
                let last = depth_block + 1 == depth_blocks;
                Job {
                    k: (job.k - start).min(BLOCK_DEPTH),
                    a: Operand {
                        at: part.a.element(0, start),
                        ..part.a
                    },
                    b: Operand {
                        at: part.b.element(start, 0),
                        ..part.b
                    },
                    accumulate: part.accumulate || depth_block > 0,
                    bias: if last { part.bias } else { std::ptr::null() },
                    relu: part.relu && last,
                    ..part
                }
            })
        })
    }

    /// Panels of rows.
    #[inline(always)]
    fn panels<S: Simd>(&self) -> usize {
        self.m.div_ceil(rows_of::<S>(2))
    }

    #[inline(always)]
    fn packed_a_len<S: Simd>(&self) -> usize {
        self.panels::<S>() * rows_of::<S>(2) * self.k
    }

    /// Floats in a packed block of `B`, of so many columns at most.
    #[inline(always)]
    fn packed_b_len<S: Simd>(&self, columns: usize) -> usize {
        DEPTH.min(self.k) * columns.min(self.n).next_multiple_of(2 * S::LANES)
    }

    /// Packs one panel of `A`, as (depth block, panel, product, row).
    ///
    /// # Safety
    /// `to` must have room for all panels; no one else may write this one.
    #[inline(always)]
    unsafe fn pack_a<S: Simd>(&self, simd: S, panel: usize, to: *mut f32) {
        let (panels, height) = (self.panels::<S>(), rows_of::<S>(2));
        let (row, rows) = even(self.m, panels, panel);
        let mut start = 0;
        while start < self.k {
            let depth = (self.k - start).min(DEPTH);
            let from = Operand {
                at: self.a.element(row, start),
                ..self.a
            }
            .t();
            // SAFETY: inside the buffer and the matrix.
            unsafe {
                let to = to.add((start * panels + panel * depth) * height);
                copy(simd, from, (depth, rows), to, height);
            }
            start += depth;
        }
    }

    /// Computes the given panels of rows times the given columns.
    ///
    /// # Safety
    /// `a` must hold the panels, `b` have room for [`Job::packed_b_len`] floats; no one else may
    /// write that part of `C`.
    #[inline(always)]
    unsafe fn run_panels<S: Simd>(
        &self,
        simd: S,
        a: &[f32],
        (panel, panels): (usize, usize),
        (first, columns): (usize, usize),
        b: &mut [f32],
    ) {
        let (all_panels, height, width) = (self.panels::<S>(), rows_of::<S>(2), 2 * S::LANES);
        let strips = columns.div_ceil(width);
        let mut start = 0;
        while start < self.k {
            let depth = (self.k - start).min(DEPTH);
            let last = start + depth == self.k;
            // SAFETY: see the caller's promise; all elements are inside the matrices.
            unsafe {
                pack_b(
                    simd,
                    &self.b,
                    (start, depth),
                    (first, columns),
                    b.as_mut_ptr(),
                );
                let mut tile = Tile {
                    kind: Kind::Rows,
                    rows: 0,
                    columns: 0,
                    segments: 1,
                    steps: depth,
                    a: a.as_ptr(),
                    a_stride: height,
                    a_segment: 0,
                    b: b.as_ptr(),
                    b_step: width,
                    b_segment: 0,
                    c: self.c,
                    c_stride: self.c_stride,
                    accumulate: self.accumulate || start > 0,
                    bias: std::ptr::null(),
                    relu: self.relu && last,
                    repeat: Repeat::ONCE,
                };
                for panel in panel..panel + panels {
                    let (row, rows) = even(self.m, all_panels, panel);
                    tile.rows = rows;
                    tile.a = a
                        .as_ptr()
                        .add((start * all_panels + panel * depth) * height);
                    for strip in 0..strips {
                        let column = first + strip * width;
                        tile.columns = (columns - strip * width).min(width);
                        tile.b = b.as_ptr().add(strip * depth * width);
                        tile.c = self.c.add(row * self.c_stride + column);
                        if last {
                            tile.bias = self.bias_at(column);
                        }
                        tile.run(simd);
                    }
                }
            }
            start += depth;
        }
    }

    /// Tasks over blocks of `C`, for the ways that do not share anything.
    fn run_parts_parallel(&self, level: Level) {
        let columns = self.n.div_ceil(TASK_COLUMNS);
        let rows = self.m.div_ceil(SHARED_ROWS / 8);
        (0..rows * columns)
            .into_par_iter()
            .with_max_len(1)
            .for_each(|task| {
                let part = self.part(
                    even(self.m, rows, task / columns),
                    even(self.n, columns, task % columns),
                );
                // The way is that of the whole product: a part must not be summed in another order.
                simd::dispatch_at(
                    level,
                    OneWay {
                        job: &part,
                        way: self.way(),
                    },
                );
            });
    }

    /// Packed panels, `A` shared by tasks over blocks of `C`.
    fn run_packed_parallel(&self, level: Level) {
        for block in self.blocks(SHARED_ROWS) {
            let (panels, len) = simd::dispatch_at(level, PackedSize(&block));
            let mut shared = SHARED.take();
            let a = shared.at_least(len);
            let to = Shared(a.as_mut_ptr());
            (0..panels)
                .into_par_iter()
                .with_min_len(panels.div_ceil(16))
                .for_each(|panel| {
                    simd::dispatch_at(
                        level,
                        PackA {
                            job: &block,
                            panel,
                            to: &to,
                        },
                    );
                });
            let rows = panels.div_ceil(TASK_PANELS);
            let width = (block.n * rows)
                .div_ceil(TASKS)
                .next_multiple_of(2 * MAX_LANES);
            let width = width.min(TASK_COLUMNS);
            let columns = block.n.div_ceil(width);
            (0..rows * columns)
                .into_par_iter()
                .with_max_len(1)
                .for_each(|task| {
                    let first = task / rows * width;
                    simd::dispatch_at(
                        level,
                        Panels {
                            job: &block,
                            a,
                            panels: even(panels, rows, task % rows),
                            columns: (first, (block.n - first).min(width)),
                        },
                    );
                });
            SHARED.set(shared);
        }
    }
}

impl Vectorized for &Job {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        OneWay {
            job: self,
            way: self.way(),
        }
        .run(simd);
    }
}

/// A job, and the way to do it.
struct OneWay<'a> {
    job: &'a Job,
    way: Way,
}

impl Vectorized for OneWay<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let job = self.job;
        match self.way {
            // SAFETY: `Job::way` has looked at the strides.
            Way::Steps => unsafe { job.run_direct(simd, Kind::Steps) },
            // SAFETY: as above.
            Way::Rows => unsafe { job.run_direct(simd, Kind::Rows) },
            Way::Turned => {
                let mut buffers = BUFFERS.take();
                job.run_turned(simd, &mut buffers);
                BUFFERS.set(buffers);
            }
            Way::Packed => {
                let mut buffers = BUFFERS.take();
                job.run_packed(simd, &mut buffers);
                BUFFERS.set(buffers);
            }
        }
    }
}

/// Number of panels, and floats they take.
struct PackedSize<'a>(&'a Job);

impl Vectorized for PackedSize<'_> {
    type Output = (usize, usize);

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> (usize, usize) {
        (self.0.panels::<S>(), self.0.packed_a_len::<S>())
    }
}

/// A buffer in which each task writes its own part.
struct Shared(*mut f32);

// SAFETY: the parts are disjoint, and the buffer outlives the tasks.
unsafe impl Sync for Shared {}

/// Task: pack one panel of `A`.
struct PackA<'a> {
    job: &'a Job,
    panel: usize,
    to: &'a Shared,
}

impl Vectorized for PackA<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        // SAFETY: the buffer was sized by `PackedSize`; each panel is packed once.
        unsafe { self.job.pack_a(simd, self.panel, self.to.0) };
    }
}

/// Task: some panels times some columns.
struct Panels<'a> {
    job: &'a Job,
    a: &'a [f32],
    panels: (usize, usize),
    columns: (usize, usize),
}

impl Vectorized for Panels<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let mut buffers = BUFFERS.take();
        let b = buffers
            .b
            .at_least(self.job.packed_b_len::<S>(self.columns.1));
        // SAFETY: all of `A` has been packed; tasks write disjoint blocks of `C`.
        unsafe {
            self.job
                .run_panels(simd, self.a, self.panels, self.columns, b)
        };
        BUFFERS.set(buffers);
    }
}

/// Packs a block of `B`, as (strip of two vectors, product, column).
///
/// # Safety
/// The block must be inside `B`, and `to` have room for [`Job::packed_b_len`] floats.
#[inline(always)]
unsafe fn pack_b<S: Simd>(
    simd: S,
    b: &Operand,
    (start, depth): (usize, usize),
    (first, columns): (usize, usize),
    to: *mut f32,
) {
    let width = 2 * S::LANES;
    if b.row_major && columns % width == 0 {
        // Row by row, all strips at once: whole rows are what the memory prefetcher expects.
        for k in 0..depth {
            let from = b.element(start + k, first);
            let ahead = from.wrapping_add(6 * b.row_stride);
            for strip in 0..columns / width {
                simd.prefetch(ahead.wrapping_add(strip * width));
                simd.prefetch(ahead.wrapping_add(strip * width + width / 2));
                // SAFETY: the caller's promise.
                unsafe {
                    let from = from.add(strip * width);
                    let to = to.add((strip * depth + k) * width);
                    simd.store(to, simd.load(from));
                    simd.store(to.add(S::LANES), simd.load(from.add(S::LANES)));
                }
            }
        }
        return;
    }
    let mut column = 0;
    while column < columns {
        let from = Operand {
            at: b.element(start, first + column),
            ..*b
        };
        let size = (depth, (columns - column).min(width));
        // SAFETY: the caller's promise.
        unsafe { copy(simd, from, size, to.add(column * depth), width) };
        column += width;
    }
}

/// Copies a matrix of any strides to rows that are `to_stride` apart.
///
/// # Safety
/// Readable and writable for that size.
#[inline(always)]
unsafe fn copy<S: Simd>(
    simd: S,
    from: Operand,
    (rows, columns): (usize, usize),
    to: *mut f32,
    to_stride: usize,
) {
    // SAFETY: the caller's promise; all accesses are at elements of the matrix.
    unsafe {
        if from.row_major {
            let mut column = 0;
            while column < columns {
                let lanes = simd.first((columns - column).min(S::LANES));
                for row in 0..rows {
                    let x = simd.load_lanes(from.element(row, column), lanes);
                    simd.store_lanes(to.add(row * to_stride + column), x, lanes);
                }
                column += S::LANES;
            }
        } else if from.column_major {
            let mut column = 0;
            while column < columns {
                let width = (columns - column).min(S::LANES);
                let mut row = 0;
                while row < rows {
                    let size = (width, (rows - row).min(S::LANES));
                    let to = to.add(row * to_stride + column);
                    simd.transpose(
                        from.element(row, column),
                        from.column_stride,
                        size,
                        to,
                        to_stride,
                    );
                    row += S::LANES;
                }
                column += S::LANES;
            }
        } else {
            for row in 0..rows {
                for column in 0..columns {
                    *to.add(row * to_stride + column) = *from.element(row, column);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
