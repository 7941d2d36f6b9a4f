use super::*;
use crate::kernels::convolution::tests::{Case, cases, channels, check, images};
use crate::kernels::properties::{holds_at_each_level, pairs};
use crate::kernels::simd::tests::Numbers;
use proptest::prelude::*;

/// Windows that overlap, that touch, that leave gaps, and that are cut off; or more than the whole of all windows.
fn mirrors() -> impl Strategy<Value = Convolution> {
    let shapes = (images(), pairs(1..=6), pairs(1..=3), channels());
    (shapes, pairs(0..=2), pairs(0..=5), pairs(0..=5)).prop_map(
        |((from, kernel, strides, (channels, filters)), more, before, behind)| {
            let side = |n: usize, k: usize, s: usize, more: usize, before: usize, behind: usize| {
                let (before, behind) = (before.min(k / 2), behind.min(k / 2));
                let whole = (n - 1) * s + k + more;
                (whole.saturating_sub(before + behind).max(1), before)
            };
            let height = side(from.0, kernel.0, strides.0, more.0, before.0, behind.0);
            let width = side(from.1, kernel.1, strides.1, more.1, before.1, behind.1);
            Convolution {
                input: (height.0, width.0),
                output: from,
                kernel,
                strides,
                padding: (height.1, width.1),
                channels,
                filters,
            }
        },
    )
}

fn check_transpose(case: &Case) {
    let layer = TransposedConvolution::of(case.conv);
    let memory = (layer.packed_len(), layer.scratch_len());
    check(case, &layer, true, memory);
}

#[test]
fn transposed_convolutions_of_all_shapes() {
    holds_at_each_level(300, cases(mirrors()), |case| check_transpose(&case));
}

#[test]
fn a_bias_of_zeros_is_none() {
    holds_at_each_level(40, cases(mirrors()), |case| {
        let Case {
            conv,
            rows,
            relu,
            seed,
            ..
        } = case;
        let layer = TransposedConvolution::of(conv);
        let mut numbers = Numbers::new(seed);
        let (x, kernel) = (
            numbers.vec(rows * conv.output_len()),
            numbers.vec(conv.kernel_len()),
        );
        let zeros = vec![0.0; conv.channels];
        let outputs = [None, Some(&zeros[..])].map(|bias| {
            let mut packed = vec![f32::NAN; layer.packed_len()];
            let mut scratch = vec![f32::NAN; layer.scratch_len()];
            let mut y = vec![f32::NAN; rows * conv.input_len()];
            layer.pack(&kernel, bias, true, &mut packed);
            layer.forward(rows, &x, &packed, relu, &mut y, &mut scratch);
            y
        });
        assert_eq!(outputs[0], outputs[1]);
    });
}
