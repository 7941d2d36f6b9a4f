//! A function that is not linear.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Points of three numbers from -0.5 to 0.5, and whether an odd number of them is positive.
pub fn xor(samples: usize, seed: u64) -> (Vec<[f32; 3]>, Vec<usize>) {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    let point = |_| -> [f32; 3] { std::array::from_fn(|_| generator.gen_range(-0.5..0.5)) };
    let points: Vec<[f32; 3]> = (0..samples).map(point).collect();
    let is_odd = |p: &[f32; 3]| p.iter().filter(|&&v| v > 0.0).count() % 2;
    let labels = points.iter().map(is_odd).collect();
    (points, labels)
}
