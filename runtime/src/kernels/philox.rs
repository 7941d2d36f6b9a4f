//! Random numbers that are a function of their position: Philox4x32-10, and dropout on top.
//!
//! Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3". A generator with a state
//! would make a dropout mask depend on how a batch is split over threads; here element `i` of a
//! layer in a step always gets the same number, whoever computes it, and nothing is stored for
//! the backward pass.

use super::simd::{self, Simd, Vectorized};

/// Rounds, of which seven already pass the known tests.
const ROUNDS: usize = 10;
/// Blocks of four words that are computed side by side, for the compiler to vectorise.
const WIDTH: usize = 16;

/// The random words of `WIDTH` counters, words first.
#[inline(always)]
fn blocks(mut x: [[u32; WIDTH]; 4], mut key: [u32; 2]) -> [[u32; WIDTH]; 4] {
    for _ in 0..ROUNDS {
        let mut next = x;
        for i in 0..WIDTH {
            let a = u64::from(x[0][i]) * 0xd251_1f53;
            let b = u64::from(x[2][i]) * 0xcd9e_8d57;
            next[0][i] = (b >> 32) as u32 ^ x[1][i] ^ key[0];
            next[1][i] = b as u32;
            next[2][i] = (a >> 32) as u32 ^ x[3][i] ^ key[1];
            next[3][i] = a as u32;
        }
        x = next;
        key[0] = key[0].wrapping_add(0x9e37_79b9);
        key[1] = key[1].wrapping_add(0xbb67_ae85);
    }
    x
}

/// The mask of one dropout layer in one training step.
///
/// An element is dropped with probability `rate`; what stays is scaled by `1 / (1 - rate)`. The
/// random word of element `i` depends on `(seed, step, layer, i)` only, where `i` counts over
/// the whole batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dropout {
    /// Seed of the training.
    pub(crate) seed: u64,
    /// Number of the training step.
    pub(crate) step: u32,
    /// Number of the layer.
    pub(crate) layer: u32,
    /// Share that is dropped, `0.0..=1.0`.
    pub(crate) rate: f32,
}

impl Dropout {
    /// Applies the mask in place: to the input in the forward pass, and to the gradient in the
    /// backward pass. `first` is the index of the first element in the batch.
    pub(crate) fn apply(&self, first: u64, values: &mut [f32]) {
        assert!(
            (0.0..=1.0).contains(&self.rate),
            "a dropout rate of {}",
            self.rate
        );
        if self.rate >= 1.0 {
            // 1 / (1 - rate) is infinite.
            values.fill(0.0);
        } else if self.rate > 0.0 {
            simd::dispatch(Apply {
                dropout: self,
                first,
                values,
            });
        }
    }

    /// Words below this are dropped.
    fn threshold(&self) -> u32 {
        // `rate` is below 1, so this is below 2^32.
        (f64::from(self.rate) * 4_294_967_296.0) as u32
    }

    /// The words of elements `4 * block` to `4 * (block + WIDTH)`.
    #[inline(always)]
    fn words(&self, block: u64) -> [[u32; 4]; WIDTH] {
        let mut counter = [
            [0; WIDTH],
            [0; WIDTH],
            [self.layer; WIDTH],
            [self.step; WIDTH],
        ];
        let [low, high, ..] = &mut counter;
        for (i, (low, high)) in low.iter_mut().zip(high).enumerate() {
            let block = block.wrapping_add(i as u64);
            (*low, *high) = (block as u32, (block >> 32) as u32);
        }
        let words = blocks(counter, [self.seed as u32, (self.seed >> 32) as u32]);
        let mut turned = [[0; 4]; WIDTH];
        for (i, turned) in turned.iter_mut().enumerate() {
            *turned = [words[0][i], words[1][i], words[2][i], words[3][i]];
        }
        turned
    }
}

struct Apply<'a> {
    dropout: &'a Dropout,
    first: u64,
    values: &'a mut [f32],
}

impl Vectorized for Apply<'_> {
    type Output = ();

    // No vector types here: whole numbers in arrays, which the compiler vectorises with the
    // instructions of the function this is inlined into.
    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let threshold = self.dropout.threshold();
        let factor = 1.0 / (1.0 - self.dropout.rate);
        // Words before the first one that is used, if it is not the first of its block.
        let mut skip = (self.first % 4) as usize;
        let mut block = self.first / 4;
        let mut values = self.values;
        while !values.is_empty() {
            let words = self.dropout.words(block);
            let words = words.as_flattened();
            let (now, rest) = values.split_at_mut(values.len().min(4 * WIDTH - skip));
            for (value, &word) in now.iter_mut().zip(&words[skip..]) {
                // Not a product with zero, which would keep NaN and infinity.
                *value = if word >= threshold {
                    *value * factor
                } else {
                    0.0
                };
            }
            values = rest;
            block += WIDTH as u64;
            skip = 0;
        }
    }
}

#[cfg(test)]
mod tests;
