use super::super::simd::tests::{Numbers, assert_close, for_each_level};
use super::*;

/// The product in double precision.
fn expected(p: &Product<'_>, c: &[f32], c_stride: usize) -> Vec<f64> {
    let mut out: Vec<f64> = c.iter().map(|&x| f64::from(x)).collect();
    let get = |m: &Matrix<'_>, i: usize, j: usize| {
        f64::from(m.data[i * m.row_stride + j * m.column_stride])
    };
    for i in 0..p.a.rows {
        for j in 0..p.b.columns {
            let c = &mut out[i * c_stride + j];
            let mut sum = if p.accumulate { *c } else { 0.0 };
            sum += (0..p.a.columns)
                .map(|k| get(&p.a, i, k) * get(&p.b, k, j))
                .sum::<f64>();
            sum += p.bias.map_or(0.0, |bias| f64::from(bias[j]));
            *c = if p.relu { sum.max(0.0) } else { sum };
        }
    }
    out
}

/// Both operands straight and transposed, all options, and gaps in `C`.
fn check(numbers: &mut Numbers, m: usize, k: usize, n: usize, parallel: bool) {
    let (a, b) = (numbers.vec(m * k), numbers.vec(k * n));
    let (bias, old) = (numbers.vec(n), numbers.vec(m * (n + 3)));
    for way in 0..4 {
        let a = if way & 1 == 0 {
            Matrix::new(&a, m, k)
        } else {
            Matrix::new(&a, k, m).t()
        };
        let b = if way & 2 == 0 {
            Matrix::new(&b, k, n)
        } else {
            Matrix::new(&b, n, k).t()
        };
        for options in 0..8 {
            if (m * n * k > 100_000 || cfg!(miri)) && options % 7 != 0 {
                continue;
            }
            let p = Product {
                a,
                b,
                accumulate: options & 1 != 0,
                bias: (options & 2 != 0).then_some(&bias[..]),
                relu: options & 4 != 0,
            };
            let mut c = old.clone();
            if parallel {
                p.run_parallel(&mut c, n + 3);
            } else {
                p.run(&mut c, n + 3);
            }
            let what = format!("{m} x {k} x {n}, way {way}, options {options}");
            assert_close(&c, &expected(&p, &old, n + 3), 1e-6 * (k + 4) as f64, &what);
        }
    }
}

#[test]
fn small_products() {
    let mut numbers = Numbers::new(3);
    for_each_level(|_| {
        for (m, k, n) in [
            (1, 1, 1),
            (2, 0, 3),
            (3, 5, 2),
            (1, 9, 17),
            (7, 3, 5),
            (11, 3, 5),
            (33, 2, 3),
        ] {
            check(&mut numbers, m, k, n, false);
        }
    });
}

#[test]
#[cfg_attr(miri, ignore = "slow")]
fn products_of_all_shapes() {
    let mut numbers = Numbers::new(4);
    for_each_level(|_| {
        for n in 1..40 {
            let (m, k) = (numbers.between(1, 40), numbers.between(1, 40));
            check(&mut numbers, m, k, n, false);
        }
        for (m, k, n) in [(70, 300, 70), (33, 513, 290), (600, 70, 65), (16, 512, 64)] {
            check(&mut numbers, m, k, n, false);
        }
        check(&mut numbers, 34, 5000, 3, false);
    });
}

#[test]
#[cfg_attr(miri, ignore = "slow")]
fn parallel_products_equal_serial_ones() {
    let mut numbers = Numbers::new(5);
    for (m, k, n) in [
        (300, 130, 200),
        (16, 700, 500),
        (700, 20, 400),
        (2300, 50, 70),
    ] {
        check(&mut numbers, m, k, n, true);
        let (a, b) = (numbers.vec(m * k), numbers.vec(k * n));
        for b in [Matrix::new(&b, k, n), Matrix::new(&b, n, k).t()] {
            let p = Product::new(Matrix::new(&a, m, k), b);
            let (mut serial, mut parallel) = (vec![0.0; m * n], vec![0.0; m * n]);
            p.run(&mut serial, n);
            p.run_parallel(&mut parallel, n);
            assert_eq!(serial, parallel);
        }
    }
}

#[test]
fn strides_in_both_directions() {
    let data = Numbers::new(6).vec(400);
    let a = Matrix::with_strides(&data, (5, 4), (40, 3));
    let b = Matrix::with_strides(&data, (4, 6), (2, 30));
    let p = Product::new(a, b);
    for_each_level(|_| {
        let mut c = vec![0.0; 30];
        p.run(&mut c, 6);
        assert_close(&c, &expected(&p, &[0.0; 30], 6), 1e-6, "strided");
    });
}

#[test]
fn relu_keeps_nan() {
    let p = Product {
        relu: true,
        ..Product::new(
            Matrix::new(&[f32::NAN, -1.0], 2, 1),
            Matrix::new(&[1.0], 1, 1),
        )
    };
    let mut c = [5.0; 2];
    p.run(&mut c, 1);
    assert!(c[0].is_nan());
    assert_eq!(c[1], 0.0);
}

#[test]
#[should_panic(expected = "C of 2 x 2")]
fn refuses_a_short_result() {
    let x = [0.0; 4];
    Product::new(Matrix::new(&x, 2, 2), Matrix::new(&x, 2, 2)).run(&mut [0.0; 3], 2);
}
