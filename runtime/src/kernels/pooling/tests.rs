use super::*;
use crate::kernels::properties::{holds_at_each_level, pairs, widths};
use crate::kernels::reference::{Sum, assert_sums, pooling_windows};
use crate::kernels::simd::tests::Numbers;
use proptest::prelude::*;
use proptest::sample::select;

#[derive(Clone, Debug)]
struct Case {
    pooling: Pooling,
    rows: usize,
    /// How many different numbers there are, so that some are equal.
    numbers: usize,
    seed: u64,
}

/// Windows that overlap, that touch, that leave gaps, and that reach over the edge.
fn poolings() -> impl Strategy<Value = Pooling> {
    let (side, most) = if cfg!(miri) { (3, 5) } else { (9, 70) };
    let usual = select(vec![(2, 2), (2, 2), (3, 3)]);
    let windows = prop_oneof![
        2 => usual.clone().prop_map(|pool| (pool, pool)),
        3 => (pairs(1..=4), pairs(1..=4)),
    ];
    (pairs(1..=side), windows, widths(most), 0..4).prop_map(
        |(image, (pool, strides), channels, kind)| {
            let larger = (image.0 + pool.0 - 1, image.1 + pool.1 - 1);
            match kind {
                0 => Pooling::global(image, channels),
                // The image of a `same` pooling may be smaller than the window.
                1 => Pooling::same(image, pool, strides, channels),
                _ => Pooling::valid(larger, pool, strides, channels),
            }
        },
    )
}

fn cases() -> impl Strategy<Value = Case> {
    (poolings(), 1..=3_usize, 1..=9_usize, any::<u64>()).prop_map(
        |(pooling, rows, numbers, seed)| Case {
            pooling,
            rows,
            numbers,
            seed,
        },
    )
}

impl Case {
    /// The windows of all samples.
    fn windows(&self, mut visit: impl FnMut(usize, &[usize])) {
        let (input, output) = (self.pooling.input_len(), self.pooling.output_len());
        for sample in 0..self.rows {
            pooling_windows(&self.pooling, |out, inside| {
                let inside: Vec<usize> = inside.iter().map(|i| sample * input + i).collect();
                visit(sample * output + out, &inside);
            });
        }
    }

    /// Input and output gradient.
    fn data(&self) -> (Vec<f32>, Vec<f32>) {
        let mut numbers = Numbers::new(self.seed);
        let mut x = vec![0.0; self.rows * self.pooling.input_len()];
        for x in &mut x {
            *x = numbers.between(0, self.numbers) as f32 - 3.0;
        }
        (x, numbers.vec(self.rows * self.pooling.output_len()))
    }
}

#[test]
fn maxima_of_all_shapes() {
    holds_at_each_level(150, cases(), |case| {
        let (x, dy) = case.data();
        let (mut want, mut want_dx) = (vec![f32::NAN; dy.len()], vec![Sum::default(); x.len()]);
        case.windows(|out, inside| {
            // The first of the greatest.
            let best = inside
                .iter()
                .copied()
                .reduce(|best, i| match x[i] > x[best] {
                    true => i,
                    false => best,
                });
            let best = best.expect("no window is empty");
            want[out] = x[best];
            want_dx[best].add(dy[out]);
        });
        let (mut y, mut dx) = (vec![f32::NAN; dy.len()], vec![f32::NAN; x.len()]);
        case.pooling.max_forward(case.rows, &x, &mut y);
        assert_eq!(y, want);
        case.pooling.max_backward(case.rows, &x, &y, &dy, &mut dx);
        assert_sums(&dx, &want_dx, "dx");
    });
}

#[test]
fn averages_of_all_shapes() {
    holds_at_each_level(150, cases(), |case| {
        let (x, dy) = case.data();
        let (mut want, mut want_dx) = (
            vec![Sum::default(); dy.len()],
            vec![Sum::default(); x.len()],
        );
        case.windows(|out, inside| {
            let share = 1.0 / inside.len() as f32;
            for &i in inside {
                want[out].add_product(x[i], share);
                want_dx[i].add_product(dy[out], share);
            }
        });
        let (mut y, mut dx) = (vec![f32::NAN; dy.len()], vec![f32::NAN; x.len()]);
        case.pooling.average_forward(case.rows, &x, &mut y);
        assert_sums(&y, &want, "y");
        case.pooling.average_backward(case.rows, &dy, &mut dx);
        assert_sums(&dx, &want_dx, "dx");
    });
}

#[test]
fn a_nan_is_the_maximum_of_its_windows() {
    let cases = (cases(), any::<prop::sample::Index>());
    holds_at_each_level(100, cases, |(case, at)| {
        let (mut x, mut y) = case.data();
        let at = at.index(x.len());
        x[at] = f32::NAN;
        case.pooling.max_forward(case.rows, &x, &mut y);
        case.windows(|out, inside| assert_eq!(y[out].is_nan(), inside.contains(&at)));
    });
}

#[test]
fn infinities_are_numbers_like_others() {
    let pooling = Pooling::valid((2, 2), (2, 2), (2, 2), 1);
    holds_at_each_level(1, Just(()), |()| {
        let mut y = [0.0];
        pooling.max_forward(1, &[f32::NEG_INFINITY; 4], &mut y);
        assert_eq!(y, [f32::NEG_INFINITY]);
        pooling.max_forward(1, &[1.0, f32::INFINITY, 2.0, f32::MAX], &mut y);
        assert_eq!(y, [f32::INFINITY]);
    });
}
