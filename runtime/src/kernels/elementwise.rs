//! Activations and other arithmetic on whole slices, in place.
//!
//! `x` is what goes in, `y` what comes out; `*_backward` turn the gradient of `y` into that of
//! `x`, in place on `dy`, from `y` alone: `dx = dy * f'(x)`, written with `y`. Softmax works on
//! rows of a row-major matrix. Slices that go together must have the same length.

use super::functions::{self, Function};
use super::simd::{self, Simd, Vectorized};
use rayon::prelude::*;

/// `x` becomes `max(0, x)`; NaN stays NaN.
pub(crate) fn relu(x: &mut [f32]) {
    map(x, Relu);
}

/// `x` becomes `tanh(x)`.
pub(crate) fn tanh(x: &mut [f32]) {
    map(x, Tanh);
}

/// `x` becomes `1 / (1 + e^-x)`.
pub(crate) fn sigmoid(x: &mut [f32]) {
    map(x, Sigmoid);
}

/// `dy` stays where `y > 0` and becomes zero elsewhere.
pub(crate) fn relu_backward(y: &[f32], dy: &mut [f32]) {
    zip(dy, y, ReluBackward);
}

/// `dy` becomes `dy * (1 - y^2)`.
pub(crate) fn tanh_backward(y: &[f32], dy: &mut [f32]) {
    zip(dy, y, TanhBackward);
}

/// `dy` becomes `dy * y * (1 - y)`.
pub(crate) fn sigmoid_backward(y: &[f32], dy: &mut [f32]) {
    zip(dy, y, SigmoidBackward);
}

/// `y += x`.
pub(crate) fn add(x: &[f32], y: &mut [f32]) {
    zip(y, x, Add);
}

/// `y += a * x`.
pub(crate) fn axpy(a: f32, x: &[f32], y: &mut [f32]) {
    zip(y, x, Axpy(a));
}

/// Floats that one task of [`are_finite`] and [`copy`] looks at: both wait for memory, and one core alone does not get all
/// of its bandwidth.
const TASK: usize = 128 * 1024;

/// Whether no number is NaN or infinite.
pub(crate) fn are_finite(x: &[f32]) -> bool {
    let are_finite = |x| simd::dispatch(AreFinite(x));
    if x.len() <= TASK {
        return are_finite(x);
    }
    x.par_chunks(TASK).all(are_finite)
}

/// `y = x`, on all threads if there is much to copy.
pub(crate) fn copy(x: &[f32], y: &mut [f32]) {
    assert_eq!(x.len(), y.len());
    if x.len() <= TASK {
        return y.copy_from_slice(x);
    }
    let parts = y.par_chunks_mut(TASK).zip(x.par_chunks(TASK));
    parts.for_each(|(y, x)| y.copy_from_slice(x));
}

/// Each row of `columns` floats becomes its softmax, `e^x / sum(e^x)`, computed from `x - max(x)`
/// so that nothing overflows.
pub(crate) fn softmax(x: &mut [f32], columns: usize) {
    assert!(
        columns > 0 && x.len().is_multiple_of(columns),
        "rows of {columns}"
    );
    simd::dispatch(Softmax { x, columns });
}

/// `dy` becomes `y * (dy - sum(dy * y))`, row by row.
pub(crate) fn softmax_backward(y: &[f32], dy: &mut [f32], columns: usize) {
    assert_eq!(y.len(), dy.len());
    assert!(
        columns > 0 && y.len().is_multiple_of(columns),
        "rows of {columns}"
    );
    simd::dispatch(SoftmaxBackward { y, dy, columns });
}

/// Adds each row of `x` to `sums`, whose length is that of a row: the gradient of a bias.
pub(crate) fn sum_columns(x: &[f32], sums: &mut [f32]) {
    let columns = sums.len();
    assert!(
        columns > 0 && x.len().is_multiple_of(columns),
        "rows of {columns}"
    );
    simd::dispatch(SumColumns {
        x,
        columns,
        first: 0,
        sums,
    });
}

/// Columns that one task of [`take_column_sums`] looks at.
const TASK_COLUMNS: usize = 256;

/// The sum of each column, on all threads if there is much to add: `take` is given some sums, from the given one on, and
/// each once.
pub(crate) fn take_column_sums(x: &[f32], columns: usize, take: &(dyn Fn(usize, &[f32]) + Sync)) {
    assert!(
        columns > 0 && x.len().is_multiple_of(columns),
        "rows of {columns}"
    );
    let task = |task: usize| {
        let first = task * TASK_COLUMNS;
        let mut sums = [0.0; TASK_COLUMNS];
        let sums = &mut sums[..TASK_COLUMNS.min(columns - first)];
        simd::dispatch(SumColumns {
            x,
            columns,
            first,
            sums,
        });
        take(first, sums);
    };
    let tasks = columns.div_ceil(TASK_COLUMNS);
    if x.len() <= TASK {
        (0..tasks).for_each(task);
    } else {
        (0..tasks).into_par_iter().for_each(task);
    }
}

/// A function of one vector. A trait and not a closure, see [`super::simd`].
trait Map: Copy {
    fn map<S: Simd>(self, simd: S, x: S::Vector) -> S::Vector;
}

/// A function of two vectors, the first of which it replaces.
trait Zip: Copy {
    fn zip<S: Simd>(self, simd: S, y: S::Vector, x: S::Vector) -> S::Vector;
}

fn map<F: Map>(x: &mut [f32], function: F) {
    simd::dispatch(MapSlice { x, function });
}

fn zip<F: Zip>(y: &mut [f32], x: &[f32], function: F) {
    assert_eq!(x.len(), y.len());
    simd::dispatch(ZipSlices { y, x, function });
}

/// Defines functions of one vector (`x`) or two (`y`, `x`).
macro_rules! functions {
    ($(
        $trait:ident::$method:ident $name:ident $(($($field:ident),+))? =
            |$simd:ident, $($x:ident),+| $body:expr;
    )+) => {$(
        #[derive(Clone, Copy)]
        struct $name $(($(functions!(@type $field)),+))?;

        impl $trait for $name {
            #[inline(always)]
            fn $method<S: Simd>(self, $simd: S, $($x: S::Vector),+) -> S::Vector {
                $(let Self($($field),+) = self;)?
                $body
            }
        }
    )+};
    (@type $field:ident) => { f32 };
}

functions! {
    Map::map Relu = |s, x| Function::Relu.forward(s, [x])[0];
    Map::map Tanh = |s, x| Function::Tanh.forward(s, [x])[0];
    Map::map Sigmoid = |s, x| Function::Sigmoid.forward(s, [x])[0];
    Map::map Scale(factor) = |s, x| s.mul(s.splat(factor), x);
    Zip::zip ReluBackward = |s, dy, y| Function::Relu.backward(s, y, dy);
    Zip::zip TanhBackward = |s, dy, y| Function::Tanh.backward(s, y, dy);
    Zip::zip SigmoidBackward = |s, dy, y| Function::Sigmoid.backward(s, y, dy);
    Zip::zip Add = |s, y, x| s.add(y, x);
    Zip::zip Axpy(a) = |s, y, x| s.mul_add(s.splat(a), x, y);
}

struct AreFinite<'a>(&'a [f32]);

impl Vectorized for AreFinite<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> bool {
        // Zero times a number is zero, unless the number is NaN or infinite; NaN stays in the sums.
        let mut sums = [simd.zero(); 4];
        let mut blocks = self.0.chunks_exact(4 * S::LANES);
        for block in &mut blocks {
            for (v, sum) in sums.iter_mut().enumerate() {
                // SAFETY: four vectors.
                let x = unsafe { simd.load(block.as_ptr().add(v * S::LANES)) };
                *sum = simd.mul_add(x, simd.zero(), *sum);
            }
        }
        let sum = simd.add(simd.add(sums[0], sums[1]), simd.add(sums[2], sums[3]));
        simd.sum(sum) == 0.0 && blocks.remainder().iter().all(|x| x.is_finite())
    }
}

struct MapSlice<'a, F> {
    x: &'a mut [f32],
    function: F,
}

impl<F: Map> Vectorized for MapSlice<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for part in self.x.chunks_mut(S::LANES) {
            let lanes = simd.first(part.len());
            // SAFETY: as many lanes as floats.
            unsafe {
                let x = simd.load_lanes(part.as_ptr(), lanes);
                simd.store_lanes(part.as_mut_ptr(), self.function.map(simd, x), lanes);
            }
        }
    }
}

struct ZipSlices<'a, F> {
    y: &'a mut [f32],
    x: &'a [f32],
    function: F,
}

impl<F: Zip> Vectorized for ZipSlices<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for (y, x) in self.y.chunks_mut(S::LANES).zip(self.x.chunks(S::LANES)) {
            let lanes = simd.first(y.len());
            // SAFETY: as many lanes as floats; the slices have the same length.
            unsafe {
                let x = simd.load_lanes(x.as_ptr(), lanes);
                let new = self
                    .function
                    .zip(simd, simd.load_lanes(y.as_ptr(), lanes), x);
                simd.store_lanes(y.as_mut_ptr(), new, lanes);
            }
        }
    }
}

struct Softmax<'a> {
    x: &'a mut [f32],
    columns: usize,
}

impl Vectorized for Softmax<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let lowest = simd.splat(f32::NEG_INFINITY);
        for row in self.x.chunks_exact_mut(self.columns) {
            let mut greatest = lowest;
            for part in row.chunks(S::LANES) {
                let lanes = simd.first(part.len());
                // SAFETY: as many lanes as floats.
                let x = unsafe { simd.load_lanes(part.as_ptr(), lanes) };
                greatest = simd.max(greatest, simd.select_lanes(lanes, x, lowest));
            }
            // A NaN may be lost here, but its own exponential keeps it in the sum.
            let greatest = simd.splat(simd.maximum(greatest));
            let mut sum = simd.zero();
            for part in row.chunks_mut(S::LANES) {
                let lanes = simd.first(part.len());
                // SAFETY: as many lanes as floats.
                unsafe {
                    let x = simd.load_lanes(part.as_ptr(), lanes);
                    let e = functions::exp(simd, simd.sub(x, greatest));
                    sum = simd.add(sum, simd.select_lanes(lanes, e, simd.zero()));
                    simd.store_lanes(part.as_mut_ptr(), e, lanes);
                }
            }
            MapSlice {
                x: row,
                function: Scale(1.0 / simd.sum(sum)),
            }
            .run(simd);
        }
    }
}

struct SoftmaxBackward<'a> {
    y: &'a [f32],
    dy: &'a mut [f32],
    columns: usize,
}

impl Vectorized for SoftmaxBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let rows = self
            .dy
            .chunks_exact_mut(self.columns)
            .zip(self.y.chunks_exact(self.columns));
        for (dy, y) in rows {
            let mut sum = simd.zero();
            for (dy, y) in dy.chunks(S::LANES).zip(y.chunks(S::LANES)) {
                let lanes = simd.first(dy.len());
                // SAFETY: as many lanes as floats; other lanes are zero and do not count.
                unsafe {
                    let dy = simd.load_lanes(dy.as_ptr(), lanes);
                    sum = simd.mul_add(dy, simd.load_lanes(y.as_ptr(), lanes), sum);
                }
            }
            let function = SubtractThenMultiply(simd.sum(sum));
            ZipSlices {
                y: dy,
                x: y,
                function,
            }
            .run(simd);
        }
    }
}

functions! {
    Zip::zip SubtractThenMultiply(sum) = |s, dy, y| s.mul(y, s.sub(dy, s.splat(sum)));
}

struct SumColumns<'a> {
    x: &'a [f32],
    columns: usize,
    /// The column of the first sum.
    first: usize,
    sums: &'a mut [f32],
}

impl Vectorized for SumColumns<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        // Four vectors at a time: each row's cache lines are then read whole, and the sums stay
        // in registers while the rows go by.
        for (block, sums) in self.sums.chunks_mut(4 * S::LANES).enumerate() {
            let first = self.first + block * 4 * S::LANES;
            let mut totals = [simd.zero(); 4];
            let lanes: [S::Lanes; 4] = [
                simd.first(sums.len().min(S::LANES)),
                simd.first(sums.len().saturating_sub(S::LANES).min(S::LANES)),
                simd.first(sums.len().saturating_sub(2 * S::LANES).min(S::LANES)),
                simd.first(sums.len().saturating_sub(3 * S::LANES).min(S::LANES)),
            ];
            let vectors = sums.len().div_ceil(S::LANES);
            for row in self.x.chunks_exact(self.columns) {
                let row = &row[first..first + sums.len()];
                for v in 0..4 {
                    if v < vectors {
                        // SAFETY: the lanes are those of this block of the row.
                        let x =
                            unsafe { simd.load_lanes(row.as_ptr().add(v * S::LANES), lanes[v]) };
                        totals[v] = simd.add(totals[v], x);
                    }
                }
            }
            for v in 0..vectors {
                // SAFETY: as above.
                unsafe {
                    let at = sums.as_mut_ptr().add(v * S::LANES);
                    let sum = simd.add(simd.load_lanes(at, lanes[v]), totals[v]);
                    simd.store_lanes(at, sum, lanes[v]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
