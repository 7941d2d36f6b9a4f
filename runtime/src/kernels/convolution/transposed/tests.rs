use super::*;
use crate::kernels::simd::tests::{Numbers, assert_close, for_each_level};

/// Everything one transposed convolution gives.
struct Results<T> {
    y: Vec<T>,
    dx: Vec<T>,
    d_kernel: Vec<T>,
    d_bias: Vec<T>,
}

/// A product of the definition: which weight times which input is a part of which output.
struct Term {
    weight: usize,
    x: usize,
    y: usize,
}

/// From the definition: each pixel of the input strews its values, times the kernel, over a window of the output.
fn terms(mirror: &Convolution, rows: usize) -> Vec<Term> {
    let (from, to) = (mirror.output, mirror.input);
    let mut terms = vec![];
    for pixel in 0..rows * from.0 * from.1 {
        let (sample, row) = (pixel / (from.0 * from.1), pixel / from.1 % from.0);
        let column = pixel % from.1;
        for tap in 0..mirror.kernel.0 * mirror.kernel.1 {
            let (i, j) = (tap / mirror.kernel.1, tap % mirror.kernel.1);
            let y = (row * mirror.strides.0 + i).checked_sub(mirror.padding.0);
            let x = (column * mirror.strides.1 + j).checked_sub(mirror.padding.1);
            let (Some(y), Some(x)) = (y, x) else { continue };
            if y >= to.0 || x >= to.1 {
                continue;
            }
            for f in 0..mirror.channels {
                for c in 0..mirror.filters {
                    terms.push(Term {
                        weight: (tap * mirror.channels + f) * mirror.filters + c,
                        x: pixel * mirror.filters + c,
                        y: ((sample * to.0 + y) * to.1 + x) * mirror.channels + f,
                    });
                }
            }
        }
    }
    terms
}

/// All results in double precision.
fn expected(
    mirror: &Convolution,
    rows: usize,
    (x, dy): (&[f32], &[f32]),
    (kernel, bias): (&[f32], &[f32]),
    relu: bool,
) -> Results<f64> {
    let terms = terms(mirror, rows);
    let mut out = Results {
        y: (0..dy.len())
            .map(|i| f64::from(bias[i % bias.len()]))
            .collect(),
        dx: vec![0.0; x.len()],
        d_kernel: vec![0.0; kernel.len()],
        d_bias: vec![0.0; bias.len()],
    };
    for t in &terms {
        out.y[t.y] += f64::from(kernel[t.weight]) * f64::from(x[t.x]);
    }
    let mut dz: Vec<f64> = dy.iter().map(|&dy| f64::from(dy)).collect();
    if relu {
        for (y, dz) in out.y.iter_mut().zip(&mut dz) {
            if *y <= 0.0 {
                (*y, *dz) = (0.0, 0.0);
            }
        }
    }
    for (i, dz) in dz.iter().enumerate() {
        out.d_bias[i % bias.len()] += dz;
    }
    for t in &terms {
        out.d_kernel[t.weight] += dz[t.y] * f64::from(x[t.x]);
        out.dx[t.x] += dz[t.y] * f64::from(kernel[t.weight]);
    }
    out
}

fn check(mirror: Convolution, rows: usize, relu: bool, numbers: &mut Numbers) {
    let what = format!("the transpose of {mirror:?}, {rows} rows, relu {relu}");
    let conv = TransposedConvolution::of(mirror);
    let (x, dy) = (
        numbers.vec(rows * mirror.output_len()),
        numbers.vec(rows * mirror.input_len()),
    );
    let (kernel, bias) = (
        numbers.vec(mirror.kernel_len()),
        numbers.vec(mirror.channels),
    );
    let want = expected(&mirror, rows, (&x, &dy), (&kernel, &bias), relu);

    let mut packed = vec![f32::NAN; conv.packed_len()];
    // Not a single float more than promised, and nothing sensible in it.
    let mut scratch = vec![f32::NAN; conv.scratch_len()];
    conv.pack(&kernel, Some(&bias), &mut packed);
    let mut got = Results {
        y: vec![f32::NAN; dy.len()],
        dx: vec![f32::NAN; x.len()],
        d_kernel: vec![1.0; kernel.len()],
        d_bias: vec![1.0; bias.len()],
    };
    conv.forward(rows, &x, &packed, relu, &mut got.y, &mut scratch);
    let terms_of_one = mirror.kernel.0 * mirror.kernel.1 * mirror.filters;
    let tolerance = 2e-6 * (terms_of_one + 8) as f64;
    assert_close(&got.y, &want.y, tolerance, &format!("y of {what}"));

    scratch.fill(f32::NAN);
    let y = relu.then_some(&got.y[..]);
    let (d_kernel, d_bias) = (&mut got.d_kernel, Some(&mut got.d_bias[..]));
    conv.backward(
        rows,
        &x,
        y,
        &dy,
        &packed,
        Some(&mut got.dx),
        d_kernel,
        d_bias,
        &mut scratch,
    );
    let plus_one = |x: Vec<f64>| x.iter().map(|x| x + 1.0).collect::<Vec<_>>();
    assert_close(&got.dx, &want.dx, 1e-4, &format!("dx of {what}"));
    let (d_kernel, d_bias) = (plus_one(want.d_kernel), plus_one(want.d_bias));
    assert_close(
        &got.d_kernel,
        &d_kernel,
        1e-4,
        &format!("d_kernel of {what}"),
    );
    assert_close(&got.d_bias, &d_bias, 1e-4, &format!("d_bias of {what}"));

    // Without the optional results the others are the same.
    let mut again = vec![1.0; kernel.len()];
    conv.backward(
        rows,
        &x,
        y,
        &dy,
        &packed,
        None,
        &mut again,
        None,
        &mut scratch,
    );
    assert_eq!(again, got.d_kernel);
    // Nor does it matter whether there is a bias of zeros or none.
    let mut without = vec![f32::NAN; dy.len()];
    conv.pack(&kernel, Some(&vec![0.0; bias.len()]), &mut packed);
    conv.forward(rows, &x, &packed, relu, &mut got.y, &mut scratch);
    conv.pack(&kernel, None, &mut packed);
    conv.forward(rows, &x, &packed, relu, &mut without, &mut scratch);
    assert_eq!(without, got.y);
}

/// From `input` to `output`, the first `padding` rows and columns of the windows cut off.
fn mirror(
    input: (usize, usize),
    output: (usize, usize),
    kernel: (usize, usize),
    strides: (usize, usize),
    padding: (usize, usize),
    (channels, filters): (usize, usize),
) -> Convolution {
    Convolution {
        input: output,
        output: input,
        kernel,
        strides,
        padding,
        channels: filters,
        filters: channels,
    }
}

#[test]
fn small_transposed_convolutions() {
    let mut numbers = Numbers::new(26);
    for_each_level(|_| {
        // Windows that overlap, that touch, that leave gaps, and that are cut off.
        let cases = [
            mirror((3, 3), (7, 7), (3, 3), (2, 2), (0, 0), (2, 3)),
            mirror((2, 3), (4, 6), (2, 2), (2, 2), (0, 0), (1, 9)),
            mirror((2, 2), (6, 5), (1, 2), (3, 3), (0, 0), (3, 1)),
            mirror((3, 2), (6, 4), (3, 3), (2, 2), (0, 0), (2, 2)),
            mirror((3, 3), (3, 3), (3, 3), (1, 1), (1, 1), (3, 2)),
            mirror((1, 1), (5, 5), (5, 5), (2, 2), (0, 0), (4, 1)),
        ];
        for (i, case) in cases.into_iter().enumerate() {
            check(case, 1 + i % 2, i % 2 == 0, &mut numbers);
        }
    });
}

#[test]
#[cfg_attr(miri, ignore = "slow")]
fn transposed_convolutions_of_all_shapes() {
    let mut numbers = Numbers::new(27);
    for_each_level(|_| {
        for round in 0..150 {
            let n = &mut numbers;
            let mut two = |low, high| (n.between(low, high), n.between(low, high));
            let (input, kernel, strides) = (two(1, 6), two(1, 6), two(1, 3));
            let ((channels, filters), (rows, relu)) = (two(1, 40), two(1, 3));
            let filters = if round % 3 == 0 {
                1 + filters % 4
            } else {
                filters
            };
            let channels = if round % 5 == 0 {
                1 + channels % 3
            } else {
                channels
            };
            let (extra, cut) = (two(0, 2), (two(0, 5), two(0, 5)));
            // Anything from the whole of the windows and some more to a part of them.
            let side = |n: usize, k: usize, s: usize, extra: usize, cut: (usize, usize)| {
                let (before, behind) = (cut.0.min(k / 2), cut.1.min(k / 2));
                (
                    ((n - 1) * s + k + extra)
                        .saturating_sub(before + behind)
                        .max(1),
                    before,
                )
            };
            let (height, top) = side(input.0, kernel.0, strides.0, extra.0, cut.0);
            let (width, left) = side(input.1, kernel.1, strides.1, extra.1, cut.1);
            let case = mirror(
                input,
                (height, width),
                kernel,
                strides,
                (top, left),
                (channels, filters),
            );
            check(case, rows, relu % 2 == 0, n);
        }
        // All widths of a tile, and more.
        for width in 1..30 {
            for sizes in [(1, 16), (16, 1), (8, 3), (3, 33)] {
                let output = (7, 2 * width + 3);
                let case = mirror((2, width), output, (5, 5), (2, 2), (0, 0), sizes);
                check(case, 1, false, &mut numbers);
            }
        }
    });
}
