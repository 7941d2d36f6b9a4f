//! Every loss: from probabilities, from logits, and behind a softmax or a sigmoid of the network.

use super::upload;
use crate::activations::ActivationFunction;
use crate::engine::on_devices::on_every_gpu;
use crate::golden::losses::{TOLERANCE, loss};
use crate::golden::{Golden, close};
use crate::gpu::driver::Driver;
use crate::gpu::tests::bench::Bench;
use crate::gpu::{RecordLoss, Recorder};
use crate::losses::Loss;

on_every_gpu!(losses_are_keras_losses, every_loss);

fn every_loss<D: Driver>(device: &D::Device) {
    let bench = Bench::<D>::new(device);
    let (mut largest, mut heads) = (0.0_f32, 0);
    for golden in Golden::all("losses", 31) {
        let from_logits = golden.case["options"]["from_logits"].as_bool();
        let kind = golden.case["loss"].as_str().unwrap();
        let loss = loss(kind, from_logits.unwrap_or(false));
        let head = match golden.case.get("head").map(|head| head.as_str().unwrap()) {
            None => None,
            Some("sigmoid") => Some(ActivationFunction::Sigmoid),
            Some("softmax") => Some(ActivationFunction::Softmax),
            Some(other) => panic!("head {other}"),
        };
        let difference = match head {
            None => check(&bench, &golden, &*loss),
            Some(head) => {
                heads += 1;
                check_head(&bench, &golden, &*loss, head)
            }
        };
        largest = largest.max(difference);
    }
    assert_eq!(heads, 6);
    println!("losses: largest difference {largest:e}");
}

/// What a loss makes of the last values `z` of a network.
struct Judged {
    loss: f32,
    y_pred: Vec<f32>,
    d_z: Vec<f32>,
}

fn judge<D: Driver>(
    bench: &Bench<D>,
    loss: &dyn Loss,
    head: ActivationFunction,
    golden: &Golden,
    z: &str,
) -> Judged {
    let (rows, shape) = golden.samples(z);
    let numbers = golden.floats(z);
    let z = bench.floats(numbers);
    let targets = upload(bench, &golden.targets("y_true", rows));
    let (y_pred, d_z) = (bench.room(numbers.len()), bench.room(numbers.len()));
    let (row_losses, totals) = (bench.room(numbers.len()), bench.doubles(2));
    for (wanted, total) in [(false, 0), (true, 1)] {
        let mut to = Recorder::default();
        let call = RecordLoss {
            rows,
            size: shape.size(),
            width: shape.last(),
            head,
            z: z.start(),
            targets: targets.start(),
            y_pred: y_pred.start(),
            d_z: wanted.then(|| d_z.start()),
            row_losses: row_losses.start(),
            scale: 1.0 / rows as f32,
        };
        let losses = loss.record(call, &mut to).unwrap();
        to.add_rows(row_losses.start(), losses, totals.start().doubles(total));
        bench.run(to);
    }
    row_losses.read();
    assert_eq!(z.read(), numbers, "{}: z", golden.name);
    let [evaluated, trained] = totals.read_doubles()[..] else {
        panic!("two totals");
    };
    assert_eq!(
        trained, evaluated,
        "the loss does not depend on whether its gradient is wanted"
    );
    Judged {
        loss: (trained / rows as f64) as f32,
        y_pred: y_pred.read(),
        d_z: d_z.read(),
    }
}

fn check<D: Driver>(bench: &Bench<D>, golden: &Golden, loss: &dyn Loss) -> f32 {
    let judged = judge(bench, loss, ActivationFunction::Linear, golden, "y_pred");
    assert_eq!(judged.y_pred, golden.floats("y_pred"), "{}", golden.name);
    compare(golden, "loss", &[judged.loss]).max(compare(golden, "d_y_pred", &judged.d_z))
}

/// The loss on the values before the activation, and the same loss on plain probabilities, which Keras clips.
fn check_head<D: Driver>(
    bench: &Bench<D>,
    golden: &Golden,
    loss: &dyn Loss,
    head: ActivationFunction,
) -> f32 {
    let fused = judge(bench, loss, head, golden, "logits");
    let mut plain = judge(bench, loss, ActivationFunction::Linear, golden, "y_pred");
    let (_, shape) = golden.samples("logits");
    head.backward(golden.floats("y_pred"), &mut plain.d_z, shape.last());
    [
        compare(golden, "loss", &[fused.loss]),
        compare(golden, "y_pred", &fused.y_pred),
        compare(golden, "d_logits", &fused.d_z),
        compare(golden, "loss_probabilities", &[plain.loss]),
        compare(golden, "d_logits_probabilities", &plain.d_z),
    ]
    .into_iter()
    .fold(0.0, f32::max)
}

fn compare(golden: &Golden, what: &str, got: &[f32]) -> f32 {
    let name = format!("{}: {what}", golden.name);
    close(&name, got, golden.floats(what), TOLERANCE)
}
