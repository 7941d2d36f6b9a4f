//! Matrix products whose rows stand apart, and such that are added to what is there.

use super::bench::Bench;
use crate::engine::on_devices::on_every_gpu;
use crate::golden::close;
use crate::gpu::driver::Driver;
use crate::gpu::{Product, Recorder};

const TOLERANCE: f32 = 1e-6;

/// So many different numbers around 0.
fn numbers(count: usize, factor: usize) -> Vec<f32> {
    let number = |i: usize| (i * factor % 23) as f32 / 8.0 - 1.25;
    (0..count).map(number).collect()
}

/// What `c` becomes.
fn expected(product: &Product, a: &[f32], b: &[f32], c: &[f32]) -> Vec<f32> {
    let [of_a, of_b, of_c] = product.row_strides();
    let mut c = c.to_vec();
    for i in 0..product.m {
        for j in 0..product.n {
            let left = |l| match product.transpose_a {
                true => a[l * of_a + i],
                false => a[i * of_a + l],
            };
            let right = |l| match product.transpose_b {
                true => b[j * of_b + l],
                false => b[l * of_b + j],
            };
            let sum: f32 = (0..product.k).map(|l| left(l) * right(l)).sum();
            let at = &mut c[i * of_c + j];
            *at = if product.accumulate { *at + sum } else { sum };
        }
    }
    c
}

fn every_kind<D: Driver>(device: &D::Device) {
    let bench = Bench::<D>::new(device);
    let strides = [
        [None; 3],
        [Some(40), None, None],
        [None, Some(31), None],
        [None, None, Some(50)],
        [Some(19), Some(70), Some(20)],
    ];
    for (kind, strides) in (0..8).flat_map(|kind| strides.map(|strides| (kind, strides))) {
        let mut product = Product {
            m: 9,
            n: 17,
            k: 13,
            transpose_a: kind & 1 != 0,
            transpose_b: kind & 2 != 0,
            accumulate: kind & 4 != 0,
            strides,
            ..Product::default()
        };
        let [a, b, c] = product.extents();
        let (a, b, c) = (numbers(a, 7), numbers(b, 5), numbers(c, 3));
        let expected = expected(&product, &a, &b, &c);
        let [a, b, c] = [&a, &b, &c].map(|numbers| bench.floats(numbers));
        [product.a, product.b, product.c] = [&a, &b, &c].map(|piece| piece.start());
        let mut to = Recorder::default();
        to.product(product);
        bench.run(to);
        close(&format!("{product:?}"), &c.read(), &expected, TOLERANCE);
    }
}

on_every_gpu!(products_with_rows_apart, every_kind);
