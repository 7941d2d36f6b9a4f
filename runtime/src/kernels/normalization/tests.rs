use super::*;
use crate::kernels::properties::{holds_at_each_level, widths};
use crate::kernels::simd::tests::{Numbers, assert_close};
use proptest::prelude::*;

/// Rows, channels, and a seed.
fn sizes() -> impl Strategy<Value = (usize, usize, u64)> {
    let (rows, channels) = if cfg!(miri) { (70, 5) } else { (300, 70) };
    (1_usize..=rows, widths(channels), any::<u64>())
}

/// Mean and variance of one channel.
fn statistics(x: &[f32], channels: usize, c: usize) -> (f64, f64) {
    let column: Vec<f64> = x
        .iter()
        .skip(c)
        .step_by(channels)
        .map(|&x| f64::from(x))
        .collect();
    let n = column.len() as f64;
    let mean = column.iter().sum::<f64>() / n;
    (
        mean,
        column.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n,
    )
}

#[test]
fn moments_of_numbers_far_from_zero() {
    let inputs = (sizes(), any::<prop::sample::Index>());
    holds_at_each_level(80, inputs, |((rows, channels, seed), cut)| {
        let mut x = Numbers::new(seed).vec(rows * channels);
        for (i, x) in x.iter_mut().enumerate() {
            *x += [0.0, 1000.0, -30.0][i % channels % 3];
        }
        let none = || vec![0.0; Moments::len(channels)];
        let mut whole = none();
        Moments::of(&mut whole, channels).update(&x);
        // The same in two parts, either of which may have no rows.
        let (head, tail) = x.split_at(cut.index(rows + 1) * channels);
        let (mut parts, mut rest) = (none(), none());
        Moments::of(&mut parts, channels).update(head);
        Moments::of(&mut rest, channels).update(tail);
        Moments::of(&mut parts, channels).merge(&rest);
        for moments in [&mut whole, &mut parts] {
            let moments = Moments::of(moments, channels);
            assert_eq!(*moments.count, rows as f64);
            for c in 0..channels {
                let (mean, variance) = statistics(&x, channels, c);
                let got = (moments.mean[c], moments.variance(c));
                assert!((got.0 - mean).abs() < 1e-6 * (1.0 + mean.abs()), "{got:?}");
                assert!((got.1 - variance).abs() < 1e-5, "{got:?} for {variance}");
            }
        }
        whole.fill(0.0);
        Moments::of(&mut whole, channels).merge(&parts);
        assert_eq!(whole, parts);
    });
}

#[test]
fn forward_and_backward() {
    let inputs = (sizes(), any::<bool>(), any::<bool>());
    holds_at_each_level(100, inputs, |((rows, channels, seed), scaled, shifted)| {
        let mut numbers = Numbers::new(seed);
        let (x, dy) = (numbers.vec(rows * channels), numbers.vec(rows * channels));
        let (gamma, beta) = (numbers.vec(channels), numbers.vec(channels));
        let (mean, inverse): (Vec<f32>, Vec<f32>) = (0..channels)
            .map(|c| statistics(&x, channels, c))
            .map(|(mean, variance)| (mean as f32, (1.0 / (variance + 1e-3).sqrt()) as f32))
            .unzip();
        let normalizer = Normalizer {
            mean: &mean,
            inverse_deviation: &inverse,
            gamma: scaled.then_some(&gamma[..]),
            beta: shifted.then_some(&beta[..]),
        };
        let scale = |c: usize| if scaled { f64::from(gamma[c]) } else { 1.0 };
        let shift = |c: usize| if shifted { f64::from(beta[c]) } else { 0.0 };
        let x_hat = |i: usize| {
            let c = i % channels;
            (f64::from(x[i]) - f64::from(mean[c])) * f64::from(inverse[c])
        };
        // With few rows the deviation may be small.
        let greatest = inverse.iter().copied().fold(1.0, f32::max);
        let tolerance = 3e-6 * f64::from(greatest);

        let mut y = vec![f32::NAN; x.len()];
        normalizer.forward(&x, &mut y);
        let want: Vec<f64> = (0..x.len())
            .map(|i| x_hat(i) * scale(i % channels) + shift(i % channels))
            .collect();
        assert_close(&y, &want, tolerance, "forward");

        // Added to what was there.
        let mut sums = [vec![1.0; channels], vec![2.0; channels]];
        let [plain, weighted] = &mut sums;
        normalizer.backward_sums(&x, &dy, plain, weighted);
        let mut want = [vec![1.0; channels], vec![2.0; channels]];
        for (i, &dy) in dy.iter().enumerate() {
            want[0][i % channels] += f64::from(dy);
            want[1][i % channels] += f64::from(dy) * x_hat(i);
        }
        for (sums, want) in sums.iter().zip(&want) {
            let sums: Vec<f32> = sums.iter().map(|&x| x as f32).collect();
            assert_close(&sums, want, 1e-5, "sums");
        }

        let mut dx = vec![f32::NAN; x.len()];
        let n = rows as f64;
        let means = sums.map(|sums| {
            sums.iter()
                .map(|sum| (sum / n) as f32)
                .collect::<Vec<f32>>()
        });
        normalizer.backward(&x, &dy, (&means[0], &means[1]), &mut dx);
        let want: Vec<f64> = (0..x.len())
            .map(|i| {
                let c = i % channels;
                let inner = f64::from(dy[i]) - want[0][c] / n - x_hat(i) * want[1][c] / n;
                scale(c) * f64::from(inverse[c]) * inner
            })
            .collect();
        assert_close(&dx, &want, tolerance, "backward");
    });
}
