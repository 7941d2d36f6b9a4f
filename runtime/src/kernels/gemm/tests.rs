use super::*;
use crate::kernels::properties::{holds, holds_at_each_level, widths};
use crate::kernels::reference::{assert_sums, product};
use crate::kernels::simd::tests::{Numbers, for_each_level};
use proptest::prelude::*;
use proptest::sample::select;

/// How a matrix lies in memory, with gaps of so many floats.
#[derive(Clone, Copy, Debug)]
enum Layout {
    Rows(usize),
    Columns(usize),
    /// Neither is contiguous.
    Spread(usize),
}

fn layouts() -> impl Strategy<Value = Layout> {
    let gaps = || select(vec![0, 0, 1, 3]);
    prop_oneof![
        3 => gaps().prop_map(Layout::Rows),
        3 => gaps().prop_map(Layout::Columns),
        1 => gaps().prop_map(Layout::Spread),
    ]
}

/// The memory of a matrix.
struct Stored {
    data: Vec<f32>,
    size: (usize, usize),
    strides: (usize, usize),
}

impl Stored {
    /// Random numbers; NaN in the gaps, and nothing behind the last number.
    fn new(layout: Layout, size: (usize, usize), numbers: &mut Numbers) -> Self {
        let strides = match layout {
            Layout::Rows(gap) => (size.1 + gap, 1),
            Layout::Columns(gap) => (1, size.0 + gap),
            Layout::Spread(gap) => (2 * size.1 + gap, 2),
        };
        let len = match size {
            (0, _) | (_, 0) => 0,
            (rows, columns) => (rows - 1) * strides.0 + (columns - 1) * strides.1 + 1,
        };
        let mut data = vec![f32::NAN; len];
        for i in 0..size.0 {
            for j in 0..size.1 {
                data[i * strides.0 + j * strides.1] = numbers.next();
            }
        }
        Self {
            data,
            size,
            strides,
        }
    }

    fn matrix(&self) -> Matrix<'_> {
        Matrix::with_strides(&self.data, self.size, self.strides)
    }

    fn get(&self, i: usize, j: usize) -> f32 {
        self.data[i * self.strides.0 + j * self.strides.1]
    }
}

#[derive(Clone, Debug)]
struct Case {
    size: (usize, usize, usize),
    layouts: (Layout, Layout),
    /// Floats between the rows of `C`.
    gap: usize,
    accumulate: bool,
    bias: bool,
    relu: bool,
    seed: u64,
}

/// Sizes of all ways to compute a product, and around the edges of their blocks.
fn sizes() -> impl Strategy<Value = (usize, usize, usize)> {
    let long = |sizes: &[usize]| select(sizes.to_vec());
    if cfg!(miri) {
        // Still all ways.
        return (
            select(vec![1_usize, 2, 5, 11, 13, 33]),
            0..=3_usize,
            1..=5_usize,
        )
            .boxed();
    }
    let few = 1..=40_usize;
    let rows = [31, 32, 33, 559, 560, 561, 700];
    let depths = [63, 64, 65, 255, 256, 257, 300, 513];
    let deep = [4095, 4096, 4097, 5000];
    let columns = [127, 129, 223, 225, 255, 256, 257, 448, 520];
    prop_oneof![
        4 => (few.clone(), prop_oneof![1 => 0..=2_usize, 9 => 1..=40_usize], few),
        // Few enough to be turned.
        4 => (11..=32_usize, 1..=70_usize, 1..=60_usize),
        1 => (11..=34_usize, widths(20), long(&columns)),
        1 => (long(&rows), widths(20), widths(12)),
        1 => (widths(34), long(&depths), widths(6)),
        // Deeper than a block, too many rows to take them as they are, or few.
        1 => (33..=36_usize, long(&deep), 1..=4_usize),
        1 => (widths(32), long(&deep), 1..=4_usize),
        1 => (1..=40_usize, 250..=530_usize, 1..=40_usize),
    ]
    .boxed()
}

fn cases() -> impl Strategy<Value = Case> {
    (
        sizes(),
        (layouts(), layouts()),
        0..4_usize,
        any::<[bool; 3]>(),
        any::<u64>(),
    )
        .prop_map(
            |(size, layouts, gap, [accumulate, bias, relu], seed)| Case {
                size,
                layouts,
                gap,
                accumulate,
                bias,
                relu,
                seed,
            },
        )
}

fn check(case: &Case, run: impl Fn(&Product<'_>, &mut [f32], usize)) {
    let (m, k, n) = case.size;
    let mut numbers = Numbers::new(case.seed);
    let a = Stored::new(case.layouts.0, (m, k), &mut numbers);
    let b = Stored::new(case.layouts.1, (k, n), &mut numbers);
    let old = Stored::new(Layout::Rows(case.gap), (m, n), &mut numbers);
    let bias = case.bias.then(|| numbers.vec(n));

    let mut want = product(case.size, |i, j| a.get(i, j), |i, j| b.get(i, j));
    for (at, sum) in want.iter_mut().enumerate() {
        if let Some(bias) = &bias {
            sum.add(bias[at % n]);
        }
        if case.accumulate {
            sum.add(old.get(at / n, at % n));
        }
        if case.relu {
            sum.relu();
        }
    }

    let mut c = old.data.clone();
    if !case.accumulate {
        // What is replaced does not matter.
        c.fill(f32::NAN);
    }
    let product = Product {
        a: a.matrix(),
        b: b.matrix(),
        accumulate: case.accumulate,
        bias: bias.as_deref(),
        relu: case.relu,
    };
    run(&product, &mut c, n + case.gap);
    for (row, want) in c.chunks(n + case.gap).zip(want.chunks(n)) {
        assert_sums(&row[..n], want, "C");
        assert!(row[n..].iter().all(|x| x.is_nan()), "a gap was written");
    }
}

#[test]
fn products_of_all_shapes() {
    holds_at_each_level(150, cases(), |case| {
        check(&case, |p, c, stride| p.run(c, stride))
    });
}

#[test]
#[cfg_attr(miri, ignore = "slow")]
fn parallel_products_are_right() {
    // At least as many products as threads are worth.
    let sizes = [
        (300, 130, 200),
        (16, 700, 500),
        (700, 20, 400),
        (2300, 50, 70),
    ];
    let cases = (select(sizes.to_vec()), cases()).prop_map(|(size, case)| Case { size, ..case });
    holds(6, cases, |case| {
        check(&case, |p, c, stride| p.run_parallel(c, stride));
    });
}

#[test]
#[cfg_attr(miri, ignore = "slow")]
fn parallel_products_equal_serial_ones_bit_for_bit() {
    let sizes = prop_oneof![
        (1..=40_usize, 300..=900_usize, 500..=900_usize),
        (300..=900_usize, 10..=70_usize, 300..=700_usize),
        (2200..=2300_usize, 40..=60_usize, 60..=80_usize),
        (50..=90_usize, 4090..=4110_usize, 30..=70_usize),
    ];
    let cases = (sizes, cases()).prop_map(|(size, case)| Case { size, ..case });
    holds_at_each_level(12, cases, |case| {
        let (m, k, n) = case.size;
        let mut numbers = Numbers::new(case.seed);
        let a = Stored::new(case.layouts.0, (m, k), &mut numbers);
        let b = Stored::new(case.layouts.1, (k, n), &mut numbers);
        let bias = case.bias.then(|| numbers.vec(n));
        let product = Product {
            a: a.matrix(),
            b: b.matrix(),
            accumulate: case.accumulate,
            bias: bias.as_deref(),
            relu: case.relu,
        };
        let mut serial = numbers.vec(m * n);
        let mut parallel = serial.clone();
        product.run(&mut serial, n);
        product.run_parallel(&mut parallel, n);
        assert!(
            serial
                .iter()
                .zip(&parallel)
                .all(|(a, b)| a.to_bits() == b.to_bits())
        );
    });
}

/// A NaN reaches its row or its column of the result, and nothing else.
#[test]
fn a_nan_stays_in_its_row_or_column() {
    let cases = (cases(), any::<bool>(), any::<[prop::sample::Index; 2]>());
    holds_at_each_level(300, cases, |(case, in_a, [row, column])| {
        let (m, k, n) = case.size;
        if k == 0 {
            return;
        }
        let mut numbers = Numbers::new(case.seed);
        let mut a = Stored::new(case.layouts.0, (m, k), &mut numbers);
        let mut b = Stored::new(case.layouts.1, (k, n), &mut numbers);
        let bad = if in_a { &mut a } else { &mut b };
        let (i, j) = (row.index(bad.size.0), column.index(bad.size.1));
        bad.data[i * bad.strides.0 + j * bad.strides.1] = f32::NAN;
        let product = Product {
            relu: case.relu,
            ..Product::new(a.matrix(), b.matrix())
        };
        let mut c = vec![0.0; m * n];
        product.run(&mut c, n);
        for (at, x) in c.iter().enumerate() {
            let reached = if in_a { at / n == i } else { at % n == j };
            assert_eq!(x.is_nan(), reached, "at {at}");
        }
    });
}

#[test]
fn nothing_to_write_is_no_mistake() {
    for_each_level(|_| {
        for (m, n) in [(0, 3), (3, 0)] {
            let (a, b) = (vec![1.0; m * 2], vec![1.0; 2 * n]);
            let product = Product::new(Matrix::new(&a, m, 2), Matrix::new(&b, 2, n));
            product.run(&mut [], n);
            product.run_parallel(&mut [], n);
        }
    });
}

#[test]
#[should_panic(expected = "C of 2 x 2")]
fn refuses_a_short_result() {
    let x = [0.0; 4];
    Product::new(Matrix::new(&x, 2, 2), Matrix::new(&x, 2, 2)).run(&mut [0.0; 3], 2);
}
