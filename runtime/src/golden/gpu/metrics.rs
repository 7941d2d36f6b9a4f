//! Every metric over three batches of different sizes.

use super::upload;
use crate::engine::on_devices::on_every_gpu;
use crate::golden::metrics::{TOLERANCE, metric};
use crate::golden::{Golden, close};
use crate::gpu::driver::Driver;
use crate::gpu::tests::bench::Bench;
use crate::gpu::{RecordMetric, Recorder};
use crate::training::labels::Targets;

on_every_gpu!(metrics_are_keras_metrics, every_metric);

fn every_metric<D: Driver>(device: &D::Device) {
    let bench = Bench::<D>::new(device);
    let mut largest = 0.0_f32;
    for golden in Golden::all("metrics", 7) {
        let metric = metric(golden.case["metric"].as_str().unwrap());
        // The loss stands before the sums of a metric.
        let totals = bench.doubles(1 + metric.states());
        let mut results = Vec::new();
        for batch in 0..3 {
            let (rows, shape) = golden.samples(&format!("y_pred_{batch}"));
            let y_pred = bench.floats(golden.floats(&format!("y_pred_{batch}")));
            let targets = golden.targets(&format!("y_true_{batch}"), rows);
            let placed = upload(&bench, &targets);
            let row_values = bench.room(rows * shape.size());
            let mut to = Recorder::default();
            let call = RecordMetric {
                rows,
                size: shape.size(),
                width: shape.last(),
                y_pred: y_pred.start(),
                targets: placed.start(),
                classes: matches!(targets, Targets::Classes(_)),
                row_values: row_values.start(),
                totals: totals.start().doubles(1),
            };
            metric.record(call, &mut to).unwrap();
            bench.run(to);
            row_values.read();
            let sums = totals.read_doubles();
            assert_eq!(sums[0], 0.0, "{}: the loss", golden.name);
            results.push(metric.result(&sums[1..]) as f32);
        }
        let difference = close(&golden.name, &results, golden.floats("results"), TOLERANCE);
        largest = largest.max(difference);
    }
    println!("metrics: largest difference {largest:e}");
}
