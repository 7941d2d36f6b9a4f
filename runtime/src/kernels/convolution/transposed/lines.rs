//! The forward pass of a transposed convolution with few filters, one row of the output at a time.
//!
//! A vector of filters would be nearly empty. But with a stride `s`, `s` neighbours in a row of the output belong to the
//! same pixel of the input and the ones before it: together they are a *cell* of `s` times as many floats, and a row of
//! the output is a row of cells. There are two ways to fill vectors with them:
//!
//! - *cells*: the lanes are the floats of one cell, the rows of a [tile](super::super::super::tile) neighbouring cells;
//! - *planes*: the lanes are neighbouring cells, the rows of a tile the floats of a cell. The image is turned for that,
//!   so that a channel of a row is contiguous, and so is each row of sums afterwards.
//!
//! Either way a row is put together in a line of its own, since the first and the last cell may be cut off.

use super::super::{Convolution, Phase, padded};
use crate::kernels::simd::{MAX_LANES, Simd, Vectorized};
use crate::kernels::tile::{Kind, Repeat, Tile, even, rows_of, vectors_for};
use crate::kernels::transpose::transpose_with;

/// What the lanes of a vector are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lanes {
    /// Floats of a cell.
    Cells,
    /// Neighbouring cells.
    Planes,
}

/// The shapes of a row of cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lines {
    lanes: Lanes,
    /// Cells in a row of the output.
    cells: usize,
    /// Floats in a cell.
    cell: usize,
    /// Pixels of a row of the input that reach a cell.
    reach: usize,
}

/// The forward pass of one sample.
pub(super) struct Forward<'a> {
    pub(super) lines: Lines,
    pub(super) mirror: &'a Convolution,
    pub(super) x: &'a [f32],
    /// What [`Lines::pack`] fills.
    pub(super) packed: &'a [f32],
    pub(super) relu: bool,
    pub(super) y: &'a mut [f32],
    /// [`Lines::scratch_len`] floats. What they hold does not matter.
    pub(super) scratch: &'a mut [f32],
}

impl Lines {
    /// The better way for these shapes, if one is better than a vector of filters.
    pub(super) const fn of(mirror: &Convolution) -> Option<Self> {
        let (stride, padding) = (mirror.strides.1, mirror.padding.1);
        let lines = Self {
            lanes: Lanes::Cells,
            cells: (mirror.input.1 - 1 + padding) / stride - padding / stride + 1,
            cell: stride * mirror.channels,
            reach: mirror.kernel.1.div_ceil(stride),
        };
        let Self {
            cells, cell, reach, ..
        } = lines;
        // Products of vectors for one row, one channel and one row of the kernel, and what lines cost on top.
        let filters = 8 * mirror.kernel.1 * mirror.channels.div_ceil(MAX_LANES) * cells;
        let of_cells = 9 * reach * cell.div_ceil(MAX_LANES) * cells;
        let of_planes = 10 * reach * cell * cells.div_ceil(MAX_LANES);
        if of_planes < of_cells && of_planes < filters {
            Some(Self {
                lanes: Lanes::Planes,
                ..lines
            })
        } else if of_cells < filters {
            Some(lines)
        } else {
            None
        }
    }

    /// Floats in the buffer that [`pack`](Self::pack) fills: the bias of a cell, then the weights.
    pub(super) const fn packed_len(&self, mirror: &Convolution) -> usize {
        padded(self.cell) + mirror.kernel.0 * self.row_len(mirror)
    }

    /// Floats in the weights of one row of the kernel.
    const fn row_len(&self, mirror: &Convolution) -> usize {
        mirror.filters * self.reach * self.row()
    }

    /// Floats in the weights that one float of the image is multiplied with.
    const fn row(&self) -> usize {
        match self.lanes {
            Lanes::Cells => padded(self.cell),
            Lanes::Planes => self.cell,
        }
    }

    /// Floats of scratch memory: the image with zeros left and right, the sums of one row, and the row.
    pub(super) const fn scratch_len(&self, mirror: &Convolution) -> usize {
        let (height, width) = mirror.bordered_output();
        height * width * mirror.filters + self.sums_len() + self.cells * self.cell
    }

    const fn sums_len(&self) -> usize {
        match self.lanes {
            Lanes::Cells => 0,
            Lanes::Planes => self.cell * self.cells,
        }
    }

    /// Lays bias and weights out. Weights are (residue of the output row, tap row, ..): for cells (.., tap column,
    /// channel, float of the cell), for planes (.., channel, tap column, float of the cell). Taps are in the order in which
    /// the image is read, which is from the last to the first.
    pub(super) fn pack(
        &self,
        mirror: &Convolution,
        kernel: &[f32],
        bias: Option<&[f32]>,
        packed: &mut [f32],
    ) {
        packed.fill(0.0);
        let (to, weights) = packed.split_at_mut(padded(self.cell));
        if let Some(bias) = bias {
            for to in to[..self.cell].chunks_exact_mut(mirror.channels) {
                to.copy_from_slice(bias);
            }
        }
        let (filters, channels) = (mirror.channels, mirror.filters);
        let mut before = 0;
        for residue in 0..mirror.strides.0 {
            let taps = mirror.phase(0, residue).taps;
            for tap_row in 0..taps {
                let row = residue + mirror.strides.0 * (taps - 1 - tap_row);
                let to = &mut weights[(before + tap_row) * self.row_len(mirror)..];
                for column in 0..mirror.kernel.1 {
                    let tap = self.reach - 1 - column / mirror.strides.1;
                    let float = column % mirror.strides.1 * filters;
                    let from = (row * mirror.kernel.1 + column) * filters;
                    for c in 0..channels {
                        let place = match self.lanes {
                            Lanes::Cells => tap * channels + c,
                            Lanes::Planes => c * self.reach + tap,
                        };
                        let to = &mut to[place * self.row() + float..][..filters];
                        for (f, to) in to.iter_mut().enumerate() {
                            *to = kernel[(from + f) * channels + c];
                        }
                    }
                }
            }
            before += taps;
        }
    }
}

/// Which rows of the image a row of the output is made of, and which of the weights go with them.
struct Rows {
    image: usize,
    weights: usize,
    count: usize,
}

impl Forward<'_> {
    /// Copies the image between zeros left and right, turned for planes.
    #[inline(always)]
    fn copy_image<S: Simd>(&mut self, simd: S) {
        let (height, width) = self.mirror.output;
        let channels = self.mirror.filters;
        let border = self.mirror.gradient_border().1;
        let wide = self.mirror.bordered_output().1;
        // A plane is a row of one channel.
        let (planes, step) = match self.lines.lanes {
            Lanes::Cells => (1, channels),
            Lanes::Planes => (channels, 1),
        };
        let image = &mut self.scratch[..height * wide * channels];
        for row in image.chunks_exact_mut(wide * step) {
            row[..border * step].fill(0.0);
            row[(border + width) * step..].fill(0.0);
        }
        let rows = image.chunks_exact_mut(planes * wide * step);
        for (to, from) in rows.zip(self.x.chunks_exact(width * channels)) {
            let to = &mut to[border * step..];
            match self.lines.lanes {
                Lanes::Cells => to[..from.len()].copy_from_slice(from),
                Lanes::Planes => {
                    transpose_with(simd, (from, channels), (width, channels), (to, wide));
                }
            }
        }
    }

    /// The cells of one row of the output, one after the other, in the last part of the scratch memory.
    #[inline(always)]
    fn line<S: Simd>(&mut self, simd: S, rows: Rows) {
        let (mirror, lines) = (self.mirror, self.lines);
        let channels = mirror.filters;
        let (height, wide) = mirror.bordered_output();
        let (image, rest) = self.scratch.split_at_mut(height * wide * channels);
        let (sums, line) = rest.split_at_mut(lines.sums_len());
        let (bias, weights) = self.packed.split_at(padded(lines.cell));
        // The first pixel that reaches the first cell.
        let first = mirror.padding.1 / mirror.strides.1 + mirror.gradient_border().1 + 1;
        let first = first - lines.reach;
        let weights = weights[rows.weights * lines.row_len(mirror)..].as_ptr();
        let image = image[rows.image * wide * channels..].as_ptr();
        let cells = Tile {
            kind: Kind::Steps,
            rows: 0,
            columns: 0,
            segments: rows.count,
            steps: lines.reach * channels,
            a: image.wrapping_add(first * channels),
            a_stride: channels,
            a_segment: wide * channels,
            b: weights,
            b_step: lines.row(),
            b_segment: lines.row_len(mirror),
            c: line.as_mut_ptr(),
            c_stride: lines.cell,
            accumulate: false,
            bias: bias.as_ptr(),
            relu: self.relu,
            repeat: Repeat::ONCE,
        };
        match lines.lanes {
            // SAFETY: the image is read up to its last pixel, which reaches the last cell; `line` has room for all cells.
            Lanes::Cells => unsafe { run(simd, &cells, lines.cells, lines.cell) },
            Lanes::Planes => {
                for (sums, bias) in sums.chunks_exact_mut(lines.cells).zip(bias) {
                    sums.fill(*bias);
                }
                let planes = Tile {
                    kind: Kind::Rows,
                    segments: rows.count * channels,
                    steps: lines.reach,
                    a: weights,
                    a_stride: lines.cell,
                    a_segment: lines.reach * lines.cell,
                    b: image.wrapping_add(first),
                    b_step: 1,
                    b_segment: wide,
                    c: sums.as_mut_ptr(),
                    c_stride: lines.cells,
                    accumulate: true,
                    bias: std::ptr::null(),
                    ..cells
                };
                // SAFETY: as above; `sums` has a row of all cells for each float of a cell.
                unsafe { run(simd, &planes, lines.cell, lines.cells) };
                transpose_with(
                    simd,
                    (sums, lines.cells),
                    (lines.cell, lines.cells),
                    (line, lines.cell),
                );
            }
        }
    }
}

impl Vectorized for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        self.copy_image(simd);
        let (mirror, lines) = (self.mirror, self.lines);
        let border = mirror.gradient_border().0;
        let row_len = mirror.input.1 * mirror.channels;
        let cut = mirror.padding.1 % mirror.strides.1 * mirror.channels;
        let line = self.scratch.len() - lines.cells * lines.cell;
        let mut before = 0;
        for residue in 0..mirror.strides.0 {
            let Phase {
                taps,
                first,
                count,
                from,
            } = mirror.phase(0, residue);
            for i in 0..count {
                // The taps that fall on rows of the image, and not above or below.
                let skipped = border.saturating_sub(from + i);
                let image = (from + i + skipped).saturating_sub(border);
                let left = mirror.output.0.saturating_sub(image);
                let rows = Rows {
                    image: image.min(mirror.output.0),
                    weights: before + skipped.min(taps),
                    count: taps.saturating_sub(skipped).min(left),
                };
                self.line(simd, rows);
                let y = (first + i * mirror.strides.0) * row_len;
                self.y[y..][..row_len].copy_from_slice(&self.scratch[line + cut..][..row_len]);
            }
            before += taps;
        }
    }
}

/// Covers `rows` rows of `columns` floats with tiles. `all` says where the first of them stands.
///
/// # Safety
/// As for [`Tile::run`], for a tile of that size.
#[inline(always)]
unsafe fn run<S: Simd>(simd: S, all: &Tile, rows: usize, columns: usize) {
    let vectors = columns.div_ceil(S::LANES);
    let a_row = match all.kind {
        Kind::Rows => 1,
        Kind::Steps => all.a_stride,
    };
    let mut v = 0;
    while v < vectors {
        let take = vectors_for::<S>(vectors - v, rows);
        let first = v * S::LANES;
        let parts = rows.div_ceil(rows_of::<S>(take));
        for part in 0..parts {
            let (start, rows) = even(rows, parts, part);
            let tile = Tile {
                rows,
                columns: (columns - first).min(take * S::LANES),
                a: all.a.wrapping_add(start * a_row),
                b: all.b.wrapping_add(first),
                c: all.c.wrapping_add(start * all.c_stride + first),
                bias: if all.bias.is_null() {
                    all.bias
                } else {
                    all.bias.wrapping_add(first)
                },
                ..*all
            };
            // SAFETY: the caller's promise.
            unsafe { tile.run(simd) };
        }
        v += take;
    }
}
