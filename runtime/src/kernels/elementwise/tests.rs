use super::super::simd::tests::{Numbers, assert_close, for_each_level};
use super::*;

functions! {
    Map::map Exp = |s, x| functions::exp(s, x);
}

/// What softmax is made of, on its own.
fn exp(x: &mut [f32]) {
    map(x, Exp);
}

/// The greatest error of `function` in units of the last place, over a sweep of the floats.
fn worst(function: fn(&mut [f32]), exact: fn(f64) -> f64, limit: f32) -> f64 {
    let stride = if cfg!(miri) { 400_000_001 } else { 10_007 };
    let xs: Vec<f32> = (0..u32::MAX)
        .step_by(stride)
        .map(f32::from_bits)
        .filter(|x| x.abs() <= limit)
        .collect();
    let mut ys = xs.clone();
    function(&mut ys);
    let mut worst = 0.0f64;
    for (&x, &y) in xs.iter().zip(&ys) {
        let want = exact(f64::from(x));
        let rounded = want as f32;
        if rounded.is_infinite() {
            assert_eq!(y, rounded, "at {x}");
            continue;
        }
        let ulp = f64::from(f32::from_bits(rounded.abs().to_bits() + 1) - rounded.abs());
        worst = worst.max((f64::from(y) - want).abs() / ulp);
    }
    worst
}

#[test]
fn functions_are_accurate() {
    for_each_level(|level| {
        let errors = [
            worst(exp, f64::exp, 200.0),
            worst(tanh, f64::tanh, 200.0),
            worst(sigmoid, |x| 1.0 / (1.0 + (-x).exp()), 80.0),
        ];
        println!("{level:?}: exp, tanh, sigmoid within {errors:?} ulp");
        assert!(errors.iter().all(|&e| e <= 3.0), "{level:?}: {errors:?}");
    });
}

#[test]
fn functions_at_the_edges() {
    let edges = [
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MAX,
        f32::MIN,
        0.0,
        -0.0,
        f32::NAN,
    ];
    for_each_level(|_| {
        let run = |f: fn(&mut [f32])| {
            let mut x = edges;
            f(&mut x);
            assert!(x[6].is_nan());
            [x[0], x[1], x[2], x[3], x[4], x[5]]
        };
        let inf = f32::INFINITY;
        assert_eq!(run(exp), [inf, 0.0, inf, 0.0, 1.0, 1.0]);
        assert_eq!(run(tanh), [1.0, -1.0, 1.0, -1.0, 0.0, 0.0]);
        assert_eq!(run(sigmoid), [1.0, 0.0, 1.0, 0.0, 0.5, 0.5]);
        assert_eq!(run(relu), [inf, 0.0, f32::MAX, 0.0, 0.0, 0.0]);
    });
}

/// Applies `f` to all elements in double precision.
fn each(y: &[f32], x: &[f32], f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    y.iter()
        .zip(x)
        .map(|(&y, &x)| f(y.into(), x.into()))
        .collect()
}

#[test]
fn slices_of_all_lengths() {
    let mut numbers = Numbers::new(7);
    for_each_level(|_| {
        for n in 0..40 {
            let (x, y) = (numbers.vec(n), numbers.vec(n));
            type Case = (fn(&[f32], &mut [f32]), fn(f64, f64) -> f64);
            let cases: [Case; 5] = [
                (relu_backward, |dy, y| if y > 0.0 { dy } else { 0.0 }),
                (tanh_backward, |dy, y| dy * (1.0 - y * y)),
                (sigmoid_backward, |dy, y| dy * y * (1.0 - y)),
                (add, |y, x| y + x),
                (|x, y| axpy(0.3, x, y), |y, x| y + f64::from(0.3f32) * x),
            ];
            for (i, (function, exact)) in cases.into_iter().enumerate() {
                let mut out = y.clone();
                function(&x, &mut out);
                assert_close(
                    &out,
                    &each(&y, &x, exact),
                    1e-6,
                    &format!("case {i}, n {n}"),
                );
            }
        }
    });
}

#[test]
fn softmax_of_all_lengths() {
    let mut numbers = Numbers::new(8);
    for_each_level(|_| {
        for n in 1..40 {
            let rows = 3;
            let mut x = numbers.vec(rows * n);
            // Far from zero, in both directions.
            for (i, x) in x.iter_mut().enumerate() {
                *x = *x * 5.0 + [1000.0, 0.0, -1000.0][i / n];
            }
            let dy = numbers.vec(rows * n);
            let (mut y, mut dx) = (x.clone(), dy.clone());
            softmax(&mut y, n);
            softmax_backward(&y, &mut dx, n);
            for row in 0..rows {
                let part = row * n..(row + 1) * n;
                let x: Vec<f64> = x[part.clone()].iter().map(|&x| x.into()).collect();
                let max = x.iter().copied().fold(f64::MIN, f64::max);
                let sum: f64 = x.iter().map(|x| (x - max).exp()).sum();
                let want: Vec<f64> = x.iter().map(|x| (x - max).exp() / sum).collect();
                assert_close(&y[part.clone()], &want, 1e-6, "softmax");
                let dy = &dy[part.clone()];
                let dot: f64 = want.iter().zip(dy).map(|(y, &d)| y * f64::from(d)).sum();
                let want: Vec<f64> = want
                    .iter()
                    .zip(dy)
                    .map(|(y, &d)| y * (f64::from(d) - dot))
                    .collect();
                assert_close(&dx[part], &want, 1e-6, "softmax backward");
            }
        }
        let mut bad = [0.0, f32::NAN, 1.0];
        softmax(&mut bad, 3);
        assert!(bad.iter().all(|x| x.is_nan()));
    });
}

#[test]
fn sums_of_columns() {
    let mut numbers = Numbers::new(9);
    for_each_level(|_| {
        for n in [1, 2, 7, 8, 16, 17, 40, 63, 64, 65, 130] {
            let (x, old) = (numbers.vec(5 * n), numbers.vec(n));
            let mut sums = old.clone();
            sum_columns(&x, &mut sums);
            let want: Vec<f64> = (0..n)
                .map(|j| f64::from(old[j]) + (0..5).map(|i| f64::from(x[i * n + j])).sum::<f64>())
                .collect();
            assert_close(&sums, &want, 1e-6, "sums");
        }
    });
}

#[test]
fn one_bad_number_is_found_wherever_it_stands() {
    for_each_level(|_| {
        let mut x = Numbers::new(12).vec(200);
        x[3] = f32::MAX;
        x[5] = -f32::MIN_POSITIVE / 8.0;
        for len in [0, 1, 63, 64, 65, 200] {
            assert!(are_finite(&x[..len]));
        }
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for at in 0..x.len() {
                let good = std::mem::replace(&mut x[at], bad);
                assert!(!are_finite(&x) && are_finite(&x[..at]));
                x[at] = good;
            }
        }
    });
}

#[test]
fn what_many_threads_copy_and_check_is_whole() {
    let x = Numbers::new(13).vec(2 * TASK + 5);
    let mut y = vec![f32::NAN; x.len()];
    assert!(!are_finite(&y));
    copy(&x, &mut y);
    assert!(x == y && are_finite(&y));
    y[x.len() - 1] = f32::NAN;
    assert!(!are_finite(&y));
}
