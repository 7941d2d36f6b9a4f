use super::super::simd::tests::{Numbers, assert_close, for_each_level};
use super::*;

/// Row, step and unit by unit, in `f64`, as Keras' documentation has it; gradients by the chain rule.
struct Naive<'a> {
    lstm: &'a Lstm,
    kernel: &'a [f32],
    recurrent_kernel: &'a [f32],
    bias: &'a [f32],
}

#[derive(Default)]
struct Answer {
    y: Vec<f64>,
    d_x: Vec<f64>,
    gradients: [Vec<f64>; 3],
}

fn function(activation: ActivationFunction, x: f64) -> f64 {
    match activation {
        ActivationFunction::Linear => x,
        ActivationFunction::Relu => x.max(0.0),
        ActivationFunction::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        ActivationFunction::Tanh => x.tanh(),
        ActivationFunction::Softmax => panic!("no function of one number"),
    }
}

fn slope(activation: ActivationFunction, y: f64) -> f64 {
    match activation {
        ActivationFunction::Linear => 1.0,
        ActivationFunction::Relu => f64::from(u8::from(y > 0.0)),
        ActivationFunction::Sigmoid => y * (1.0 - y),
        ActivationFunction::Tanh => 1.0 - y * y,
        ActivationFunction::Softmax => panic!("no function of one number"),
    }
}

/// What one step of one row leaves.
#[derive(Clone)]
struct Step {
    gates: [Vec<f64>; 4],
    c: Vec<f64>,
    h: Vec<f64>,
}

impl Naive<'_> {
    fn run(&self, rows: usize, x: &[f32], dy: &[f32]) -> Answer {
        let lstm = self.lstm;
        let mut answer = Answer {
            gradients: [self.kernel, self.recurrent_kernel, self.bias].map(|p| vec![0.0; p.len()]),
            ..Answer::default()
        };
        for row in 0..rows {
            let of = |len: usize| row * len..(row + 1) * len;
            let steps = self.forward(&x[of(lstm.input_len())], &mut answer.y);
            let (x, dy) = (&x[of(lstm.input_len())], &dy[of(lstm.output_len())]);
            self.backward(x, dy, &steps, &mut answer);
        }
        answer
    }

    /// The input of a step.
    fn input<'x>(&self, x: &'x [f32], step: usize) -> &'x [f32] {
        let n = self.lstm.features;
        let mut steps: Vec<&[f32]> = x.chunks(n).collect();
        if self.lstm.go_backwards {
            steps.reverse();
        }
        steps[step]
    }

    fn forward(&self, x: &[f32], y: &mut Vec<f64>) -> Vec<Step> {
        let (lstm, n) = (self.lstm, self.lstm.units);
        let mut steps: Vec<Step> = vec![];
        for step in 0..lstm.steps {
            let zeros = vec![0.0; n];
            let (c, h) = match steps.last() {
                Some(before) => (&before.c, &before.h),
                None => (&zeros, &zeros),
            };
            let z = |column: usize| {
                let mut z = self.bias.get(column).map_or(0.0, |&b| f64::from(b));
                for (k, &x) in self.input(x, step).iter().enumerate() {
                    z += f64::from(x) * f64::from(self.kernel[k * 4 * n + column]);
                }
                for (k, &h) in h.iter().enumerate() {
                    z += h * f64::from(self.recurrent_kernel[k * 4 * n + column]);
                }
                z
            };
            let gates = [0, 1, 2, 3].map(|gate| {
                let chosen = match gate {
                    2 => lstm.activation,
                    _ => lstm.recurrent_activation,
                };
                let of = |unit: usize| function(chosen, z(gate * n + unit));
                (0..n).map(of).collect::<Vec<f64>>()
            });
            let c: Vec<f64> = (0..n)
                .map(|u| gates[1][u] * c[u] + gates[0][u] * gates[2][u])
                .collect();
            let h: Vec<f64> = (0..n)
                .map(|u| gates[3][u] * function(lstm.activation, c[u]))
                .collect();
            if lstm.return_sequences || step + 1 == lstm.steps {
                y.extend(&h);
            }
            steps.push(Step { gates, c, h });
        }
        steps
    }

    fn backward(&self, x: &[f32], dy: &[f32], steps: &[Step], answer: &mut Answer) {
        let (lstm, n) = (self.lstm, self.lstm.units);
        let mut d_x = vec![vec![0.0; lstm.features]; lstm.steps];
        let (mut dh, mut dc) = (vec![0.0; n], vec![0.0; n]);
        for (step, now) in steps.iter().enumerate().rev() {
            let zeros = vec![0.0; n];
            let (c_before, h_before) = match step {
                0 => (&zeros, &zeros),
                _ => (&steps[step - 1].c, &steps[step - 1].h),
            };
            let dy = match lstm.return_sequences {
                true => &dy[step * n..(step + 1) * n],
                false if step + 1 == lstm.steps => dy,
                false => &[],
            };
            let [i, f, g, o] = &now.gates;
            let mut dz = vec![0.0; 4 * n];
            for u in 0..n {
                let dh = dh[u] + dy.get(u).map_or(0.0, |&dy| f64::from(dy));
                let active = function(lstm.activation, now.c[u]);
                dc[u] += dh * o[u] * slope(lstm.activation, active);
                let gate = |y: f64| slope(lstm.recurrent_activation, y);
                dz[u] = dc[u] * g[u] * gate(i[u]);
                dz[n + u] = dc[u] * c_before[u] * gate(f[u]);
                dz[2 * n + u] = dc[u] * i[u] * slope(lstm.activation, g[u]);
                dz[3 * n + u] = dh * active * gate(o[u]);
                dc[u] *= f[u];
            }
            let from = if lstm.go_backwards {
                lstm.steps - 1 - step
            } else {
                step
            };
            let [d_kernel, d_recurrent, d_bias] = &mut answer.gradients;
            for (column, &dz) in dz.iter().enumerate() {
                for (k, &x) in self.input(x, step).iter().enumerate() {
                    d_kernel[k * 4 * n + column] += f64::from(x) * dz;
                    d_x[from][k] += f64::from(self.kernel[k * 4 * n + column]) * dz;
                }
                for (k, &h) in h_before.iter().enumerate() {
                    d_recurrent[k * 4 * n + column] += h * dz;
                }
                if let Some(sum) = d_bias.get_mut(column) {
                    *sum += dz;
                }
            }
            for (k, dh) in dh.iter_mut().enumerate() {
                let weights = &self.recurrent_kernel[k * 4 * n..(k + 1) * 4 * n];
                *dh = dz.iter().zip(weights).map(|(d, &w)| d * f64::from(w)).sum();
            }
        }
        answer.d_x.extend(d_x.concat());
    }
}

fn check(lstm: &Lstm, rows: usize, numbers: &mut Numbers) {
    let what = format!("{lstm:?}, {rows} rows");
    let columns = 4 * lstm.units;
    let mut weights = |count: usize, inputs: usize| -> Vec<f32> {
        let scale = 1.5 / (inputs as f32).sqrt();
        numbers.vec(count).iter().map(|w| w * scale).collect()
    };
    let kernel = weights(lstm.features * columns, lstm.features);
    let recurrent_kernel = weights(lstm.units * columns, lstm.units);
    let bias = weights(if lstm.use_bias { columns } else { 0 }, 4);
    let x = numbers.vec(rows * lstm.input_len());
    let dy = numbers.vec(rows * lstm.output_len());
    let naive = Naive {
        lstm,
        kernel: &kernel,
        recurrent_kernel: &recurrent_kernel,
        bias: &bias,
    };
    let want = naive.run(rows, &x, &dy);
    for_each_level(|level| {
        let what = format!("{what}, {level:?}");
        let parameters = [&kernel[..], &recurrent_kernel, &bias];
        let mut packed = vec![f32::NAN; lstm.packed(false)];
        lstm.pack(parameters, Packing::Gates, &mut packed);
        let mut y = vec![f32::NAN; rows * lstm.output_len()];
        lstm.forward(ForwardCall {
            rows,
            x: &x,
            packed: &packed,
            cache: &mut [],
            output: &mut y,
            scratch: &mut vec![f32::NAN; lstm.scratch(false)],
        });
        assert_close(&y, &want.y, 1e-5, &format!("{what}: y"));

        let mut packed = vec![f32::NAN; lstm.packed(true)];
        lstm.pack(parameters, Packing::Inputs, &mut packed);
        let mut cache = vec![f32::NAN; rows * lstm.cache()];
        let mut trained_y = vec![f32::NAN; y.len()];
        let mut scratch = vec![f32::NAN; lstm.scratch(true)];
        lstm.forward(ForwardCall {
            rows,
            x: &x,
            packed: &packed,
            cache: &mut cache,
            output: &mut trained_y,
            scratch: &mut scratch,
        });
        assert_eq!(y, trained_y, "{what}: y in training");
        for wanted in [true, false] {
            if !wanted {
                packed.fill(f32::NAN);
                lstm.pack(parameters, Packing::States, &mut packed);
            }
            let mut d_x = vec![f32::NAN; x.len()];
            // Gradients of parameters are added to.
            let mut gradients = parameters.map(|p| vec![1.0; p.len()]);
            let [d_kernel, d_recurrent, d_bias] = &mut gradients;
            lstm.backward(BackwardCall {
                rows,
                d_output: &dy,
                d_x: wanted.then_some(&mut d_x),
                packed: &packed,
                cache: &cache,
                gradients: [d_kernel, d_recurrent, d_bias],
                scratch: &mut scratch,
            });
            if wanted {
                assert_close(&d_x, &want.d_x, 2e-5, &format!("{what}: dx"));
            }
            for (which, (got, want)) in gradients.iter().zip(&want.gradients).enumerate() {
                let want: Vec<f64> = want.iter().map(|d| d + 1.0).collect();
                assert_close(got, &want, 5e-5, &format!("{what}: gradient {which}"));
            }
        }
    });
}

const USUAL: Lstm = Lstm {
    steps: 3,
    features: 2,
    units: 4,
    activation: ActivationFunction::Tanh,
    recurrent_activation: ActivationFunction::Sigmoid,
    use_bias: true,
    return_sequences: false,
    go_backwards: false,
};

#[test]
fn sizes_of_all_kinds() {
    let mut numbers = Numbers::new(1);
    for (steps, features, units, rows) in [
        (1, 1, 1, 1),
        (2, 1, 1, 3),
        (3, 2, 4, 5),
        (5, 7, 8, 2),
        (4, 3, 15, 16),
        (9, 5, 16, 17),
        (3, 16, 17, 33),
        (2, 40, 33, 7),
        (20, 3, 9, 16),
        (140, 2, 3, 1),
    ] {
        let lstm = Lstm {
            steps,
            features,
            units,
            ..USUAL
        };
        check(&lstm, rows, &mut numbers);
    }
}

#[test]
fn options_in_all_combinations() {
    let mut numbers = Numbers::new(2);
    for options in 0..8 {
        let lstm = Lstm {
            steps: 6,
            features: 5,
            units: 18,
            use_bias: options & 1 == 0,
            return_sequences: options & 2 == 0,
            go_backwards: options & 4 == 0,
            ..USUAL
        };
        check(&lstm, 3, &mut numbers);
    }
}

#[test]
fn activations_in_all_combinations() {
    use ActivationFunction::{Linear, Relu, Sigmoid, Tanh};
    let mut numbers = Numbers::new(3);
    for activation in [Linear, Relu, Sigmoid, Tanh] {
        for recurrent_activation in [Linear, Relu, Sigmoid, Tanh] {
            let lstm = Lstm {
                activation,
                recurrent_activation,
                return_sequences: true,
                ..USUAL
            };
            check(&lstm, 4, &mut numbers);
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "slow")]
fn sizes_by_chance() {
    let mut numbers = Numbers::new(4);
    for _ in 0..40 {
        let lstm = Lstm {
            steps: numbers.between(1, 12),
            features: numbers.between(1, 40),
            units: numbers.between(1, 40),
            use_bias: numbers.between(0, 3) > 0,
            return_sequences: numbers.between(0, 1) > 0,
            go_backwards: numbers.between(0, 1) > 0,
            ..USUAL
        };
        let rows = numbers.between(1, 40);
        check(&lstm, rows, &mut numbers);
    }
}

/// A NaN goes to all units of its row, and to no other row; gates that an infinity opens or closes give numbers.
#[test]
fn what_is_no_number_stays_in_its_row() {
    let lstm = Lstm {
        units: 18,
        features: 1,
        ..USUAL
    };
    let mut numbers = Numbers::new(5);
    let columns = 4 * lstm.units;
    let kernel = numbers.vec(columns);
    let recurrent_kernel = numbers.vec(lstm.units * columns);
    let bias = numbers.vec(columns);
    // So many rows that some go together and others alone.
    let (rows, infinite, lost) = (7, 2, 6);
    for_each_level(|level| {
        let mut packed = vec![f32::NAN; lstm.packed(false)];
        let parameters = [&kernel[..], &recurrent_kernel, &bias];
        lstm.pack(parameters, Packing::Gates, &mut packed);
        for step in 0..lstm.steps {
            let mut x = vec![0.5; rows * lstm.input_len()];
            x[infinite * lstm.steps + step] = f32::INFINITY;
            x[lost * lstm.steps + step] = f32::NAN;
            let mut y = vec![0.0; rows * lstm.output_len()];
            lstm.forward(ForwardCall {
                rows,
                x: &x,
                packed: &packed,
                cache: &mut [],
                output: &mut y,
                scratch: &mut vec![f32::NAN; lstm.scratch(false)],
            });
            for (row, y) in y.chunks(lstm.output_len()).enumerate() {
                let what = format!("{level:?}, step {step}, row {row}: {y:?}");
                assert!(y.iter().all(|y| y.is_nan() == (row == lost)), "{what}");
                assert!(row == lost || y.iter().all(|y| y.abs() <= 1.0), "{what}");
            }
        }
    });
}
