use super::super::simd::tests::{Numbers, assert_close, for_each_level};
use super::*;

/// Calls `visit(output index, input indices of the window)` for one sample, from the
/// definition with negative positions.
fn windows(p: &Pooling, mut visit: impl FnMut(usize, &[usize])) {
    for row in 0..p.output.0 {
        for column in 0..p.output.1 {
            for c in 0..p.channels {
                let mut inside = vec![];
                for i in 0..p.pool.0 {
                    for j in 0..p.pool.1 {
                        let y = (row * p.strides.0 + i) as isize - p.padding.0 as isize;
                        let x = (column * p.strides.1 + j) as isize - p.padding.1 as isize;
                        let (height, width) = (p.input.0 as isize, p.input.1 as isize);
                        if (0..height).contains(&y) && (0..width).contains(&x) {
                            inside.push(((y * width + x) as usize) * p.channels + c);
                        }
                    }
                }
                visit((row * p.output.1 + column) * p.channels + c, &inside);
            }
        }
    }
}

fn check(p: &Pooling, numbers: &mut Numbers) {
    let rows = 2;
    let (n, m) = (p.input_len(), p.output_len());
    // Few different values, so that there are ties.
    let x: Vec<f32> = (0..rows * n)
        .map(|_| numbers.between(0, 4) as f32 - 2.0)
        .collect();
    let dy = numbers.vec(rows * m);
    let mut want = [
        vec![0.0; rows * m],
        vec![0.0; rows * n],
        vec![0.0; rows * m],
        vec![0.0; rows * n],
    ];
    for sample in 0..rows {
        windows(p, |out, inside| {
            let out = sample * m + out;
            let at = |i: usize| sample * n + i;
            let mut best = inside[0];
            for &i in inside {
                if x[at(i)] > x[at(best)] {
                    best = i;
                }
                let share = 1.0 / inside.len() as f64;
                want[2][out] += share * f64::from(x[at(i)]);
                want[3][at(i)] += share * f64::from(dy[out]);
            }
            want[0][out] = f64::from(x[at(best)]);
            want[1][at(best)] += f64::from(dy[out]);
        });
    }
    let (mut y, mut dx) = (vec![9.0; rows * m], vec![9.0; rows * n]);
    p.max_forward(rows, &x, &mut y);
    assert_close(&y, &want[0], 0.0, &format!("max of {p:?}"));
    p.max_backward(rows, &x, &y, &dy, &mut dx);
    assert_close(&dx, &want[1], 1e-5, &format!("max gradient of {p:?}"));
    p.average_forward(rows, &x, &mut y);
    assert_close(&y, &want[2], 1e-5, &format!("average of {p:?}"));
    dx.fill(9.0);
    p.average_backward(rows, &dy, &mut dx);
    assert_close(&dx, &want[3], 1e-5, &format!("average gradient of {p:?}"));
}

#[test]
fn usual_poolings() {
    let mut numbers = Numbers::new(12);
    for_each_level(|_| {
        for channels in [1, 5, 16] {
            check(
                &Pooling::valid((4, 4), (2, 2), (2, 2), channels),
                &mut numbers,
            );
            check(
                &Pooling::valid((5, 3), (2, 2), (2, 2), channels),
                &mut numbers,
            );
            check(
                &Pooling::same((5, 3), (2, 2), (2, 2), channels),
                &mut numbers,
            );
            check(&Pooling::global((3, 2), channels), &mut numbers);
        }
    });
}

#[test]
#[cfg_attr(miri, ignore = "slow")]
fn poolings_of_all_shapes() {
    let mut numbers = Numbers::new(13);
    for_each_level(|_| {
        for channels in 1..40 {
            let mut two = |low, high| (numbers.between(low, high), numbers.between(low, high));
            let (pool, strides, more) = (two(1, 4), two(1, 3), two(0, 6));
            let input = (pool.0 + more.0, pool.1 + more.1);
            check(
                &Pooling::valid(input, pool, strides, channels),
                &mut numbers,
            );
            check(&Pooling::same(input, pool, strides, channels), &mut numbers);
            check(
                &Pooling::same((1 + more.0, 1 + more.1), pool, strides, channels),
                &mut numbers,
            );
        }
    });
}

#[test]
fn a_nan_is_the_maximum() {
    for_each_level(|_| {
        for at in 0..4 {
            let mut x = [1.0, 2.0, 3.0, 4.0];
            x[at] = f32::NAN;
            let mut y = [0.0];
            Pooling::valid((2, 2), (2, 2), (2, 2), 1).max_forward(1, &x, &mut y);
            assert!(y[0].is_nan());
        }
    });
}
