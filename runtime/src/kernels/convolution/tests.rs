use super::super::simd::tests::{Numbers, assert_close, for_each_level};
use super::*;

/// Everything one convolution gives.
struct Results<T> {
    y: Vec<T>,
    dx: Vec<T>,
    d_kernel: Vec<T>,
    d_bias: Vec<T>,
}

/// From the definition, in double precision.
fn expected(
    conv: &Convolution,
    rows: usize,
    (x, dy): (&[f32], &[f32]),
    (kernel, bias): (&[f32], &[f32]),
    relu: bool,
) -> Results<f64> {
    let mut out = Results {
        y: vec![0.0; dy.len()],
        dx: vec![0.0; x.len()],
        d_kernel: vec![0.0; kernel.len()],
        d_bias: vec![0.0; bias.len()],
    };
    for pixel in 0..rows * conv.output.0 * conv.output.1 {
        let (sample, place) = (
            pixel / (conv.output.0 * conv.output.1),
            pixel % (conv.output.0 * conv.output.1),
        );
        let (row, column) = (place / conv.output.1, place % conv.output.1);
        for (f, &bias) in bias.iter().enumerate() {
            // (weight, input) of every product.
            let mut products = vec![];
            for i in 0..conv.kernel.0 {
                for j in 0..conv.kernel.1 {
                    let y = (row * conv.strides.0 + i).checked_sub(conv.padding.0);
                    let x = (column * conv.strides.1 + j).checked_sub(conv.padding.1);
                    let (Some(y), Some(x)) = (y, x) else { continue };
                    if y >= conv.input.0 || x >= conv.input.1 {
                        continue;
                    }
                    for c in 0..conv.channels {
                        let at = (sample * conv.input.0 + y) * conv.input.1 + x;
                        let weight = (i * conv.kernel.1 + j) * conv.channels + c;
                        products.push((weight * conv.filters + f, at * conv.channels + c));
                    }
                }
            }
            let at = pixel * conv.filters + f;
            let sum: f64 = products
                .iter()
                .map(|&(w, i)| f64::from(kernel[w]) * f64::from(x[i]))
                .sum();
            let sum = sum + f64::from(bias);
            out.y[at] = if relu { sum.max(0.0) } else { sum };
            if relu && sum <= 0.0 {
                continue;
            }
            let dy = f64::from(dy[at]);
            out.d_bias[f] += dy;
            for (w, i) in products {
                out.d_kernel[w] += dy * f64::from(x[i]);
                out.dx[i] += dy * f64::from(kernel[w]);
            }
        }
    }
    out
}

fn check(conv: &Convolution, rows: usize, relu: bool, numbers: &mut Numbers) {
    let what = format!("{conv:?}, {rows} rows, relu {relu}");
    let (x, dy) = (
        numbers.vec(rows * conv.input_len()),
        numbers.vec(rows * conv.output_len()),
    );
    let (kernel, bias) = (numbers.vec(conv.kernel_len()), numbers.vec(conv.filters));
    let want = expected(conv, rows, (&x, &dy), (&kernel, &bias), relu);

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
    let tolerance = 2e-6 * (conv.kernel.0 * conv.kernel.1 * conv.channels + 8) as f64;
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
}

#[test]
fn small_convolutions() {
    let mut numbers = Numbers::new(16);
    for_each_level(|_| {
        check(
            &Convolution::valid((4, 4), (3, 3), (1, 1), 1, 2),
            2,
            true,
            &mut numbers,
        );
        check(
            &Convolution::same((4, 3), (3, 2), (1, 1), 2, 3),
            1,
            false,
            &mut numbers,
        );
        check(
            &Convolution::same((5, 4), (3, 3), (2, 2), 2, 1),
            1,
            true,
            &mut numbers,
        );
        check(
            &Convolution::valid((5, 5), (2, 1), (3, 2), 1, 1),
            1,
            false,
            &mut numbers,
        );
        check(
            &Convolution::valid((3, 3), (1, 1), (1, 1), 3, 9),
            1,
            false,
            &mut numbers,
        );
    });
}

#[test]
#[cfg_attr(miri, ignore = "slow")]
fn convolutions_of_all_shapes() {
    let mut numbers = Numbers::new(17);
    for_each_level(|_| {
        for round in 0..120 {
            let n = &mut numbers;
            let mut two = |low, high| (n.between(low, high), n.between(low, high));
            let (kernel, strides, more) = (two(1, 5), two(1, 3), two(0, 8));
            let ((channels, filters), (rows, relu)) = (two(1, 40), two(1, 3));
            let (small, relu) = (round % 3 == 0, relu % 2 == 0);
            let channels = if small { 1 + channels % 3 } else { channels };
            let input = (kernel.0 + more.0, kernel.1 + more.1);
            let valid = Convolution::valid(input, kernel, strides, channels, filters);
            check(&valid, rows, relu, n);
            // The image of a `same` convolution may be smaller than the window.
            let input = (1 + more.0, 1 + more.1);
            let same = Convolution::same(input, kernel, strides, channels, filters);
            check(&same, rows, relu, n);
        }
        // All widths of a tile, and more.
        for width in 1..40 {
            for (channels, filters) in [(1, 16), (16, 17), (8, 64), (3, 33)] {
                let conv = Convolution::valid((3, width + 2), (3, 3), (1, 1), channels, filters);
                check(&conv, 1, false, &mut numbers);
            }
        }
    });
}

#[test]
fn keras_same_padding_puts_the_odd_zero_last() {
    let conv = Convolution::same((6, 5), (2, 4), (1, 2), 1, 1);
    assert_eq!((conv.output, conv.padding), ((6, 3), (0, 1)));
    let conv = Convolution::same((6, 6), (3, 3), (2, 2), 1, 1);
    assert_eq!((conv.output, conv.padding), ((3, 3), (0, 0)));
}

#[test]
fn explicit_padding() {
    let mut numbers = Numbers::new(18);
    let conv = Convolution {
        padding: (2, 1),
        output: (4, 3),
        ..Convolution::valid((4, 4), (3, 3), (2, 2), 2, 3)
    };
    for_each_level(|_| check(&conv, 2, true, &mut numbers));
}
