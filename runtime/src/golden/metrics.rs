//! Every metric over three batches of different sizes.

use super::{Golden, close};
use crate::metrics::{Accuracy, MeanAbsoluteError, MeanSquaredError, Metric, MetricCall};
use crate::training::labels::TargetRows;

/// Only the sums of `mae` and `mse` round.
pub(super) const TOLERANCE: f32 = 1e-6;

/// A metric by Keras' name.
pub(super) fn metric(name: &str) -> Box<dyn Metric> {
    match name {
        "accuracy" => Box::new(Accuracy),
        "mae" => Box::new(MeanAbsoluteError),
        "mse" => Box::new(MeanSquaredError),
        other => panic!("metric {other}"),
    }
}

#[test]
fn metrics_are_keras_metrics() {
    let mut largest = 0.0_f32;
    for golden in Golden::all("metrics", 7) {
        let metric = metric(golden.case["metric"].as_str().unwrap());
        // In whole batches, and in parts as threads would do it, each with sums of its own.
        for at_once in [usize::MAX, 2] {
            let mut states = vec![0.0; metric.states()];
            let mut results = Vec::new();
            for batch in 0..3 {
                update(&golden, &*metric, batch, at_once, &mut states);
                results.push(metric.result(&states) as f32);
            }
            let name = format!("{}, {at_once} rows at once", golden.name);
            largest = largest.max(close(&name, &results, golden.floats("results"), TOLERANCE));
            close(&name, &results[2..], golden.floats("result"), TOLERANCE);
        }
    }
    println!("metrics: largest difference {largest:e}");
}

fn update(golden: &Golden, metric: &dyn Metric, batch: usize, at_once: usize, states: &mut [f64]) {
    let (rows, shape) = golden.samples(&format!("y_pred_{batch}"));
    let y_pred = golden.floats(&format!("y_pred_{batch}"));
    let targets = golden.targets(&format!("y_true_{batch}"), rows);
    let order: Vec<u32> = (0..rows as u32).collect();
    let at_once = at_once.min(rows);
    for first in (0..rows).step_by(at_once) {
        let part = first..(first + at_once).min(rows);
        let mut sums = vec![0.0; states.len()];
        metric.update(
            &mut sums,
            MetricCall {
                rows: part.len(),
                size: shape.size(),
                width: shape.last(),
                y_pred: &y_pred[part.start * shape.size()..part.end * shape.size()],
                targets: TargetRows::new(&targets, &order).part(part),
            },
        );
        for (state, sum) in states.iter_mut().zip(sums) {
            *state += sum;
        }
    }
}
