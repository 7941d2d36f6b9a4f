//! Where the first values of a parameter come from: Keras' initializers.
//!
//! In `network!` an initializer is a word: `Dense(64, kernel_initializer = he_uniform)`.

use crate::shape::Shape;
use rand::Rng;
use rand_distr::{Distribution, Uniform};

/// The distribution that a parameter's first values are drawn from.
///
/// `fan_in` and `fan_out` are the numbers of inputs and outputs that one weight connects: the two dimensions of a
/// `Dense` kernel; for a convolution, channels times the size of the window.
///
/// # Source
/// Same formulas and defaults as `keras.initializers`. Glorot: Glorot and Bengio 2010. He: He et al. 2015.
/// Lecun: LeCun et al. 1998.
///
/// ```
/// use addax::initializers::Initializer;
/// use addax::shape::Shape;
/// use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
///
/// let mut generator = ChaCha8Rng::seed_from_u64(1);
/// let kernel = Initializer::GlorotUniform.values(Shape::new([3, 5]), &mut generator);
/// let limit = (6.0_f32 / 8.0).sqrt();
/// assert!(kernel.iter().all(|w| w.abs() <= limit));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Initializer {
    /// All 0.
    Zeros,
    /// All 1.
    Ones,
    /// All the same number.
    Constant(f32),
    /// Uniform between -0.05 and 0.05.
    RandomUniform,
    /// Normal with standard deviation 0.05.
    RandomNormal,
    /// Uniform between ±√(6 / (fan_in + fan_out)).
    GlorotUniform,
    /// Normal, cut at two deviations, variance 2 / (fan_in + fan_out).
    GlorotNormal,
    /// Uniform between ±√(6 / fan_in). Suits `relu`.
    HeUniform,
    /// Normal, cut at two deviations, variance 2 / fan_in. Suits `relu`.
    HeNormal,
    /// Uniform between ±√(3 / fan_in).
    LecunUniform,
    /// Normal, cut at two deviations, variance 1 / fan_in.
    LecunNormal,
}

/// The standard deviation of a standard normal that is cut at ±2.
const CUT_NORMAL_DEVIATION: f64 = 0.879_625_661_034_239_8;

impl Initializer {
    /// Values for a parameter of this shape.
    pub fn values(self, shape: Shape, generator: &mut impl Rng) -> Vec<f32> {
        let (fan_in, fan_out) = fans(shape);
        let count = shape.size();
        let uniform = |limit: f64, generator: &mut _| {
            let distribution = Uniform::new_inclusive(-limit, limit);
            draw(count, generator, |g| distribution.sample(g))
        };
        match self {
            Initializer::Zeros => vec![0.0; count],
            Initializer::Ones => vec![1.0; count],
            Initializer::Constant(value) => vec![value; count],
            Initializer::RandomUniform => uniform(0.05, generator),
            Initializer::RandomNormal => normal(count, 0.05, generator),
            Initializer::GlorotUniform => uniform((6.0 / (fan_in + fan_out)).sqrt(), generator),
            Initializer::GlorotNormal => {
                cut_normal(count, (2.0 / (fan_in + fan_out)).sqrt(), generator)
            }
            Initializer::HeUniform => uniform((6.0 / fan_in).sqrt(), generator),
            Initializer::HeNormal => cut_normal(count, (2.0 / fan_in).sqrt(), generator),
            Initializer::LecunUniform => uniform((3.0 / fan_in).sqrt(), generator),
            Initializer::LecunNormal => cut_normal(count, (1.0 / fan_in).sqrt(), generator),
        }
    }
}

fn draw<G: Rng>(
    count: usize,
    generator: &mut G,
    mut sample: impl FnMut(&mut G) -> f64,
) -> Vec<f32> {
    (0..count).map(|_| sample(generator) as f32).collect()
}

fn normal(count: usize, deviation: f64, generator: &mut impl Rng) -> Vec<f32> {
    let standard = rand_distr::StandardNormal;
    draw(count, generator, |g| {
        let z: f64 = standard.sample(g);
        z * deviation
    })
}

/// Normal values that lie within two deviations of 0, spread so that their own deviation is `deviation`.
fn cut_normal(count: usize, deviation: f64, generator: &mut impl Rng) -> Vec<f32> {
    let standard = rand_distr::StandardNormal;
    draw(count, generator, |g| {
        loop {
            let z: f64 = standard.sample(g);
            if z.abs() <= 2.0 {
                return z * deviation / CUT_NORMAL_DEVIATION;
            }
        }
    })
}

/// How many inputs and outputs one weight connects, as Keras counts them; at least 1 each.
fn fans(shape: Shape) -> (f64, f64) {
    let (fan_in, fan_out) = match *shape.dims() {
        [] => (1, 1),
        [n] => (n, n),
        [n, m] => (n, m),
        [ref window @ .., n, m] => {
            let window: usize = window.iter().product();
            (window * n, window * m)
        }
    };
    (fan_in.max(1) as f64, fan_out.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

    fn statistics(initializer: Initializer, shape: Shape) -> (f64, f64, f64) {
        let values = initializer.values(shape, &mut ChaCha8Rng::seed_from_u64(7));
        let n = values.len() as f64;
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
        let variance = values
            .iter()
            .map(|&v| (f64::from(v) - mean).powi(2))
            .sum::<f64>()
            / n;
        let largest = values
            .iter()
            .fold(0.0_f64, |m, &v| m.max(f64::from(v).abs()));
        (mean, variance, largest)
    }

    #[test]
    fn fans_are_counted_as_keras_counts_them() {
        assert_eq!(fans(Shape::new([7])), (7.0, 7.0));
        assert_eq!(fans(Shape::new([7, 5])), (7.0, 5.0));
        assert_eq!(fans(Shape::new([3, 5, 4, 8])), (60.0, 120.0));
    }

    #[test]
    fn the_spread_is_the_formula_s() {
        // (initializer, variance) for a kernel of (200, 300)
        let cases = [
            (Initializer::GlorotUniform, 2.0_f64 / 500.0),
            (Initializer::GlorotNormal, 2.0 / 500.0),
            (Initializer::HeUniform, 2.0 / 200.0),
            (Initializer::HeNormal, 2.0 / 200.0),
            (Initializer::LecunUniform, 1.0 / 200.0),
            (Initializer::LecunNormal, 1.0 / 200.0),
            (Initializer::RandomNormal, 0.0025),
            (Initializer::RandomUniform, 0.1 * 0.1 / 12.0),
        ];
        for (initializer, expected) in cases {
            let (mean, variance, _) = statistics(initializer, Shape::new([200, 300]));
            assert!(
                mean.abs() < 0.01 * expected.sqrt() * 2.0,
                "{initializer:?}: mean {mean}"
            );
            assert!(
                (variance / expected - 1.0).abs() < 0.02,
                "{initializer:?}: variance {variance}, expected {expected}"
            );
        }
    }

    #[test]
    fn values_stay_inside_the_limits() {
        let (_, _, largest) = statistics(Initializer::GlorotUniform, Shape::new([200, 300]));
        assert!(largest <= (6.0_f64 / 500.0).sqrt());
        let (_, _, largest) = statistics(Initializer::HeNormal, Shape::new([200, 300]));
        assert!(largest <= 2.0 * (2.0_f64 / 200.0).sqrt() / CUT_NORMAL_DEVIATION + 1e-6);
    }
}
