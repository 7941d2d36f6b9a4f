use super::super::simd::tests::{Numbers, assert_close, for_each_level};
use super::*;

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
    let mut numbers = Numbers::new(14);
    for_each_level(|_| {
        for channels in [1, 3, 8, 17, 40] {
            let rows = if cfg!(miri) { 70 } else { 333 };
            let mut x = numbers.vec(rows * channels);
            for (i, x) in x.iter_mut().enumerate() {
                *x += [0.0, 1000.0, -30.0][i % channels % 3];
            }
            let mut whole = Moments::new(channels);
            whole.update(&x);
            // The same in two parts of odd sizes.
            let (head, tail) = x.split_at(47 * channels);
            let (mut parts, mut rest) = (Moments::new(channels), Moments::new(channels));
            parts.update(head);
            rest.update(tail);
            parts.merge(&rest);
            for moments in [&whole, &parts] {
                assert_eq!(moments.count, rows);
                for c in 0..channels {
                    let (mean, variance) = statistics(&x, channels, c);
                    assert!((moments.mean[c] - mean).abs() < 1e-6 * (1.0 + mean.abs()));
                    assert!((moments.variance(c) - variance).abs() < 1e-5);
                }
            }
            whole.clear();
            whole.merge(&parts);
            assert_eq!(whole.mean, parts.mean);
        }
    });
}

#[test]
fn forward_and_backward() {
    let mut numbers = Numbers::new(15);
    for_each_level(|_| {
        for channels in [1, 3, 8, 16, 19] {
            let rows = if cfg!(miri) { 5 } else { 150 };
            let (x, dy) = (numbers.vec(rows * channels), numbers.vec(rows * channels));
            let (gamma, beta) = (numbers.vec(channels), numbers.vec(channels));
            let (mean, inverse): (Vec<f32>, Vec<f32>) = (0..channels)
                .map(|c| statistics(&x, channels, c))
                .map(|(mean, variance)| (mean as f32, (1.0 / (variance + 1e-3).sqrt()) as f32))
                .unzip();
            for parameters in [false, true] {
                let normalizer = Normalizer {
                    mean: &mean,
                    inverse_deviation: &inverse,
                    gamma: parameters.then_some(&gamma[..]),
                    beta: parameters.then_some(&beta[..]),
                };
                let scale = |c: usize| if parameters { f64::from(gamma[c]) } else { 1.0 };
                let shift = |c: usize| if parameters { f64::from(beta[c]) } else { 0.0 };
                let x_hat = |i: usize| {
                    let c = i % channels;
                    (f64::from(x[i]) - f64::from(mean[c])) * f64::from(inverse[c])
                };
                let mut y = vec![0.0; x.len()];
                normalizer.forward(&x, &mut y);
                let want: Vec<f64> = (0..x.len())
                    .map(|i| x_hat(i) * scale(i % channels) + shift(i % channels))
                    .collect();
                assert_close(&y, &want, 1e-5, "forward");

                let mut sums = [vec![0.0; channels], vec![0.0; channels]];
                let [plain, weighted] = &mut sums;
                normalizer.backward_sums(&x, &dy, plain, weighted);
                let mut want = [vec![0.0; channels], vec![0.0; channels]];
                for (i, &dy) in dy.iter().enumerate() {
                    want[0][i % channels] += f64::from(dy);
                    want[1][i % channels] += f64::from(dy) * x_hat(i);
                }
                for (sums, want) in sums.iter().zip(&want) {
                    let sums: Vec<f32> = sums.iter().map(|&x| x as f32).collect();
                    assert_close(&sums, want, 1e-5, "sums");
                }

                let mut dx = vec![0.0; x.len()];
                normalizer.backward(&x, &dy, (&sums[0], &sums[1]), rows, &mut dx);
                let n = rows as f64;
                let want: Vec<f64> = (0..x.len())
                    .map(|i| {
                        let c = i % channels;
                        let inner = f64::from(dy[i]) - want[0][c] / n - x_hat(i) * want[1][c] / n;
                        scale(c) * f64::from(inverse[c]) * inner
                    })
                    .collect();
                assert_close(&dx, &want, 1e-5, "backward");
            }
        }
    });
}
