use crate::kernels::gemm::{Along, Matrix, Product};
use crate::kernels::simd::tests::{Numbers, for_each_level};
use std::sync::Mutex;

/// `C` as it is taken. No float may be taken twice.
fn taken(product: &Product<'_>, len: usize, places: usize) -> Vec<f32> {
    let c = Mutex::new(vec![None; len]);
    // Any address may be asked for.
    let along = vec![Along::new(std::ptr::null()); places];
    product.run_in_blocks(&along, &|start, values| {
        let mut c = c.lock().unwrap();
        for (i, &value) in values.iter().enumerate() {
            assert!(c[start + i].replace(value).is_none(), "{} twice", start + i);
        }
    });
    let all = c.into_inner().unwrap().into_iter();
    all.map(|value| value.expect("every float is taken"))
        .collect()
}

#[test]
#[cfg_attr(miri, ignore = "slow")]
fn blocks_equal_the_whole_bit_for_bit() {
    for_each_level(|level| {
        for (m, k, n, places) in [
            (1, 1, 1, 1),
            (3, 0, 5, 2),
            (40, 7, 70, 3),
            (130, 24, 300, 1),
            // Enough rows that the whole is summed in as many parts.
            (40, 300, 100, 5),
            // Several blocks beside each other, and several packed one after the other.
            (30, 9, 9_001, 3),
            (33, 520, 9_000, 3),
        ] {
            let mut numbers = Numbers::new(7);
            let (a, b) = (numbers.vec(k * m), numbers.vec(k * n));
            let product = Product::new(Matrix::new(&a, k, m).t(), Matrix::new(&b, k, n));
            let mut whole = vec![f32::NAN; m * n];
            product.run(&mut whole, n);
            let blocks = taken(&product, m * n, places);
            let bits = |x: &[f32]| x.iter().map(|x| x.to_bits()).collect::<Vec<u32>>();
            assert!(bits(&whole) == bits(&blocks), "{level:?}: {m} x {k} x {n}");
        }
    });
}

#[test]
fn nothing_is_taken_of_an_empty_product() {
    let product = Product::new(Matrix::new(&[], 0, 3), Matrix::new(&[0.0; 6], 3, 2));
    assert!(taken(&product, 0, 1).is_empty());
}
