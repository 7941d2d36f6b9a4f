//! Statistics over the rows of a `(rows, channels)` matrix, and normalisation with them.
//!
//! An image batch is such a matrix, with a row for each pixel of each sample. Sums run in single
//! precision over a few rows, around the mean of those rows, and in double precision over the
//! whole: the textbook `E[x^2] - E[x]^2` loses everything when the mean is large. The order of
//! the sums depends on the shape only.

use super::simd::{self, Simd, Vectorized};

/// Rows that are summed in single precision before they join the whole.
const CHUNK: usize = 64;

/// How many floats ahead of their use inputs are asked for: they were made long ago.
const AHEAD: usize = 1024;

/// Count, mean, and sum of squared deviations from the mean of each channel, as a run of numbers.
///
/// Parts of a batch may be gathered apart and [merged](Self::merge). Zeros are no rows yet.
#[derive(Debug)]
pub(crate) struct Moments<'a> {
    /// Rows so far.
    pub(crate) count: &'a mut f64,
    /// Mean of each channel.
    pub(crate) mean: &'a mut [f64],
    /// Sum of `(x - mean)^2` of each channel.
    pub(crate) squares: &'a mut [f64],
}

impl<'a> Moments<'a> {
    /// How many numbers they are.
    pub(crate) const fn len(channels: usize) -> usize {
        1 + 2 * channels
    }

    /// What these numbers say.
    ///
    /// # Panics
    /// If there are not as many as [`Moments::len`] says.
    pub(crate) fn of(numbers: &'a mut [f64], channels: usize) -> Self {
        assert_eq!(numbers.len(), Self::len(channels));
        let (count, rest) = numbers.split_at_mut(1);
        let (mean, squares) = rest.split_at_mut(channels);
        Self {
            count: &mut count[0],
            mean,
            squares,
        }
    }

    /// Adds the rows of `x`.
    pub(crate) fn update(&mut self, x: &[f32]) {
        let channels = self.mean.len();
        assert!(
            channels > 0 && x.len().is_multiple_of(channels),
            "rows of {channels}"
        );
        for rows in x.chunks(CHUNK * channels) {
            simd::dispatch(AddRows {
                moments: self,
                rows,
            });
            *self.count += (rows.len() / channels) as f64;
        }
    }

    /// Adds the rows that the `other` numbers are of.
    pub(crate) fn merge(&mut self, other: &[f64]) {
        let channels = self.mean.len();
        assert_eq!(other.len(), Self::len(channels));
        let (mean, squares) = other[1..].split_at(channels);
        for c in 0..channels {
            self.merge_channel(c, other[0], mean[c], squares[c]);
        }
        *self.count += other[0];
    }

    /// Variance of a channel over the rows (not the estimate for a larger population), as Keras
    /// normalises with.
    pub(crate) fn variance(&self, channel: usize) -> f64 {
        self.squares[channel] / self.count.max(1.0)
    }

    /// Chan, Golub and LeVeque 1979. Leaves `count` to the caller, who goes over all channels.
    #[inline(always)]
    fn merge_channel(&mut self, channel: usize, other: f64, mean: f64, squares: f64) {
        let mine = *self.count;
        if other > 0.0 {
            let all = mine + other;
            let difference = mean - self.mean[channel];
            // In this order the first part is taken over exactly.
            self.mean[channel] += difference * (other / all);
            self.squares[channel] += squares + difference * difference * mine * other / all;
        }
    }
}

/// One value per channel each: what a normalisation layer does to its input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Normalizer<'a> {
    /// Mean, subtracted.
    pub(crate) mean: &'a [f32],
    /// `1 / sqrt(variance + epsilon)`, multiplied.
    pub(crate) inverse_deviation: &'a [f32],
    /// Trainable scale; one if absent.
    pub(crate) gamma: Option<&'a [f32]>,
    /// Trainable shift; zero if absent.
    pub(crate) beta: Option<&'a [f32]>,
}

impl Normalizer<'_> {
    /// `y = (x - mean) * inverse_deviation * gamma + beta`.
    pub(crate) fn forward(&self, x: &[f32], y: &mut [f32]) {
        self.check(x);
        assert_eq!(x.len(), y.len());
        simd::dispatch(Forward {
            normalizer: self,
            x,
            y,
        });
    }

    /// Adds to the sums over all rows of `dy` (the gradient of `beta`) and of `dy * x_hat` (the
    /// gradient of `gamma`), where `x_hat = (x - mean) * inverse_deviation`.
    pub(crate) fn backward_sums(
        &self,
        x: &[f32],
        dy: &[f32],
        sum_dy: &mut [f64],
        sum_dy_x_hat: &mut [f64],
    ) {
        self.check(x);
        let channels = self.mean.len();
        assert_eq!(x.len(), dy.len());
        assert!(sum_dy.len() == channels && sum_dy_x_hat.len() == channels);
        for (x, dy) in x.chunks(CHUNK * channels).zip(dy.chunks(CHUNK * channels)) {
            simd::dispatch(BackwardSums {
                normalizer: self,
                x,
                dy,
                sum_dy,
                sum_dy_x_hat,
            });
        }
    }

    /// `dx` when mean and variance came from the batch itself:
    ///
    /// `dx = gamma * inverse_deviation * (dy - mean_dy - x_hat * mean_dy_x_hat)`
    ///
    /// with the means over all rows of the batch, of which `x` may be a part. With fixed
    /// statistics (inference) pass zeros.
    pub(crate) fn backward(
        &self,
        x: &[f32],
        dy: &[f32],
        (mean_dy, mean_dy_x_hat): (&[f32], &[f32]),
        dx: &mut [f32],
    ) {
        self.check(x);
        let channels = self.mean.len();
        assert!(x.len() == dy.len() && x.len() == dx.len());
        assert!(mean_dy.len() == channels && mean_dy_x_hat.len() == channels);
        simd::dispatch(Backward {
            normalizer: self,
            x,
            dy,
            mean_dy,
            mean_dy_x_hat,
            dx,
        });
    }

    fn check(&self, x: &[f32]) {
        let channels = self.mean.len();
        assert!(
            channels > 0 && x.len().is_multiple_of(channels),
            "rows of {channels}"
        );
        assert_eq!(self.inverse_deviation.len(), channels);
        assert!(self.gamma.is_none_or(|gamma| gamma.len() == channels));
        assert!(self.beta.is_none_or(|beta| beta.len() == channels));
    }
}

/// One vector of channels of a [`Normalizer`].
struct Constants<S: Simd> {
    lanes: S::Lanes,
    mean: S::Vector,
    inverse: S::Vector,
    /// `inverse * gamma`.
    scale: S::Vector,
    beta: S::Vector,
}

impl<S: Simd> Constants<S> {
    /// For the channels from `first` on, of which there must be one.
    #[inline(always)]
    fn new(simd: S, normalizer: &Normalizer<'_>, first: usize) -> Self {
        let lanes = simd.first((normalizer.mean.len() - first).min(S::LANES));
        // SAFETY: `Normalizer::check` has compared the lengths.
        unsafe {
            let mean = simd.load_lanes(normalizer.mean.as_ptr().add(first), lanes);
            let inverse = simd.load_lanes(normalizer.inverse_deviation.as_ptr().add(first), lanes);
            let scale = match normalizer.gamma {
                Some(gamma) => simd.mul(inverse, simd.load_lanes(gamma.as_ptr().add(first), lanes)),
                None => inverse,
            };
            let beta = match normalizer.beta {
                Some(beta) => simd.load_lanes(beta.as_ptr().add(first), lanes),
                None => simd.zero(),
            };
            Self {
                lanes,
                mean,
                inverse,
                scale,
                beta,
            }
        }
    }
}

/// Adds at most `CHUNK` rows to all channels.
struct AddRows<'a, 'm> {
    moments: &'a mut Moments<'m>,
    rows: &'a [f32],
}

impl Vectorized for AddRows<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let channels = self.moments.mean.len();
        let count = self.rows.len() / channels;
        let share = simd.splat(1.0 / count as f32);
        let mut first = 0;
        while first < channels {
            let n = (channels - first).min(S::LANES);
            let lanes = simd.first(n);
            let mut sum = simd.zero();
            for row in self.rows.chunks_exact(channels) {
                // SAFETY: lanes of the row.
                sum = simd.add(sum, unsafe {
                    simd.load_lanes(row.as_ptr().add(first), lanes)
                });
            }
            // Rounded, but any number near the mean will do: the rest is summed beside it.
            let near = simd.mul(sum, share);
            let (mut rest, mut squares) = (simd.zero(), simd.zero());
            for row in self.rows.chunks_exact(channels) {
                // SAFETY: lanes of the row.
                let x = unsafe { simd.load_lanes(row.as_ptr().add(first), lanes) };
                let difference = simd.sub(x, near);
                rest = simd.add(rest, difference);
                squares = simd.mul_add(difference, difference, squares);
            }
            let mut out = [[0.0f32; simd::MAX_LANES]; 3];
            for (out, vector) in out.iter_mut().zip([near, rest, squares]) {
                // SAFETY: room for the most lanes there are.
                unsafe { simd.store(out.as_mut_ptr(), vector) };
            }
            let [nears, rests, squares] = out;
            for (lane, ((near, rest), squares)) in nears
                .into_iter()
                .zip(rests)
                .zip(squares)
                .take(n)
                .enumerate()
            {
                let [near, rest, squares] = [near, rest, squares].map(f64::from);
                let shift = rest / count as f64;
                let squares = squares - rest * shift;
                self.moments
                    .merge_channel(first + lane, count as f64, near + shift, squares);
            }
            first += n;
        }
    }
}

struct Forward<'a> {
    normalizer: &'a Normalizer<'a>,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl Vectorized for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let channels = self.normalizer.mean.len();
        let mut first = 0;
        while first < channels {
            let c = Constants::new(simd, self.normalizer, first);
            for (x, y) in self
                .x
                .chunks_exact(channels)
                .zip(self.y.chunks_exact_mut(channels))
            {
                // SAFETY: lanes of the rows.
                unsafe {
                    simd.prefetch(x.as_ptr().wrapping_add(AHEAD));
                    let x = simd.load_lanes(x.as_ptr().add(first), c.lanes);
                    let y = y.as_mut_ptr().add(first);
                    let value = simd.mul_add(simd.sub(x, c.mean), c.scale, c.beta);
                    simd.store_lanes(y, value, c.lanes);
                }
            }
            first += S::LANES;
        }
    }
}

/// At most `CHUNK` rows.
struct BackwardSums<'a> {
    normalizer: &'a Normalizer<'a>,
    x: &'a [f32],
    dy: &'a [f32],
    sum_dy: &'a mut [f64],
    sum_dy_x_hat: &'a mut [f64],
}

impl Vectorized for BackwardSums<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let channels = self.normalizer.mean.len();
        let mut first = 0;
        while first < channels {
            let c = Constants::new(simd, self.normalizer, first);
            let (mut plain, mut weighted) = (simd.zero(), simd.zero());
            for (x, dy) in self
                .x
                .chunks_exact(channels)
                .zip(self.dy.chunks_exact(channels))
            {
                // SAFETY: lanes of the rows.
                unsafe {
                    let x = simd.load_lanes(x.as_ptr().add(first), c.lanes);
                    let dy = simd.load_lanes(dy.as_ptr().add(first), c.lanes);
                    plain = simd.add(plain, dy);
                    let x_hat = simd.mul(simd.sub(x, c.mean), c.inverse);
                    weighted = simd.mul_add(dy, x_hat, weighted);
                }
            }
            let mut out = [[0.0f32; simd::MAX_LANES]; 2];
            for (out, vector) in out.iter_mut().zip([plain, weighted]) {
                // SAFETY: room for the most lanes there are.
                unsafe { simd.store(out.as_mut_ptr(), vector) };
            }
            // The zips end with the lanes or the channels, whichever are fewer.
            for (sum, value) in self.sum_dy[first..].iter_mut().zip(&out[0][..S::LANES]) {
                *sum += f64::from(*value);
            }
            for (sum, value) in self.sum_dy_x_hat[first..]
                .iter_mut()
                .zip(&out[1][..S::LANES])
            {
                *sum += f64::from(*value);
            }
            first += S::LANES;
        }
    }
}

struct Backward<'a> {
    normalizer: &'a Normalizer<'a>,
    x: &'a [f32],
    dy: &'a [f32],
    mean_dy: &'a [f32],
    mean_dy_x_hat: &'a [f32],
    dx: &'a mut [f32],
}

impl Vectorized for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let channels = self.normalizer.mean.len();
        let mut first = 0;
        while first < channels {
            let c = Constants::new(simd, self.normalizer, first);
            // SAFETY: one for each channel.
            let [mean_dy, mean_dy_x_hat] = [self.mean_dy, self.mean_dy_x_hat]
                .map(|means| unsafe { simd.load_lanes(means.as_ptr().add(first), c.lanes) });
            let rows = self
                .x
                .chunks_exact(channels)
                .zip(self.dy.chunks_exact(channels));
            for ((x, dy), dx) in rows.zip(self.dx.chunks_exact_mut(channels)) {
                // SAFETY: lanes of the rows.
                unsafe {
                    simd.prefetch(x.as_ptr().wrapping_add(AHEAD));
                    simd.prefetch(dy.as_ptr().wrapping_add(AHEAD));
                    let x = simd.load_lanes(x.as_ptr().add(first), c.lanes);
                    let dy = simd.load_lanes(dy.as_ptr().add(first), c.lanes);
                    let x_hat = simd.mul(simd.sub(x, c.mean), c.inverse);
                    let along = simd.mul(x_hat, mean_dy_x_hat);
                    let value = simd.mul(simd.sub(simd.sub(dy, mean_dy), along), c.scale);
                    simd.store_lanes(dx.as_mut_ptr().add(first), value, c.lanes);
                }
            }
            first += S::LANES;
        }
    }
}

#[cfg(test)]
mod tests;
