//! Large `Dense` layers, which take other ways through a step: against plain sums in double precision.

use super::{batch, numbers};
use crate::activations::ActivationFunction::{self, Linear, Relu, Tanh};
use crate::engine::{CpuEngine, Engine};
use crate::golden::close;
use crate::graph::{Graph, chain};
use crate::layers::Dense;
use crate::losses::MeanSquaredError;
use crate::op::Grain;
use crate::optimizers::SGD;
use crate::training::data::DataSet;
use crate::training::labels::Targets;

/// `Dense` layers in plain `f64`.
struct Plain {
    layers: Vec<PlainDense>,
}

struct PlainDense {
    kernel: Vec<f64>,
    bias: Vec<f64>,
    features: usize,
    activation: ActivationFunction,
}

impl PlainDense {
    fn forward(&self, x: &[f64]) -> Vec<f64> {
        let units = self.bias.len();
        let mut y = self.bias.clone();
        for (x, row) in x.iter().zip(self.kernel.chunks_exact(units)) {
            y.iter_mut().zip(row).for_each(|(y, w)| *y += x * w);
        }
        for y in &mut y {
            *y = match self.activation {
                Relu => y.max(0.0),
                Tanh => y.tanh(),
                Linear => *y,
                other => panic!("{other:?}"),
            };
        }
        y
    }

    /// From the gradient of the output to that of the input; adds to those of kernel and bias.
    fn backward(
        &self,
        x: &[f64],
        y: &[f64],
        dy: &[f64],
        d_kernel: &mut [f64],
        d_bias: &mut [f64],
    ) -> Vec<f64> {
        let units = self.bias.len();
        let slope = |y: f64| match self.activation {
            Relu => f64::from(u8::from(y > 0.0)),
            Tanh => 1.0 - y * y,
            _ => 1.0,
        };
        let dz: Vec<f64> = y.iter().zip(dy).map(|(&y, dy)| dy * slope(y)).collect();
        d_bias.iter_mut().zip(&dz).for_each(|(d, dz)| *d += dz);
        for (x, row) in x.iter().zip(d_kernel.chunks_exact_mut(units)) {
            row.iter_mut().zip(&dz).for_each(|(d, dz)| *d += x * dz);
        }
        let rows = self.kernel.chunks_exact(units);
        rows.map(|row| row.iter().zip(&dz).map(|(w, dz)| w * dz).sum())
            .collect()
    }
}

impl Plain {
    fn new(engine: &CpuEngine, sizes: &[usize], activations: &[ActivationFunction]) -> Plain {
        let wide = |values: &[f32]| values.iter().map(|&v| f64::from(v)).collect::<Vec<f64>>();
        let layers = activations
            .iter()
            .enumerate()
            .map(|(i, &activation)| PlainDense {
                kernel: wide(engine.store().layer(i).get(0)),
                bias: wide(engine.store().layer(i).get(1)),
                features: sizes[i],
                activation,
            });
        Plain {
            layers: layers.collect(),
        }
    }

    /// The values before and after each layer.
    fn forward(&self, x: &[f64]) -> Vec<Vec<f64>> {
        let mut values = vec![x.to_vec()];
        for layer in &self.layers {
            let next = layer.forward(&values[values.len() - 1]);
            values.push(next);
        }
        values
    }

    /// One step of gradient descent on the mean squared error. Gives the loss before it.
    fn train(&mut self, x: &[f64], t: &[f64], rows: usize, learning_rate: f64) -> f64 {
        let zeros = |values: &Vec<f64>| vec![0.0; values.len()];
        let mut gradients: Vec<(Vec<f64>, Vec<f64>)> = self
            .layers
            .iter()
            .map(|l| (zeros(&l.kernel), zeros(&l.bias)))
            .collect();
        let mut loss = 0.0;
        for (x, t) in x
            .chunks_exact(x.len() / rows)
            .zip(t.chunks_exact(t.len() / rows))
        {
            let values = self.forward(x);
            let errors: Vec<f64> = values[self.layers.len()]
                .iter()
                .zip(t)
                .map(|(y, t)| y - t)
                .collect();
            let share = 1.0 / (errors.len() * rows) as f64;
            loss += errors.iter().map(|e| e * e * share).sum::<f64>();
            let mut dy: Vec<f64> = errors.iter().map(|e| 2.0 * e * share).collect();
            for (i, (layer, (d_kernel, d_bias))) in
                self.layers.iter().zip(&mut gradients).enumerate().rev()
            {
                dy = layer.backward(&values[i], &values[i + 1], &dy, d_kernel, d_bias);
            }
        }
        for (layer, (d_kernel, d_bias)) in self.layers.iter_mut().zip(&gradients) {
            layer
                .kernel
                .iter_mut()
                .zip(d_kernel)
                .for_each(|(w, d)| *w -= learning_rate * d);
            layer
                .bias
                .iter_mut()
                .zip(d_bias)
                .for_each(|(w, d)| *w -= learning_rate * d);
        }
        loss
    }
}

fn dense(units: usize, activation: ActivationFunction) -> Dense {
    Dense {
        activation,
        ..Dense::new(units)
    }
}

/// Two steps, the second with fewer rows, and the answers after them.
fn check(graph: Graph, sizes: &[usize], activations: &[ActivationFunction]) {
    let (batch_size, rows) = (24, 24 + 7);
    let (inputs, outputs) = (sizes[0], sizes[sizes.len() - 1]);
    let targets = Targets::Values {
        values: numbers(2, rows * outputs).into(),
        size: outputs,
    };
    let data = DataSet::single(numbers(1, rows * inputs), targets, rows);
    let learning_rate = 0.5;
    let optimizer = Box::new(SGD::new(learning_rate));
    let mut engine = CpuEngine::compiled(graph, 4, optimizer, Box::new(MeanSquaredError), vec![]);
    let mut plain = Plain::new(&engine, sizes, activations);
    let x: Vec<f64> = data.x[0].iter().map(|&v| f64::from(v)).collect();
    let t: Vec<f64> = numbers(2, rows * outputs)
        .into_iter()
        .map(f64::from)
        .collect();
    let order: Vec<u32> = (0..rows as u32).collect();
    for part in order.chunks(batch_size) {
        let totals = engine.step(batch_size, batch(&data, part), 0);
        let (first, end) = (part[0] as usize, part[0] as usize + part.len());
        let loss = plain.train(
            &x[first * inputs..end * inputs],
            &t[first * outputs..end * outputs],
            part.len(),
            learning_rate,
        );
        close("loss", &[totals.mean_loss() as f32], &[loss as f32], 2e-6);
        for (i, layer) in plain.layers.iter().enumerate() {
            let parameters = engine.store().layer(i);
            for (index, expected) in [&layer.kernel, &layer.bias].into_iter().enumerate() {
                let expected: Vec<f32> = expected.iter().map(|&v| v as f32).collect();
                close(
                    &format!("parameter {index} of layer {i}"),
                    parameters.get(index),
                    &expected,
                    2e-6,
                );
            }
        }
    }
    let answers: Vec<f32> = x
        .chunks_exact(inputs)
        .flat_map(|x| plain.forward(x).pop().unwrap())
        .map(|v| v as f32)
        .collect();
    close(
        "answers",
        &engine.predict_single(&data.x[0], rows).unwrap(),
        &answers,
        2e-6,
    );
    assert!(
        plain
            .layers
            .iter()
            .zip(sizes)
            .all(|(layer, &size)| layer.features == size)
    );
}

#[test]
fn a_dense_layer_with_deferred_gradients_is_right() {
    let graph = chain! {
        [20];
        "dense", dense(400, Tanh);
        "dense_1", dense(300, Relu);
        "dense_2", dense(4, Linear);
    };
    let op = graph.op(&graph.nodes()[1]);
    assert!(op.deferred() && op.grain(true) == Grain::Rows);
    check(graph, &[20, 400, 300, 4], &[Tanh, Relu, Linear]);
}

#[test]
fn a_deferred_layer_may_be_first_and_last() {
    let graph = chain! { [400]; "dense", dense(301, Tanh); };
    assert!(graph.op(&graph.nodes()[0]).deferred());
    check(graph, &[400, 301], &[Tanh]);
}

#[test]
fn a_dense_layer_of_the_whole_batch_is_right() {
    let graph = chain! {
        [10];
        "dense", dense(1300, Tanh);
        "dense_1", dense(1200, Relu);
        "dense_2", dense(3, Linear);
    };
    let op = graph.op(&graph.nodes()[1]);
    assert!(op.deferred() && op.grain(true) == Grain::Batch);
    check(graph, &[10, 1300, 1200, 3], &[Tanh, Relu, Linear]);
}
