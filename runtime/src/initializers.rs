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
/// Lecun: LeCun et al. 1998. Orthogonal: Saxe et al. 2013.
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
    /// Columns of length 1 at right angles to each other, or rows where those are fewer; all axes but the last count as
    /// one. Suits recurrent kernels: what goes through it many times neither grows nor fades.
    Orthogonal,
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
            Initializer::Orthogonal => orthogonal(count, shape.last(), generator),
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

/// A matrix of `count` normal numbers, made orthogonal: `Q` of its QR decomposition, with the signs for which the diagonal of
/// `R` is positive, as Keras takes it. The steps of Gram and Schmidt give just that.
fn orthogonal(count: usize, columns: usize, generator: &mut impl Rng) -> Vec<f32> {
    let rows = count.checked_div(columns).unwrap_or(0);
    let (length, vectors) = (rows.max(columns), rows.min(columns));
    let standard = rand_distr::StandardNormal;
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(vectors);
    while basis.len() < vectors {
        let drawn = (0..length).map(|_| standard.sample(generator));
        let mut vector: Vec<f64> = drawn.collect();
        // What the first round leaves of the others by rounding, the second takes out.
        for _ in 0..2 {
            for other in &basis {
                let share = dot(other, &vector);
                for (x, other) in vector.iter_mut().zip(other) {
                    *x -= share * other;
                }
            }
        }
        let norm = dot(&vector, &vector).sqrt();
        // Never so small, unless the numbers drawn lie in the plane of the others.
        if norm > 1e-9 {
            vector.iter_mut().for_each(|x| *x /= norm);
            basis.push(vector);
        }
    }
    let mut values = vec![0.0; count];
    for (i, vector) in basis.iter().enumerate() {
        for (j, &x) in vector.iter().enumerate() {
            let (row, column) = if rows < columns { (i, j) } else { (j, i) };
            values[row * columns + column] = x as f32;
        }
    }
    values
}

/// The sum of the products, in eight sums that a compiler turns into vectors.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for i in 0..8 {
            sums[i] += a[i] * b[i];
        }
    }
    let rest = a_rest.iter().zip(b_rest).map(|(a, b)| a * b);
    sums.into_iter().chain(rest).sum()
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
    fn orthogonal_values_are_orthogonal() {
        for dims in [[64, 256], [256, 64], [7, 7], [1, 5], [5, 1], [40, 33]] {
            let [rows, columns] = dims;
            let generator = &mut ChaCha8Rng::seed_from_u64(3);
            let values = Initializer::Orthogonal.values(Shape::new(dims), generator);
            let number = |vector: usize, i: usize| {
                f64::from(if rows < columns {
                    values[vector * columns + i]
                } else {
                    values[i * columns + vector]
                })
            };
            for a in 0..rows.min(columns) {
                for b in 0..=a {
                    let product = |i| number(a, i) * number(b, i);
                    let product: f64 = (0..rows.max(columns)).map(product).sum();
                    let expected = f64::from(u8::from(a == b));
                    assert!(
                        (product - expected).abs() < 1e-6,
                        "{dims:?}: {a} and {b}: {product}"
                    );
                }
            }
        }
    }

    /// The sign matters: without it, the first vector would not point where its normal numbers do.
    #[test]
    fn the_first_orthogonal_vector_is_its_normal_numbers_scaled() {
        let (mut generator, mut again) =
            (ChaCha8Rng::seed_from_u64(9), ChaCha8Rng::seed_from_u64(9));
        let values = Initializer::Orthogonal.values(Shape::new([4, 9]), &mut generator);
        let drawn: Vec<f64> = (0..9)
            .map(|_| rand_distr::StandardNormal.sample(&mut again))
            .collect();
        let norm = dot(&drawn, &drawn).sqrt();
        for (value, drawn) in values.iter().zip(&drawn) {
            assert!((f64::from(*value) - drawn / norm).abs() < 1e-6);
        }
    }

    #[test]
    fn an_orthogonal_kernel_of_four_axes_is_one_matrix() {
        let shape = Shape::new([3, 3, 2, 4]);
        let values = Initializer::Orthogonal.values(shape, &mut ChaCha8Rng::seed_from_u64(1));
        for column in 0..4 {
            let length: f32 = values.iter().skip(column).step_by(4).map(|v| v * v).sum();
            assert!((length - 1.0).abs() < 1e-5);
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
