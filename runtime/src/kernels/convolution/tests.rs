use super::winograd::FEWEST_CHANNELS;
use super::*;
use crate::kernels::properties::{holds_at_each_level, pairs, widths};
use crate::kernels::reference::{Sum, assert_sums, assert_sums_of_neighbours, convolution_terms};
use crate::kernels::simd::tests::{Numbers, for_each_level};
use proptest::prelude::*;

/// A convolution, or the way back through one, with everything that a layer may choose.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) conv: Convolution,
    pub(super) rows: usize,
    pub(super) relu: bool,
    pub(super) bias: bool,
    pub(super) seed: u64,
}

/// Every choice beside the shapes, for shapes that are made small enough to be computed from the definition.
pub(super) fn cases(conv: impl Strategy<Value = Convolution>) -> impl Strategy<Value = Case> {
    let rows = 1..=3_usize;
    let rest = (rows, any::<bool>(), any::<bool>(), any::<u64>());
    (conv, rest).prop_map(|(mut conv, (mut rows, relu, bias, seed))| {
        let most = if cfg!(miri) { 2_000 } else { 200_000 };
        let products = |conv: &Convolution, rows: usize| {
            rows * conv.kernel_len() * conv.output.0 * conv.output.1
        };
        while products(&conv, rows) > most {
            match (rows, conv.channels, conv.filters) {
                (2.., ..) => rows -= 1,
                (_, channels, filters) if channels >= filters => conv.channels = channels / 2 + 1,
                (_, _, filters) => conv.filters = filters / 2 + 1,
            }
            if conv.channels + conv.filters <= 4 {
                break;
            }
        }
        Case {
            conv,
            rows,
            relu,
            bias,
            seed,
        }
    })
}

/// Images from those of one pixel to those that are wider than any tile.
pub(super) fn images() -> impl Strategy<Value = (usize, usize)> {
    let small = if cfg!(miri) { 4 } else { 10 };
    let wide = if cfg!(miri) { 6 } else { 44_usize };
    prop_oneof![3 => pairs(1..=small), 1 => (1..=4_usize, 1..=wide)]
}

/// Channels of input and output.
pub(super) fn channels() -> impl Strategy<Value = (usize, usize)> {
    let most = if cfg!(miri) { 5 } else { 70 };
    (widths(most), widths(most))
}

/// Windows at any place: inside, over the edge as Keras has it, and with paddings of their own.
fn convolutions() -> impl Strategy<Value = Convolution> {
    let shapes = (images(), pairs(1..=5), pairs(1..=3), channels());
    (shapes, 0..3, pairs(0..=4), pairs(0..=4)).prop_map(
        |((image, kernel, strides, (channels, filters)), kind, before, behind)| {
            let larger = (image.0 + kernel.0 - 1, image.1 + kernel.1 - 1);
            match kind {
                // The image of a `same` convolution may be smaller than the window.
                0 => Convolution::same(image, kernel, strides, channels, filters),
                1 => Convolution::valid(larger, kernel, strides, channels, filters),
                _ => {
                    let side = |n: usize, k: usize, s: usize, before: usize, behind: usize| {
                        let (before, behind) = (before.min(k - 1), behind.min(k - 1));
                        ((n + before + behind - k) / s + 1, before)
                    };
                    let height = side(larger.0, kernel.0, strides.0, before.0, behind.0);
                    let width = side(larger.1, kernel.1, strides.1, before.1, behind.1);
                    Convolution {
                        output: (height.0, width.0),
                        padding: (height.1, width.1),
                        ..Convolution::valid(larger, kernel, strides, channels, filters)
                    }
                }
            }
        },
    )
}

/// Compares all passes with their definition. `transposed` is whether `layer` goes from the output of `case.conv` to its
/// input; `packed` and `scratch` are how much memory it asks for.
pub(super) fn check(
    case: &Case,
    layer: &impl Passes,
    transposed: bool,
    (packed, scratch): (usize, usize),
) {
    let Case { conv, rows, .. } = case;
    let mut numbers = Numbers::new(case.seed);
    let ends = (rows * conv.input_len(), rows * conv.output_len());
    let ((x_len, y_len), channels_out) = match transposed {
        false => (ends, conv.filters),
        true => ((ends.1, ends.0), conv.channels),
    };
    let (x, dy) = (numbers.vec(x_len), numbers.vec(y_len));
    let is_winograd = !transposed && Winograd::of(conv).is_some();
    let assert_sums = match is_winograd {
        true => assert_sums_of_neighbours,
        false => assert_sums,
    };
    let kernel = numbers.vec(conv.kernel_len());
    let bias = case.bias.then(|| numbers.vec(channels_out));
    let terms = |visit: &mut dyn FnMut(usize, usize, usize)| {
        convolution_terms(conv, *rows, |weight, from, to| match transposed {
            false => visit(weight, from, to),
            true => visit(weight, to, from),
        });
    };

    let mut want_y = vec![Sum::default(); y_len];
    for (i, y) in want_y.iter_mut().enumerate() {
        y.add(bias.as_ref().map_or(0.0, |bias| bias[i % channels_out]));
    }
    terms(&mut |weight, x_at, y_at| want_y[y_at].add_product(kernel[weight], x[x_at]));
    if case.relu {
        want_y.iter_mut().for_each(Sum::relu);
    }

    // Not a single float more than is asked for, and nothing sensible in it.
    let mut packed = vec![f32::NAN; packed];
    let mut scratch = vec![f32::NAN; scratch];
    layer.pack(&kernel, bias.as_deref(), true, &mut packed);
    let mut y = vec![f32::NAN; y_len];
    layer.forward(*rows, &x, &packed, case.relu, &mut y, &mut scratch);
    assert_sums(&y, &want_y, "y");

    // A maximum with zero lets through what it has let through.
    let dz = |at: usize| match case.relu {
        true if y[at] <= 0.0 => 0.0,
        _ => dy[at],
    };
    let (old_kernel, old_bias) = (numbers.vec(kernel.len()), numbers.vec(channels_out));
    let start = |old: &f32| {
        let mut sum = Sum::default();
        sum.add(*old);
        sum
    };
    let mut want_dx = vec![Sum::default(); x_len];
    let mut want_kernel: Vec<Sum> = old_kernel.iter().map(start).collect();
    let mut want_bias: Vec<Sum> = old_bias.iter().map(start).collect();
    terms(&mut |weight, x_at, y_at| {
        want_kernel[weight].add_product(dz(y_at), x[x_at]);
        want_dx[x_at].add_product(dz(y_at), kernel[weight]);
    });
    (0..y_len).for_each(|at| want_bias[at % channels_out].add(dz(at)));

    let (mut dx, mut d_kernel, mut d_bias) = (vec![f32::NAN; x_len], old_kernel.clone(), old_bias);
    scratch.fill(f32::NAN);
    let masked_by = case.relu.then_some(&y[..]);
    layer.backward(
        *rows,
        &x,
        masked_by,
        &dy,
        &packed,
        Some(&mut dx),
        &mut d_kernel,
        Some(&mut d_bias),
        &mut scratch,
    );
    assert_sums(&dx, &want_dx, "dx");
    assert_sums(&d_kernel, &want_kernel, "d_kernel");
    assert_sums(&d_bias, &want_bias, "d_bias");

    // Without the optional results the others are the same.
    let mut again = old_kernel;
    scratch.fill(f32::NAN);
    layer.backward(
        *rows,
        &x,
        masked_by,
        &dy,
        &packed,
        None,
        &mut again,
        None,
        &mut scratch,
    );
    assert_eq!(again, d_kernel);
}

/// Windows of 3 x 3 at any place, with enough channels for Winograd's products.
fn winograd_convolutions() -> impl Strategy<Value = Convolution> {
    let most = if cfg!(miri) { 9 } else { 70 };
    let channels = (FEWEST_CHANNELS..=most, FEWEST_CHANNELS..=most);
    let shapes = (images(), channels, pairs(0..=2), pairs(0..=2));
    shapes.prop_map(|(output, (channels, filters), before, behind)| {
        let input =
            |n: usize, before: usize, behind: usize| (n + 2).saturating_sub(before + behind);
        Convolution {
            input: (
                input(output.0, before.0, behind.0).max(1),
                input(output.1, before.1, behind.1).max(1),
            ),
            output,
            kernel: (3, 3),
            strides: (1, 1),
            padding: before,
            channels,
            filters,
        }
    })
}

#[test]
fn winograd_convolutions_of_all_shapes() {
    holds_at_each_level(300, cases(winograd_convolutions()), |case| {
        let memory = (case.conv.packed_len(), case.conv.scratch_len());
        check(&case, &case.conv, false, memory);
    });
}

/// With this many channels the gradient of the kernel comes from the definition.
#[test]
#[cfg_attr(miri, ignore = "millions of products")]
fn winograd_convolutions_of_many_channels() {
    let conv = Convolution::same((5, 6), (3, 3), (1, 1), 97, 96);
    assert!(Winograd::of(&conv).is_some_and(|winograd| !winograd.makes_kernel_gradients()));
    for_each_level(|_| {
        let case = Case {
            conv,
            rows: 2,
            relu: true,
            bias: true,
            seed: 3,
        };
        check(&case, &conv, false, (conv.packed_len(), conv.scratch_len()));
    });
}

/// How far the results of Winograd's products are from the definition, compared to plain sums in single precision.
#[test]
fn winograd_rounds_about_as_well_as_the_definition() {
    let conv = Convolution::valid((26, 26), (3, 3), (1, 1), 16, 16);
    let mut numbers = Numbers::new(11);
    let (x, kernel) = (
        numbers.vec(conv.input_len()),
        numbers.vec(conv.kernel_len()),
    );
    let mut packed = vec![0.0; conv.packed_len()];
    let mut scratch = vec![0.0; conv.scratch_len()];
    let mut y = vec![0.0; conv.output_len()];
    conv.pack(&kernel, None, false, &mut packed);
    conv.forward(1, &x, &packed, false, &mut y, &mut scratch);
    let mut exact = vec![Sum::default(); y.len()];
    let mut plain = vec![0.0_f32; y.len()];
    convolution_terms(&conv, 1, |weight, from, to| {
        exact[to].add_product(kernel[weight], x[from]);
        plain[to] += kernel[weight] * x[from];
    });
    let error = |y: &[f32]| {
        let squares = y
            .iter()
            .zip(&exact)
            .map(|(&y, exact)| (f64::from(y) - exact.value).powi(2));
        (squares.sum::<f64>() / y.len() as f64).sqrt()
    };
    let (winograd, plain) = (error(&y), error(&plain));
    assert!(winograd < 2.0 * plain, "{winograd:e} and {plain:e}");
}

#[test]
fn convolutions_of_all_shapes() {
    holds_at_each_level(300, cases(convolutions()), |case| {
        let memory = (case.conv.packed_len(), case.conv.scratch_len());
        check(&case, &case.conv, false, memory);
    });
}

#[test]
fn keras_same_padding_puts_the_odd_zero_last() {
    let conv = Convolution::same((6, 5), (2, 4), (1, 2), 1, 1);
    assert_eq!((conv.output, conv.padding), ((6, 3), (0, 1)));
    let conv = Convolution::same((6, 6), (3, 3), (2, 2), 1, 1);
    assert_eq!((conv.output, conv.padding), ((3, 3), (0, 0)));
}
