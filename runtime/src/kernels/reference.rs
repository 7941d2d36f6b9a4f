//! What the kernels compute, from the definitions: plain loops in double precision, for tests.

use super::convolution::Convolution;
use super::pooling::Pooling;

/// The rounding error of one operation in single precision, relative to its result.
const UNIT: f64 = 1.0 / (1 << 24) as f64;

/// A sum of products, and how far from it a sum in single precision may be, whatever its order.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    pub(super) value: f64,
    /// The sum of the sizes of all terms.
    size: f64,
    terms: usize,
}

impl Sum {
    /// Adds `a * b`.
    pub(super) fn add_product(&mut self, a: f32, b: f32) {
        let product = f64::from(a) * f64::from(b);
        self.value += product;
        self.size += product.abs();
        self.terms += 1;
    }

    /// Adds `x`.
    pub(super) fn add(&mut self, x: f32) {
        self.add_product(x, 1.0);
    }

    /// The sum as a maximum with zero, which is no less exact.
    pub(super) fn relu(&mut self) {
        if self.value < 0.0 {
            self.value = 0.0;
        }
    }

    /// Each term is rounded once as a product and once for each sum it goes through (Higham 2002, section 3.1).
    fn bound(&self) -> f64 {
        1.01 * UNIT * (self.terms + 1) as f64 * self.size
    }
}

/// Fails, naming the first bad index, unless each number is what rounding can make of its sum.
#[track_caller]
pub(super) fn assert_sums(got: &[f32], want: &[Sum], what: &str) {
    assert_eq!(got.len(), want.len(), "{what}: length");
    for (i, (&got, want)) in got.iter().zip(want).enumerate() {
        let difference = (f64::from(got) - want.value).abs();
        // Written this way round so that NaN fails.
        let close = difference <= want.bound();
        assert!(
            close,
            "{what}: at {i} got {got}, want {} (off by {difference:e})",
            want.value
        );
    }
}

/// The same for numbers that are made of the terms of their neighbours as well: each may be as far off as any, and more
/// often rounded.
#[track_caller]
pub(super) fn assert_sums_of_neighbours(got: &[f32], want: &[Sum], what: &str) {
    assert_eq!(got.len(), want.len(), "{what}: length");
    let bound = want.iter().map(Sum::bound).fold(0.0, f64::max);
    for (i, (&got, want)) in got.iter().zip(want).enumerate() {
        let difference = (f64::from(got) - want.value).abs();
        assert!(
            difference <= 4.0 * bound,
            "{what}: at {i} got {got}, want {} (off by {difference:e})",
            want.value
        );
    }
}

/// (m, k) times (k, n), row by row.
pub(super) fn product(
    (m, k, n): (usize, usize, usize),
    a: impl Fn(usize, usize) -> f32,
    b: impl Fn(usize, usize) -> f32,
) -> Vec<Sum> {
    let mut out = vec![Sum::default(); m * n];
    for i in 0..m {
        for step in 0..k {
            let a = a(i, step);
            for j in 0..n {
                out[i * n + j].add_product(a, b(step, j));
            }
        }
    }
    out
}

/// Calls `visit(weight, input, output)` for each product that a convolution is made of.
pub(super) fn convolution_terms(
    conv: &Convolution,
    rows: usize,
    mut visit: impl FnMut(usize, usize, usize),
) {
    let Convolution {
        input,
        output,
        kernel,
        strides,
        padding,
        channels,
        filters,
    } = *conv;
    for pixel in 0..rows * output.0 * output.1 {
        let (sample, row) = (pixel / (output.0 * output.1), pixel / output.1 % output.0);
        let column = pixel % output.1;
        for tap in 0..kernel.0 * kernel.1 {
            let (i, j) = (tap / kernel.1, tap % kernel.1);
            let y = (row * strides.0 + i).checked_sub(padding.0);
            let x = (column * strides.1 + j).checked_sub(padding.1);
            let (Some(y), Some(x)) = (y, x) else { continue };
            if y >= input.0 || x >= input.1 {
                continue;
            }
            for c in 0..channels {
                let from = ((sample * input.0 + y) * input.1 + x) * channels + c;
                for f in 0..filters {
                    let weight = (tap * channels + c) * filters + f;
                    visit(weight, from, pixel * filters + f);
                }
            }
        }
    }
}

/// Calls `visit(output, inputs of its window)` for each number that comes out of a pooling of one sample.
pub(super) fn pooling_windows(pooling: &Pooling, mut visit: impl FnMut(usize, &[usize])) {
    let Pooling {
        input,
        output,
        pool,
        strides,
        padding,
        channels,
    } = *pooling;
    for at in 0..output.0 * output.1 * channels {
        let (row, column) = (at / channels / output.1, at / channels % output.1);
        let mut inside = vec![];
        for i in 0..pool.0 {
            for j in 0..pool.1 {
                let y = (row * strides.0 + i).checked_sub(padding.0);
                let x = (column * strides.1 + j).checked_sub(padding.1);
                let (Some(y), Some(x)) = (y, x) else { continue };
                if y < input.0 && x < input.1 {
                    inside.push((y * input.1 + x) * channels + at % channels);
                }
            }
        }
        visit(at, &inside);
    }
}

/// Philox4x32-10 as in the paper (Salmon et al. 2011, section 3.3): four words of a counter, two of a key.
pub(super) fn philox(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    // The high and the low half of a product.
    let halves = |a: u32, b: u32| {
        let product = u64::from(a) * u64::from(b);
        ((product >> 32) as u32, product as u32)
    };
    let mut x = counter;
    for round in 0..10_u32 {
        let key = [
            key[0].wrapping_add(round.wrapping_mul(0x9E37_79B9)),
            key[1].wrapping_add(round.wrapping_mul(0xBB67_AE85)),
        ];
        let (high_0, low_0) = halves(0xD251_1F53, x[0]);
        let (high_1, low_1) = halves(0xCD9E_8D57, x[2]);
        x = [high_1 ^ x[1] ^ key[0], low_1, high_0 ^ x[3] ^ key[1], low_0];
    }
    x
}
