//! Random samples and labels.

use addax::training::Sample;

/// Marsaglia's xorshift with 64 bits: the same numbers in every run.
#[derive(Debug)]
pub struct Random(u64);

impl Default for Random {
    fn default() -> Self {
        Random(0x9E37_79B9_7F4A_7C15)
    }
}

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// From 0 up to, but not including, `end`.
    pub fn below(&mut self, end: usize) -> usize {
        ((self.bits() >> 11) % end as u64) as usize
    }

    /// From 0 up to, but not including, 1.
    pub fn uniform(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1_u64 << 24) as f32
    }

    /// Standard normal, as the sum of twelve uniform numbers.
    pub fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.uniform()).sum::<f32>() - 6.0
    }
}

/// A sample that is drawn number by number.
pub trait Draw: Sample {
    /// A sample of what `next` gives.
    fn draw(next: &mut dyn FnMut() -> f32) -> Self;
}

impl Draw for f32 {
    fn draw(next: &mut dyn FnMut() -> f32) -> f32 {
        next()
    }
}

impl<T: Draw, const N: usize> Draw for [T; N]
where
    [T; N]: Sample,
{
    fn draw(next: &mut dyn FnMut() -> f32) -> Self {
        std::array::from_fn(|_| T::draw(next))
    }
}

/// What samples and labels are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Standard normal numbers, and classes that have nothing to do with them.
    Noise,
    /// Bits, and whether their sum is odd.
    Parity,
}

impl Kind {
    /// Random samples.
    pub fn samples<X: Draw>(self, count: usize, random: &mut Random) -> Vec<X> {
        let mut next = || match self {
            Kind::Noise => random.normal(),
            Kind::Parity => random.below(2) as f32,
        };
        (0..count).map(|_| X::draw(&mut next)).collect()
    }

    /// The classes of `samples`.
    pub fn labels<X: Sample>(self, samples: &[X], classes: usize, random: &mut Random) -> Vec<u16> {
        let label = |sample: &X| match self {
            Kind::Noise => random.below(classes) as u16,
            Kind::Parity => {
                let bits = X::flatten(std::slice::from_ref(sample));
                bits.iter().sum::<f32>() as u16 % 2
            }
        };
        samples.iter().map(label).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_standard_normal() {
        let samples: Vec<[f32; 4]> = Kind::Noise.samples(10_000, &mut Random::default());
        let numbers = samples.as_flattened();
        let mean = |values: &mut dyn Iterator<Item = f32>| values.sum::<f32>() / 40_000.0;
        assert!(mean(&mut numbers.iter().copied()).abs() < 0.02);
        assert!((mean(&mut numbers.iter().map(|n| n * n)) - 1.0).abs() < 0.03);
    }

    #[test]
    fn labels_are_parities_or_any_class() {
        let mut random = Random::default();
        let bits = [[0.0, 1.0, 1.0], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]];
        assert_eq!(Kind::Parity.labels(&bits, 2, &mut random), [0, 1, 0]);
        let mut classes = Kind::Noise.labels(&[[0.0]; 1000], 5, &mut random);
        classes.sort_unstable();
        classes.dedup();
        assert_eq!(classes, [0, 1, 2, 3, 4]);
    }
}
