//! The register tile: the one inner loop of matrix products and convolutions.
//!
//! A tile is `R` rows by `V` vectors of the output `C`, held in registers while it runs over
//! `segments` x `steps` products:
//!
//! ```text
//! C[i][..] = start + sum over segment, step of A(i; segment, step) * B(segment, step)[..]
//! ```
//!
//! `A` is read one float at a time and spread over a vector; `B` is read in whole vectors. There
//! are two kinds, by which index of `A` is contiguous:
//!
//! - [`Kind::Rows`]: rows lie side by side, as in a packed panel, in a transposed matrix, and in
//!   the kernel gradient of a convolution;
//! - [`Kind::Steps`]: steps lie side by side and rows are a stride apart, as in a row-major
//!   matrix, and in the forward pass of a channels-last convolution.
//!
//! Segments make a convolution a product without copying: the steps are one row of the kernel's
//! window (contiguous in a channels-last image), the segments are the rows of the window.

use super::simd::{Simd, Vectorized, last_lanes};

/// The most vectors in a row of a tile.
pub(super) const MAX_VECTORS: usize = 4;

/// Which index of `A` is contiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Row `i` at step `k` is `a[i + k * a_stride]`.
    Rows,
    /// Row `i` at step `k` is `a[i * a_stride + k]`.
    Steps,
}

/// Where a tile reads and writes. Strides count floats.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tile {
    pub(super) kind: Kind,
    /// Rows of the output, up to [`rows_of`] for the number of vectors.
    pub(super) rows: usize,
    /// Columns of the output, up to `MAX_VECTORS` vectors.
    pub(super) columns: usize,
    pub(super) segments: usize,
    pub(super) steps: usize,
    pub(super) a: *const f32,
    /// From step to step ([`Kind::Rows`]) or from row to row ([`Kind::Steps`]).
    pub(super) a_stride: usize,
    pub(super) a_segment: usize,
    pub(super) b: *const f32,
    pub(super) b_step: usize,
    pub(super) b_segment: usize,
    pub(super) c: *mut f32,
    pub(super) c_stride: usize,
    /// Adds to `C` instead of replacing it.
    pub(super) accumulate: bool,
    /// Added to each row of `C`; null for none.
    pub(super) bias: *const f32,
    pub(super) relu: bool,
    /// How often all this is done, with other operands each time.
    pub(super) repeat: Repeat,
}

/// Several products of one shape. Strides count floats.
#[derive(Clone, Copy, Debug)]
pub(super) struct Repeat {
    pub(super) times: usize,
    pub(super) a_next: usize,
    pub(super) b_next: usize,
    pub(super) c_next: usize,
}

impl Repeat {
    /// A single product.
    pub(super) const ONCE: Self = Self {
        times: 1,
        a_next: 0,
        b_next: 0,
        c_next: 0,
    };
}

/// The most rows of a tile with so many vectors.
#[inline(always)]
pub(super) fn rows_of<S: Simd>(vectors: usize) -> usize {
    S::TILE_ROWS[vectors - 1]
}

/// How many vectors to take next when `left` are left and there are `rows` rows in all.
///
/// A tile must have enough accumulators to hide the latency of a fused multiply-add (about ten),
/// and each broadcast should feed as many of them as possible; but a last tile of one vector
/// (three and one) would be bound by loads, so four vectors may be taken as two and two.
#[inline(always)]
pub(super) fn vectors_for<S: Simd>(left: usize, rows: usize) -> usize {
    if S::LANES < 16 {
        // With 16 registers two vectors are best; three of one row or two hide latency better.
        return match left {
            3 if rows <= rows_of::<S>(3) => 3,
            _ => left.min(2),
        };
    }
    match left {
        4 if rows > 8 => 2,
        4 => 4,
        left => left.min(3),
    }
}

/// Part `index` of `n` things cut into `parts` runs as even as possible: (start, length).
#[inline(always)]
pub(super) fn even(n: usize, parts: usize, index: usize) -> (usize, usize) {
    let (quotient, rest) = (n / parts, n % parts);
    (
        index * quotient + index.min(rest),
        quotient + usize::from(index < rest),
    )
}

impl Tile {
    /// Computes the tile.
    ///
    /// # Safety
    /// - `a` is readable at every (row, segment, step), `b` for `columns` floats at every
    ///   (segment, step), `bias`, if not null, for `columns` floats;
    /// - `c` is writable for `columns` floats in each row, and readable if `accumulate`;
    /// - the same for the operands of all products, if there are several;
    /// - nothing else writes any of them meanwhile, and `c` overlaps none of the others.
    #[inline(always)]
    pub(super) unsafe fn run<S: Simd>(&self, simd: S) {
        let vectors = self.columns.div_ceil(S::LANES);
        debug_assert!((1..=MAX_VECTORS).contains(&vectors));
        debug_assert!((1..=rows_of::<S>(vectors)).contains(&self.rows));
        macro_rules! call {
            ($vectors:literal: $($rows:literal)*) => {
                match self.rows {
                    // Rows beyond `TILE_ROWS` do not occur, and are not compiled.
                    $($rows if $rows <= S::TILE_ROWS[$vectors - 1] => {
                        // SAFETY: the caller's promise.
                        unsafe { self.outline::<S, $rows, $vectors>(simd) }
                    })*
                    rows => unreachable!("a tile of {rows} rows and {} vectors", $vectors),
                }
            };
        }
        match vectors {
            1 => call!(1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14),
            2 => call!(2: 1 2 3 4 5 6 7 8 9 10 11 12),
            3 => call!(3: 1 2 3 4 5 6 7 8),
            _ => call!(4: 1 2 3 4 5 6),
        }
    }

    /// Computes an output of any size, tile by tile.
    ///
    /// # Safety
    /// As [`run`](Self::run), for all rows and columns.
    #[inline(always)]
    pub(super) unsafe fn run_in_parts<S: Simd>(&self, simd: S) {
        let vectors = self.columns.div_ceil(S::LANES);
        let row = match self.kind {
            Kind::Rows => 1,
            Kind::Steps => self.a_stride,
        };
        let mut v = 0;
        while v < vectors {
            let take = vectors_for::<S>(vectors - v, self.rows);
            let first = v * S::LANES;
            let parts = self.rows.div_ceil(rows_of::<S>(take));
            let mut tile = Tile {
                columns: (self.columns - first).min(take * S::LANES),
                b: self.b.wrapping_add(first),
                bias: match self.bias.is_null() {
                    true => self.bias,
                    false => self.bias.wrapping_add(first),
                },
                ..*self
            };
            for part in 0..parts {
                let (start, rows) = even(self.rows, parts, part);
                tile.rows = rows;
                tile.a = self.a.wrapping_add(start * row);
                tile.c = self.c.wrapping_add(start * self.c_stride + first);
                // SAFETY: the caller's promise.
                unsafe { tile.run(simd) };
            }
            v += take;
        }
    }

    /// Computes a tile of [`Kind::Rows`]. Meanwhile it asks for memory that has nothing to do with it: one line at each
    /// step, which need not be a valid address. Many at once would be dropped.
    ///
    /// # Safety
    /// As [`Tile::run`].
    #[inline(always)]
    pub(super) unsafe fn run_ahead<S: Simd>(&self, simd: S, ahead: Ahead) {
        debug_assert_eq!(self.kind, Kind::Rows);
        macro_rules! call {
            ($($rows:literal)*) => {
                match self.rows {
                    // As in `run`.
                    $($rows if $rows <= S::TILE_ROWS[1] => {
                        simd.vectorize(RowsTile::<$rows, 2, Ahead>(self, ahead))
                    })*
                    rows => unreachable!("a tile of {rows} rows and 2 vectors"),
                }
            };
        }
        match self.columns.div_ceil(S::LANES) {
            2 => call!(1 2 3 4 5 6 7 8 9 10 11 12),
            // Only the last tile of a row of tiles is narrower.
            // SAFETY: the caller's promise.
            _ => unsafe { self.run(simd) },
        }
    }

    /// One function per shape, shared by all callers: they are large, and slow to compile.
    ///
    /// # Safety
    /// As [`Tile::run`].
    #[inline(always)]
    unsafe fn outline<S: Simd, const R: usize, const V: usize>(&self, simd: S) {
        match self.kind {
            Kind::Rows => simd.vectorize(RowsTile::<R, V, Nothing>(self, Nothing)),
            Kind::Steps => simd.vectorize(StepsTile::<R, V>(self)),
        }
    }

    /// Where the operands of a product begin.
    #[inline(always)]
    fn operands(&self, product: usize) -> (*const f32, *const f32, *mut f32) {
        (
            self.a.wrapping_add(product * self.repeat.a_next),
            self.b.wrapping_add(product * self.repeat.b_next),
            self.c.wrapping_add(product * self.repeat.c_next),
        )
    }

    /// # Safety
    /// As [`Tile::run`].
    #[inline(always)]
    unsafe fn finish<S: Simd, const R: usize, const V: usize>(
        &self,
        simd: S,
        mut tile: [[S::Vector; V]; R],
        c: *mut f32,
    ) {
        let last = simd.first(last_lanes(self.columns, S::LANES));
        if !self.bias.is_null() {
            for v in 0..V {
                // SAFETY: the caller's promise.
                let bias = unsafe { load(simd, self.bias, v, V, last) };
                for row in &mut tile {
                    row[v] = simd.add(row[v], bias);
                }
            }
        }
        if self.accumulate {
            for (i, row) in tile.iter_mut().enumerate() {
                for (v, x) in row.iter_mut().enumerate() {
                    // SAFETY: the caller's promise.
                    let old = unsafe { load(simd, c.add(i * self.c_stride), v, V, last) };
                    *x = simd.add(*x, old);
                }
            }
        }
        if self.relu {
            let zero = simd.zero();
            for row in &mut tile {
                for x in row {
                    // In this order NaN stays NaN.
                    *x = simd.max(zero, *x);
                }
            }
        }
        for (i, row) in tile.iter().enumerate() {
            for (v, &x) in row.iter().enumerate() {
                // SAFETY: the caller's promise.
                unsafe {
                    let to = c.add(i * self.c_stride + v * S::LANES);
                    if v + 1 < V {
                        simd.store(to, x)
                    } else {
                        simd.store_lanes(to, x, last)
                    }
                }
            }
        }
    }
}

/// Vector `v` of `V`, the last one only in its lanes.
///
/// # Safety
/// Readable so far.
#[inline(always)]
unsafe fn load<S: Simd>(
    simd: S,
    from: *const f32,
    v: usize,
    vectors: usize,
    last: S::Lanes,
) -> S::Vector {
    // SAFETY: the caller's promise.
    unsafe {
        let from = from.add(v * S::LANES);
        if v + 1 < vectors {
            simd.load(from)
        } else {
            simd.load_lanes(from, last)
        }
    }
}

/// What a tile asks for while it runs.
trait Asks {
    /// At each step.
    fn step<S: Simd>(&mut self, simd: S);
}

/// Nothing.
struct Nothing;

impl Asks for Nothing {
    #[inline(always)]
    fn step<S: Simd>(&mut self, _: S) {}
}

/// Memory that will be used soon.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ahead {
    pub(super) at: *const f32,
    /// From step to step.
    pub(super) stride: usize,
}

impl Ahead {
    /// After some steps.
    #[inline(always)]
    pub(super) fn from(self, step: usize) -> Self {
        Self {
            at: self.at.wrapping_add(step * self.stride),
            ..self
        }
    }
}

impl Asks for Ahead {
    #[inline(always)]
    fn step<S: Simd>(&mut self, simd: S) {
        simd.prefetch(self.at);
        self.at = self.at.wrapping_add(self.stride);
    }
}

/// [`Kind::Rows`]. Only made by [`Tile`], whose safety contract it relies on.
struct RowsTile<'a, const R: usize, const V: usize, A>(&'a Tile, A);

impl<const R: usize, const V: usize, A: Asks> Vectorized for RowsTile<'_, R, V, A> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let RowsTile(t, mut asks) = self;
        let last = simd.first(last_lanes(t.columns, S::LANES));
        for product in 0..t.repeat.times {
            let mut tile = [[simd.zero(); V]; R];
            let (a, b, c) = t.operands(product);
            for segment in 0..t.segments {
                let mut a = a.wrapping_add(segment * t.a_segment);
                let mut b = b.wrapping_add(segment * t.b_segment);
                for _ in 0..t.steps {
                    // SAFETY: the contract of `Tile::run`.
                    unsafe {
                        let mut vectors = [simd.zero(); V];
                        for (v, vector) in vectors.iter_mut().enumerate() {
                            *vector = load(simd, b, v, V, last);
                        }
                        for (i, row) in tile.iter_mut().enumerate() {
                            let x = simd.splat(*a.add(i));
                            for v in 0..V {
                                row[v] = simd.mul_add(x, vectors[v], row[v]);
                            }
                        }
                    }
                    a = a.wrapping_add(t.a_stride);
                    b = b.wrapping_add(t.b_step);
                    asks.step(simd);
                }
            }
            // SAFETY: the contract of `Tile::run`.
            unsafe { t.finish(simd, tile, c) };
        }
    }
}

/// [`Kind::Steps`]. Only made by [`Tile::outline`], whose safety contract it relies on.
struct StepsTile<'a, const R: usize, const V: usize>(&'a Tile);

impl<const R: usize, const V: usize> Vectorized for StepsTile<'_, R, V> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let t = self.0;
        let last = simd.first(last_lanes(t.columns, S::LANES));
        for product in 0..t.repeat.times {
            let mut tile = [[simd.zero(); V]; R];
            let (a, b, c) = t.operands(product);
            for segment in 0..t.segments {
                let a = a.wrapping_add(segment * t.a_segment);
                let mut b = b.wrapping_add(segment * t.b_segment);
                // One pointer per five rows; the others are reached from it by the addressing modes
                // base + stride * {1, 2, 4} and base + (3 * stride).
                let mut bases = [a; 3];
                for (g, base) in bases.iter_mut().enumerate() {
                    *base = base.wrapping_add(5 * g * t.a_stride);
                }
                for _ in 0..t.steps {
                    // Left alone, the optimiser keeps one pointer per row, and spills them.
                    let stride = opaque(t.a_stride * size_of::<f32>());
                    let triple = opaque(t.a_stride * 3 * size_of::<f32>());
                    // SAFETY: the contract of `Tile::run`.
                    unsafe {
                        let mut vectors = [simd.zero(); V];
                        for (v, vector) in vectors.iter_mut().enumerate() {
                            *vector = load(simd, b, v, V, last);
                        }
                        for (i, row) in tile.iter_mut().enumerate() {
                            let base = bases[i / 5];
                            let from = match i % 5 {
                                3 => base.wrapping_byte_add(triple),
                                n => base.wrapping_byte_add(n * stride),
                            };
                            let x = simd.splat(*from);
                            for v in 0..V {
                                row[v] = simd.mul_add(x, vectors[v], row[v]);
                            }
                        }
                    }
                    for base in &mut bases {
                        *base = base.wrapping_add(1);
                    }
                    b = b.wrapping_add(t.b_step);
                }
            }
            // SAFETY: the contract of `Tile::run`.
            unsafe { t.finish(simd, tile, c) };
        }
    }
}

/// A value the optimiser knows nothing about. Costs no instruction.
#[inline(always)]
pub(super) fn opaque(value: usize) -> usize {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        let mut value = value;
        // SAFETY: no instruction at all.
        unsafe {
            std::arch::asm!(
                "/* {0} */", inout(reg) value, options(pure, nomem, nostack, preserves_flags)
            );
        }
        value
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    value
}
