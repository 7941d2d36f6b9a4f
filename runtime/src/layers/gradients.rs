//! The gradients of every layer against differences of its own outputs.
//!
//! For a direction `v` of one input at a time, `⟨gradient, v⟩` must be the slope of `Σ y·dy` along `v`. The slope is taken
//! from four outputs (an error of the fourth power of the step), which leaves room for a large step, so that the rounding
//! of `f32` hardly counts. A gradient that is wrong by one per cent is found.

mod merging;
mod tape;

use super::trial::{TRAINING, Trial};
use super::{
    Activation, AveragePooling2D, BatchNormalization, Conv2D, Conv2DTranspose, Dense, Dropout,
    Flatten, GlobalMaxPooling2D, LSTM, MaxPooling2D, Padding, Reshape,
};
use crate::activations::ActivationFunction::{self, Linear, Relu, Sigmoid, Softmax, Tanh};
use crate::op::Phase;
use crate::shape::Shape;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

const ACTIVATIONS: [ActivationFunction; 5] = [Linear, Relu, Sigmoid, Softmax, Tanh];

/// How far from the point the outputs are taken; twice as far for the outer two.
const STEP: f32 = 1.0 / 64.0;

/// The share of the gradient's length by which the slope may differ.
const TOLERANCE: f64 = 1e-3;

/// Directions in which each gradient is tried.
const DIRECTIONS: usize = 4;

struct Random(ChaCha8Rng);

impl Random {
    fn new(seed: u64) -> Random {
        Random(ChaCha8Rng::seed_from_u64(seed))
    }

    /// From -1 to 1.
    fn number(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 / (1 << 23) as f32 - 1.0
    }

    fn numbers(&mut self, len: usize) -> Vec<f32> {
        (0..len).map(|_| self.number()).collect()
    }

    /// Numbers of which no two are near each other: whoever is the largest stays so along a whole direction.
    fn distinct(&mut self, len: usize) -> Vec<f32> {
        let mut numbers: Vec<f32> = (0..len)
            .map(|i| 8.0 * STEP * (i as f32 - len as f32 / 2.0))
            .collect();
        for i in (1..len).rev() {
            numbers.swap(i, self.0.next_u32() as usize % (i + 1));
        }
        numbers
    }
}

/// The numbers that a layer computes with: its input, then each of its parameters.
struct Point {
    x: Vec<f32>,
    parameters: Vec<Vec<f32>>,
}

impl Point {
    fn values(&mut self, which: usize) -> &mut Vec<f32> {
        match which {
            0 => &mut self.x,
            _ => &mut self.parameters[which - 1],
        }
    }

    /// The same point with one of the values moved.
    fn moved(&self, which: usize, direction: &[f32], by: f32) -> Point {
        let mut point = Point {
            x: self.x.clone(),
            parameters: self.parameters.clone(),
        };
        for (value, step) in point.values(which).iter_mut().zip(direction) {
            *value += by * step;
        }
        point
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(&a, &b)| f64::from(a) * f64::from(b))
        .sum()
}

/// One layer in one place.
struct Case {
    name: String,
    trial: Trial,
    phase: Phase,
    kinks: bool,
    point: Point,
    rows: usize,
}

impl Case {
    fn output(&mut self, point: &Point, dy: &[f32]) -> Vec<f32> {
        self.trial.values.clone_from(&point.parameters);
        self.trial.run(&point.x, dy, self.phase, self.rows).y
    }

    /// Compares all gradients, each multiplied by `factor` first.
    fn check(&mut self, random: &mut Random, factor: f64) -> Result<(), String> {
        let point = Point {
            x: self.point.x.clone(),
            parameters: self.point.parameters.clone(),
        };
        let trained = self.trial.parameters.iter().filter(|p| p.trainable).count();
        let size = self.trial.predict(&point.x).len();
        for which in 0..=trained {
            for _ in 0..DIRECTIONS {
                let mut dy = random.numbers(size);
                let len = self.point.values(which).len();
                let direction = random.numbers(len);
                let outputs = [-2.0, -1.0, 1.0, 2.0]
                    .map(|steps| self.output(&point.moved(which, &direction, steps * STEP), &dy));
                if self.kinks {
                    // A ReLU that turns on or off on the way has no slope there; its output is left out.
                    for (i, dy) in dy.iter_mut().enumerate() {
                        let on = outputs[0][i] > 0.0;
                        if outputs.iter().any(|y| (y[i] > 0.0) != on) {
                            *dy = 0.0;
                        }
                    }
                    let left = dy.iter().filter(|&&dy| dy != 0.0).count();
                    assert!(2 * left > size, "{}: too many kinks", self.name);
                }
                let [a, b, c, d] = outputs.map(|y| dot(&y, &dy));
                let slope = (8.0 * (c - b) - (d - a)) / (12.0 * f64::from(STEP));
                self.trial.values.clone_from(&point.parameters);
                let answer = self.trial.run(&point.x, &dy, self.phase, self.rows);
                let gradient = match which {
                    0 => &answer.dx,
                    _ => &answer.gradients[which - 1],
                };
                let along = dot(gradient, &direction) * factor;
                let length = dot(gradient, gradient).sqrt();
                // Never true for NaN.
                let fits = (along - slope).abs() <= TOLERANCE * length.max(0.1);
                if !fits {
                    let of = match which {
                        0 => "x",
                        _ => self.trial.parameters[which - 1].name,
                    };
                    return Err(format!(
                        "{}: the gradient of {of} gives a slope of {along}, but the outputs {slope}; its length is {length}",
                        self.name
                    ));
                }
            }
        }
        Ok(())
    }
}

macro_rules! case {
    ($random:expr, $layer:expr, $dims:expr, $rows:expr, $phase:expr, $numbers:ident, $kinks:expr) => {{
        let (layer, input, random) = ($layer, Shape::new($dims), &mut *$random);
        let outcome = layer.output(&[input]);
        assert_eq!(outcome.message(), None);
        let trial = Trial::new(layer, input, &outcome);
        let parameters = trial.parameters.iter().map(|parameter| {
            let mut values = random.numbers(parameter.shape.size());
            if parameter.name == "moving_variance" {
                values.iter_mut().for_each(|v| *v = 1.0 + v.abs());
            }
            values
        });
        let parameters = parameters.collect();
        Case {
            name: format!("{layer:?} on {input}"),
            trial,
            phase: $phase,
            kinks: $kinks,
            point: Point {
                x: random.$numbers($rows * input.size()),
                parameters,
            },
            rows: $rows,
        }
    }};
}

/// Every layer with every activation that it can have.
fn cases(random: &mut Random) -> Vec<Case> {
    let mut cases = Vec::new();
    for activation in ACTIVATIONS {
        let kinks = activation == Relu;
        let layer = Activation::new(activation);
        cases.push(case!(
            random,
            layer,
            [7],
            5,
            Phase::Inference,
            numbers,
            kinks
        ));
        cases.push(case!(
            random,
            layer,
            [3, 2, 4],
            3,
            Phase::Inference,
            numbers,
            kinks
        ));
        for use_bias in [true, false] {
            for (features, units, rows) in [(6, 5, 4), (1, 1, 3), (19, 17, 2)] {
                if activation == Softmax && units == 1 {
                    // Always 1: every gradient is 0, and nothing can be wrong by one per cent.
                    continue;
                }
                let layer = Dense {
                    activation,
                    use_bias,
                    ..Dense::new(units)
                };
                cases.push(case!(
                    random,
                    layer,
                    [features],
                    rows,
                    Phase::Inference,
                    numbers,
                    kinks
                ));
            }
            for padding in [Padding::Valid, Padding::Same] {
                for (kernel_size, strides) in [([3, 3], [1, 1]), ([2, 3], [2, 1]), ([1, 1], [1, 1])]
                {
                    let layer = Conv2D {
                        strides,
                        padding,
                        activation,
                        use_bias,
                        ..Conv2D::new(4, kernel_size)
                    };
                    cases.push(case!(
                        random,
                        layer,
                        [5, 4, 2],
                        3,
                        Phase::Inference,
                        numbers,
                        kinks
                    ));
                }
            }
        }
    }
    for activation in ACTIVATIONS {
        for (kernel_size, strides, padding, output_padding) in [
            ([3, 3], [1, 1], Padding::Valid, None),
            ([5, 5], [2, 2], Padding::Valid, None),
            ([4, 3], [2, 1], Padding::Same, None),
            ([2, 1], [3, 2], Padding::Valid, None),
            ([3, 2], [2, 3], Padding::Same, Some([0, 2])),
        ] {
            let layer = Conv2DTranspose {
                strides,
                padding,
                output_padding,
                activation,
                ..Conv2DTranspose::new(3, kernel_size)
            };
            cases.push(case!(
                random,
                layer,
                [3, 4, 2],
                3,
                Phase::Inference,
                numbers,
                activation == Relu
            ));
        }
    }
    for activation in [Linear, Sigmoid, Tanh] {
        for (options, (steps, features, units)) in [(4, 3, 5), (1, 2, 3), (6, 1, 1), (3, 17, 19)]
            .into_iter()
            .enumerate()
        {
            let layer = LSTM {
                activation,
                use_bias: options != 1,
                return_sequences: options % 2 == 0,
                go_backwards: options > 1,
                ..LSTM::new(units)
            };
            cases.push(case!(
                random,
                layer,
                [steps, features],
                3,
                Phase::Inference,
                numbers,
                false
            ));
        }
    }
    for padding in [Padding::Valid, Padding::Same] {
        for (pool_size, strides) in [
            ([2, 2], None),
            ([3, 2], Some([2, 1])),
            ([3, 3], Some([2, 2])),
        ] {
            let max = MaxPooling2D {
                pool_size,
                strides,
                padding,
            };
            cases.push(case!(
                random,
                max,
                [7, 5, 3],
                2,
                Phase::Inference,
                distinct,
                false
            ));
            let average = AveragePooling2D {
                pool_size,
                strides,
                padding,
            };
            cases.push(case!(
                random,
                average,
                [7, 5, 3],
                2,
                Phase::Inference,
                numbers,
                false
            ));
        }
    }
    let global = GlobalMaxPooling2D::new();
    cases.push(case!(
        random,
        global,
        [4, 3, 5],
        3,
        Phase::Inference,
        distinct,
        false
    ));
    cases.push(case!(
        random,
        Flatten::new(),
        [2, 3, 2],
        3,
        Phase::Inference,
        numbers,
        false
    ));
    cases.push(case!(
        random,
        Reshape::new([4, 3]),
        [2, 3, 2],
        3,
        Phase::Inference,
        numbers,
        false
    ));
    for rate in [0.0, 0.5] {
        for phase in [Phase::Inference, TRAINING] {
            cases.push(case!(
                random,
                Dropout::new(rate),
                [3, 11],
                4,
                phase,
                numbers,
                false
            ));
        }
    }
    for phase in [Phase::Inference, TRAINING] {
        for (scale, center) in [(true, true), (true, false), (false, true), (false, false)] {
            let layer = BatchNormalization {
                scale,
                center,
                ..BatchNormalization::new()
            };
            cases.push(case!(random, layer, [5], 9, phase, numbers, false));
            cases.push(case!(random, layer, [3, 2, 3], 4, phase, numbers, false));
        }
    }
    cases
}

#[test]
fn gradients_are_slopes() {
    let random = &mut Random::new(1);
    let mut cases = cases(random);
    assert_eq!(
        cases.len(),
        5 * (2 + 2 * (3 + 6)) - 2 + 5 * 5 + 3 * 4 + 2 * 6 + 3 + 4 + 16
    );
    let wrong: Vec<String> = cases
        .iter_mut()
        .filter_map(|case| case.check(random, 1.0).err())
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The test above is worth nothing if it lets a wrong gradient pass.
#[test]
fn a_gradient_one_per_cent_too_large_is_no_slope() {
    let random = &mut Random::new(2);
    for mut case in cases(random) {
        assert!(case.check(random, 1.01).is_err(), "{}", case.name);
    }
}
