use super::*;
use crate::kernels::properties::{any_float, holds_at_each_level, widths};
use crate::kernels::reference::{Sum, assert_sums};
use crate::kernels::simd::tests::{Numbers, assert_close, for_each_level};
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::Mutex;

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

/// Equal bits, or NaN on both sides.
fn same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

#[test]
fn functions_of_any_number() {
    holds_at_each_level(2000, any_float(), |x| {
        type Case = (fn(&mut [f32]), fn(f64) -> f64);
        let cases: [Case; 4] = [
            (relu, |x| if x <= 0.0 { 0.0 } else { x }),
            (exp, f64::exp),
            (tanh, f64::tanh),
            (sigmoid, |x| 1.0 / (1.0 + (-x).exp())),
        ];
        for (i, (function, exact)) in cases.into_iter().enumerate() {
            let mut y = [x];
            function(&mut y);
            let want = exact(x.into());
            let rounded = want as f32;
            if !rounded.is_finite() {
                assert!(same(y[0], rounded), "case {i}: {} for {rounded}", y[0]);
                continue;
            }
            let size = rounded.abs().max(f32::MIN_POSITIVE);
            let ulp = f64::from(f32::from_bits(size.to_bits() + 1) - size);
            // Where `e^-x` is infinite, the logistic function is zero and not the subnormal number that it should be.
            let lost = if i == 3 { f32::MIN_POSITIVE } else { 0.0 };
            let difference = (f64::from(y[0]) - want).abs();
            assert!(
                difference <= 3.0 * ulp + f64::from(lost),
                "case {i}: {} for {want}",
                y[0]
            );
        }
    });
}

/// What a number becomes does not depend on its place, or on its neighbours.
#[test]
fn places_do_not_matter() {
    holds_at_each_level(150, vec(any_float(), 0..70), |x| {
        for (i, function) in [relu, exp, tanh, sigmoid].into_iter().enumerate() {
            let mut together = x.clone();
            function(&mut together);
            for (&x, together) in x.iter().zip(together) {
                let mut alone = [x];
                function(&mut alone);
                assert!(same(alone[0], together), "case {i} of {x}");
            }
        }
    });
}

/// Rounded as the formulas say, on any numbers.
#[test]
fn arithmetic_on_slices_of_all_lengths() {
    let inputs = (vec((any_float(), any_float()), 0..70), any_float());
    holds_at_each_level(200, inputs, |(pairs, a)| {
        let (y, x): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
        type Case = (fn(&[f32], &mut [f32]), fn(f32, f32) -> f32);
        let cases: [Case; 4] = [
            (relu_backward, |dy, y| if y > 0.0 { dy } else { 0.0 }),
            (tanh_backward, |dy, y| dy * (1.0 - y * y)),
            (sigmoid_backward, |dy, y| dy * (y * (1.0 - y))),
            (add, |y, x| y + x),
        ];
        for (i, (function, exact)) in cases.into_iter().enumerate() {
            let mut out = y.clone();
            function(&x, &mut out);
            for ((&y, &x), out) in y.iter().zip(&x).zip(out) {
                let want = exact(y, x);
                assert!(
                    same(out, want),
                    "case {i}: {out} of {y} and {x}, not {want}"
                );
            }
        }
        let mut out = y.clone();
        axpy(a, &x, &mut out);
        for ((&y, &x), out) in y.iter().zip(&x).zip(out) {
            // Rounded once or twice.
            let (once, twice) = (a.mul_add(x, y), a * x + y);
            assert!(same(out, once) || same(out, twice), "{out} for {once}");
        }
    });
}

#[test]
fn softmax_of_any_numbers() {
    let rows = (1..=3_usize, widths(130)).prop_flat_map(|(rows, columns)| {
        let ordinary = vec(-200.0f32..200.0, rows * columns);
        let any = vec(any_float(), rows * columns);
        (prop_oneof![3 => ordinary, 1 => any], Just(columns))
    });
    holds_at_each_level(200, rows, |(x, columns)| {
        let mut y = x.clone();
        softmax(&mut y, columns);
        for (x, y) in x.chunks(columns).zip(y.chunks(columns)) {
            let x: Vec<f64> = x.iter().map(|&x| x.into()).collect();
            let greatest = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let exponentials: Vec<f64> = x.iter().map(|x| (x - greatest).exp()).collect();
            let sum: f64 = exponentials.iter().sum();
            if sum.is_nan() {
                // A NaN, an infinity, or nothing but negative infinities.
                assert!(y.iter().all(|y| y.is_nan()));
                continue;
            }
            let want: Vec<f64> = exponentials.iter().map(|e| e / sum).collect();
            let tolerance = (columns + 16) as f64 / (1 << 24) as f64;
            assert_close(y, &want, tolerance, "softmax");
        }
    });
}

#[test]
fn softmax_gradients() {
    let inputs = (1..=3_usize, widths(130), any::<u64>());
    holds_at_each_level(150, inputs, |(rows, columns, seed)| {
        let mut numbers = Numbers::new(seed);
        let mut y = numbers.vec(rows * columns);
        softmax(&mut y, columns);
        let dy = numbers.vec(rows * columns);
        let mut dx = dy.clone();
        softmax_backward(&y, &mut dx, columns);
        let rows = y.chunks(columns).zip(dy.chunks(columns));
        for ((y, dy), dx) in rows.zip(dx.chunks(columns)) {
            let pairs = || {
                y.iter()
                    .zip(dy)
                    .map(|(&y, &dy)| (f64::from(y), f64::from(dy)))
            };
            let sum: f64 = pairs().map(|(y, dy)| y * dy).sum();
            let want: Vec<f64> = pairs().map(|(y, dy)| y * (dy - sum)).collect();
            assert_close(dx, &want, 1e-6, "dx");
        }
    });
}

#[test]
fn sums_of_columns() {
    let inputs = (0..=40_usize, widths(300), any::<u64>());
    holds_at_each_level(150, inputs, |(rows, columns, seed)| {
        let mut numbers = Numbers::new(seed);
        let (x, mut sums) = (numbers.vec(rows * columns), numbers.vec(columns));
        let mut want = vec![Sum::default(); columns];
        for (i, x) in sums.iter().chain(&x).enumerate() {
            want[i % columns].add(*x);
        }
        sum_columns(&x, &mut sums);
        assert_sums(&sums, &want, "sums");
    });
}

#[test]
fn column_sums_are_taken_once_and_equal_those_of_all_columns() {
    for (rows, columns) in [(1, 1), (9, 255), (3, 256), (5, 600), (300, 700)] {
        let x = Numbers::new(4).vec(rows * columns);
        let mut want = vec![0.0; columns];
        sum_columns(&x, &mut want);
        let got = Mutex::new(vec![f32::NAN; columns]);
        take_column_sums(&x, columns, &|first, sums| {
            let mut got = got.lock().unwrap();
            for (got, sum) in got[first..][..sums.len()].iter_mut().zip(sums) {
                assert!(got.is_nan());
                *got = *sum;
            }
        });
        assert_eq!(got.into_inner().unwrap(), want);
    }
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
