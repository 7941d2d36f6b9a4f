use super::*;
use crate::kernels::properties::holds_at_each_level;
use crate::kernels::simd::tests::{Numbers, assert_close, for_each_level};
use proptest::prelude::*;

const FUNCTIONS: [Function; 4] = [
    Function::Linear,
    Function::Relu,
    Function::Sigmoid,
    Function::Tanh,
];

fn forward(function: Function, x: f64) -> f64 {
    match function {
        Function::Linear => x,
        Function::Relu => x.max(0.0),
        Function::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Function::Tanh => x.tanh(),
    }
}

fn slope(function: Function, y: f64) -> f64 {
    match function {
        Function::Linear => 1.0,
        Function::Relu => f64::from(u8::from(y > 0.0)),
        Function::Sigmoid => y * (1.0 - y),
        Function::Tanh => 1.0 - y * y,
    }
}

/// Layers of these widths, each with its parameters behind those of the one before it. Functions come in turn, from the
/// given one on, and every second layer has a bias.
fn layers(widths: &[usize], first: usize) -> (Vec<NarrowDense>, usize) {
    let mut end = 3;
    let layers = widths.windows(2).enumerate().map(|(i, pair)| {
        let kernel = end;
        let bias = kernel + pair[0] * pair[1];
        end = bias + pair[1] + 2;
        NarrowDense {
            features: pair[0],
            units: pair[1],
            function: FUNCTIONS[(i + first) % 4],
            kernel,
            bias: (i + first / 4).is_multiple_of(2).then_some(bias),
            d_kernel: kernel + 1,
            d_bias: bias + 1,
        }
    });
    (layers.collect(), end + 1)
}

/// The answer for one sample, and what the layers give before it.
fn answer(layers: &[NarrowDense], parameters: &[f32], x: &[f32]) -> Vec<Vec<f64>> {
    let mut values = vec![x.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>()];
    for layer in layers {
        let x = &values[values.len() - 1];
        let y = (0..layer.units).map(|u| {
            let bias = layer.bias.map_or(0.0, |b| f64::from(parameters[b + u]));
            let product =
                |f: usize| x[f] * f64::from(parameters[layer.kernel + f * layer.units + u]);
            forward(
                layer.function,
                bias + (0..layer.features).map(product).sum::<f64>(),
            )
        });
        let y = y.collect();
        values.push(y);
    }
    values
}

/// Adds what one sample brings to the gradients.
fn gradients_of(
    layers: &[NarrowDense],
    parameters: &[f32],
    values: &[Vec<f64>],
    mut d_y: Vec<f64>,
    gradients: &mut [f64],
) {
    for (layer, pair) in layers.iter().zip(values.windows(2)).rev() {
        let (x, y) = (&pair[0], &pair[1]);
        for (d, &y) in d_y.iter_mut().zip(y) {
            *d *= slope(layer.function, y);
        }
        let mut d_x = vec![0.0; layer.features];
        for (u, &d) in d_y.iter().enumerate() {
            if layer.bias.is_some() {
                gradients[layer.d_bias + u] += d;
            }
            for f in 0..layer.features {
                gradients[layer.d_kernel + f * layer.units + u] += x[f] * d;
                d_x[f] += f64::from(parameters[layer.kernel + f * layer.units + u]) * d;
            }
        }
        d_y = d_x;
    }
}

/// Widths that make a chain.
fn widths() -> impl Strategy<Value = Vec<usize>> {
    let width = prop_oneof![1..=5_usize, 1..=WIDEST, Just(WIDEST)];
    prop::collection::vec(width, 2..=7).prop_map(|mut widths| {
        while widths.iter().sum::<usize>() > MOST {
            widths.pop();
        }
        widths
    })
}

#[test]
fn a_pass_agrees_with_plain_loops() {
    let rows = prop::collection::vec(0..120_u32, 1..=if cfg!(miri) { 34 } else { 100_usize });
    let inputs = (widths(), 0..8_usize, rows, any::<u64>());
    holds_at_each_level(100, inputs, |(widths, first, rows, seed)| {
        let mut numbers = Numbers::new(seed);
        let (layers, len) = layers(&widths, first);
        let chain = Chain::new(layers.clone(), false).unwrap();
        let parameters = numbers.vec(len);
        let x = numbers.vec(widths[0] * 120);
        let before = numbers.vec(len);
        let mut gradients = before.clone();
        let mut expected: Vec<f64> = before.iter().map(|&g| f64::from(g)).collect();
        let mut seen = 0;
        let mut head = |block: Block<'_>| {
            assert_eq!(block.first, seen);
            let d_z = block.d_z.unwrap();
            for row in 0..block.rows {
                let sample = rows[block.first + row] as usize * widths[0];
                let values = answer(&layers, &parameters, &x[sample..][..widths[0]]);
                let column = |u: usize| block.z[u * BLOCK + row];
                let got: Vec<f32> = (0..chain.units()).map(column).collect();
                assert_close(&got, &values[values.len() - 1], 1e-4, "answers");
                // A gradient that differs from number to number.
                let d_y: Vec<f64> = (0..chain.units())
                    .map(|u| 0.1 * (u + row) as f64 - 1.0)
                    .collect();
                for (u, &d) in d_y.iter().enumerate() {
                    d_z[u * BLOCK + row] = d as f32;
                }
                gradients_of(&layers, &parameters, &values, d_y, &mut expected);
            }
            seen += block.rows;
        };
        Pass {
            chain: &chain,
            parameters: &parameters,
            x: &x,
            rows: &rows,
            gradients: Some(&mut gradients),
            head: &mut head,
        }
        .run();
        assert_eq!(seen, rows.len());
        // Sums over many rows, in which large terms may cancel.
        let largest = expected.iter().fold(1.0_f64, |most, g| most.max(g.abs()));
        for (i, (&got, want)) in gradients.iter().zip(expected).enumerate() {
            let close = (f64::from(got) - want).abs() <= 1e-4 * largest;
            assert!(close, "gradients: at {i} got {got}, want {want}");
        }
    });
}

#[test]
fn what_is_too_wide_is_no_chain() {
    assert!(Chain::new(layers(&[3, 17, 2], 0).0, false).is_none());
    assert!(Chain::new(layers(&[16; 7], 0).0, false).is_none());
    assert!(Chain::new(Vec::new(), false).is_none());
    let [mut wrong, rest] = <[NarrowDense; 2]>::try_from(layers(&[3, 4, 2], 0).0).unwrap();
    wrong.units = 5;
    assert!(Chain::new(vec![wrong, rest], false).is_none());
}

#[test]
fn softmax_of_columns_is_softmax() {
    for_each_level(|level| {
        let mut numbers = Numbers::new(8);
        for units in [1, 2, 5, 16] {
            let (mut layers, len) = layers(&[units, units], 0);
            layers[0].bias = None;
            let chain = Chain::new(layers, true).unwrap();
            // The identity, so that the samples are the logits.
            let mut parameters = vec![0.0; len];
            (0..units).for_each(|u| parameters[3 + u * units + u] = 40.0);
            let x = numbers.vec(units * 40);
            let rows: Vec<u32> = (0..40).collect();
            let mut got = Vec::new();
            let mut head = |block: Block<'_>| {
                let mut part = vec![0.0; block.rows * units];
                rows_of(block.z, units, &mut part);
                got.extend(part);
            };
            Pass {
                chain: &chain,
                parameters: &parameters,
                x: &x,
                rows: &rows,
                gradients: None,
                head: &mut head,
            }
            .run();
            let expected = x.chunks_exact(units).flat_map(|z| {
                let e: Vec<f64> = z.iter().map(|&z| (40.0 * f64::from(z)).exp()).collect();
                let sum: f64 = e.iter().sum();
                e.into_iter().map(move |e| e / sum)
            });
            let expected: Vec<f64> = expected.collect();
            assert_close(&got, &expected, 1e-5, &format!("{level:?}, {units}"));
        }
    });
}

#[test]
fn crossentropy_agrees_with_plain_loops() {
    let sizes = prop::sample::select(vec![1.0_f32, 3.0, 50.0, 300.0]);
    let inputs = (1..=WIDEST, 0..=BLOCK, sizes, 0.001_f64..2.0, any::<u64>());
    holds_at_each_level(150, inputs, |(units, rows, size, scale, seed)| {
        let mut numbers = Numbers::new(seed);
        let mut classes = [-1.0; BLOCK];
        let mut z = numbers.vec(units * BLOCK);
        z.iter_mut().for_each(|z| *z *= size);
        let (mut loss, mut expected) = (0.0, vec![0.0; units * BLOCK]);
        for row in 0..rows {
            let class = numbers.between(0, units - 1);
            classes[row] = class as f32;
            let of = |u: usize| f64::from(z[u * BLOCK + row]);
            let max = (0..units).map(of).fold(f64::MIN, f64::max);
            let sum: f64 = (0..units).map(|u| (of(u) - max).exp()).sum();
            loss += sum.ln() + max - of(class);
            for u in 0..units {
                let own = f64::from(u8::from(u == class));
                expected[u * BLOCK + row] = ((of(u) - max).exp() / sum - own) * scale;
            }
        }
        let mut d_z = vec![f32::NAN; units * BLOCK];
        for training in [false, true] {
            let crossentropy = Crossentropy {
                z: &z,
                classes: &classes,
                d_z: training.then_some(&mut d_z),
                scale: scale as f32,
            };
            let got = crossentropy.run();
            assert!(
                (got - loss).abs() <= 3e-6 * (1.0 + loss),
                "{got} for {loss}"
            );
        }
        assert_close(&d_z, &expected, 2e-6, "gradient");
    });
}

#[test]
fn a_nan_is_not_lost() {
    for_each_level(|_| {
        for bad in [f32::NAN, f32::INFINITY] {
            let mut z = vec![0.5; 3 * BLOCK];
            z[BLOCK + 4] = bad;
            let crossentropy = Crossentropy {
                z: &z,
                classes: &[0.0; BLOCK],
                d_z: None,
                scale: 1.0,
            };
            assert!(!crossentropy.run().is_finite());
        }
    });
}

#[test]
fn rows_and_columns_are_turned_into_each_other() {
    let rows: Vec<f32> = (0..35).map(|i| i as f32).collect();
    let (mut columns, mut back) = (vec![-1.0; 5 * BLOCK], vec![0.0; 35]);
    columns_of(&rows, 5, &mut columns);
    assert_eq!(columns[2 * BLOCK + 6], 32.0);
    assert_eq!(columns[2 * BLOCK + 7], -1.0);
    rows_of(&columns, 5, &mut back);
    assert_eq!(back, rows);
}
