//! Threads, micro-batches and slots: the same result however a batch is cut.

use super::{batch, compiled, images, train, with_dropout, with_memory, with_normalization};
use crate::engine::{CpuEngine, Engine};
use crate::golden::close;
use crate::graph::Graph;
use crate::kernels::aligned::AlignedVec;
use crate::losses::SparseCategoricalCrossentropy;
use crate::metrics::Accuracy;
use crate::optimizers::{Optimizer, SGD};
use crate::plan::layout::Cut;
use crate::plan::{Goal, Learner, Mode, Plan, Store, Totals};
use crate::training::data::DataSet;

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}

#[test]
fn threads_change_no_bit() {
    // With so many rows the normalization uses threads as well.
    let data = images(230);
    for graph in [with_dropout, with_normalization, with_memory] {
        for batch_size in [90, 32, 7] {
            let results = [1, 2, 4].map(|threads| {
                let pool = rayon::ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .build()
                    .unwrap();
                pool.install(|| {
                    let (steps, engine) = train(graph(), &data, batch_size);
                    let losses: Vec<u64> = steps.iter().map(|t| t.loss().to_bits()).collect();
                    let right: Vec<f64> =
                        steps.iter().map(|t| t.outputs[0].metrics[0][0]).collect();
                    let answers = bits(&engine.predict_single(&data.x[0], data.rows).unwrap());
                    (losses, right, bits(engine.store().values()), answers)
                })
            });
            let [one, two, four] = results;
            assert_eq!(one, two, "2 threads, batches of {batch_size}");
            assert_eq!(one, four, "4 threads, batches of {batch_size}");
        }
    }
}

/// Three steps with a plan that is cut in its own way: the loss of each, and the weights.
fn train_cut(graph: &Graph, data: &DataSet<'_>, cut: Cut) -> (Plan, Vec<f32>, Vec<f32>) {
    let batch_size = 36;
    let mut store = Store::new(graph, 3);
    let mut plan = Plan::with_cut(graph, &store, Mode::Train, batch_size, cut);
    let goals = [Goal {
        loss: Box::new(SparseCategoricalCrossentropy::default()),
        metrics: vec![Box::new(Accuracy)],
    }];
    let mut optimizer = SGD {
        momentum: 0.9,
        ..SGD::new(0.05)
    };
    let mut states: Vec<AlignedVec> = (0..optimizer.states())
        .map(|_| AlignedVec::new(store.values().len()))
        .collect();
    let order: Vec<u32> = (0..data.rows as u32).collect();
    let mut losses = Vec::new();
    for (step, rows) in order.chunks(batch_size).enumerate() {
        let mut totals = Totals::new(&goals);
        let learner = Learner {
            store: &mut store,
            optimizer: &mut optimizer,
            states: &mut states,
            seed: 11,
            step: step as u64,
        };
        plan.train(batch(data, rows), &goals, learner, &mut totals);
        losses.push(totals.mean_loss() as f32);
    }
    (plan, losses, store.values().to_vec())
}

#[test]
fn micro_batches_and_slots_change_nothing_but_rounding() {
    let data = images(90);
    for (graph, ways) in [
        (with_dropout(), 5),
        (with_normalization(), 5),
        // So many rows at a time that few ways are left.
        (with_memory(), 4),
    ] {
        // One slot, one micro-batch: the plain way.
        let plain = Cut {
            threaded_macs: usize::MAX,
            micro_batch_numbers: usize::MAX,
        };
        let (plan, losses, weights) = train_cut(&graph, &data, plain);
        assert_eq!((plan.slots.len(), plan.micro_batch), (1, 36));
        let mut seen = vec![];
        for threaded_macs in [usize::MAX, 0] {
            for micro_batch_numbers in [0, 1_000, 8_000, usize::MAX] {
                let cut = Cut {
                    threaded_macs,
                    micro_batch_numbers,
                };
                let (plan, cut_losses, cut_weights) = train_cut(&graph, &data, cut);
                close(&format!("losses, {cut:?}"), &cut_losses, &losses, 2e-6);
                close(&format!("weights, {cut:?}"), &cut_weights, &weights, 2e-6);
                seen.push((plan.slots.len(), plan.micro_batch));
            }
        }
        seen.dedup();
        assert!(seen.len() >= ways, "the cuts do not differ: {seen:?}");
    }
}

/// Answers for each row alone, which no other row can have touched.
fn alone(engine: &CpuEngine, data: &DataSet<'_>) -> Vec<f32> {
    let samples = data.x[0].chunks_exact(data.x[0].len() / data.rows);
    samples
        .flat_map(|x| engine.predict_single(x, 1).unwrap())
        .collect()
}

#[test]
fn predictions_and_evaluations_do_not_depend_on_the_batch() {
    // Two whole batches and a smaller one.
    let data = images(600);
    for graph in [with_dropout, with_normalization, with_memory] {
        // A few steps, so that the moving averages are not what they started with.
        let (_, engine) = train(graph(), &images(50), 32);
        let answers = engine.predict_single(&data.x[0], data.rows).unwrap();
        close("answers", &answers, &alone(&engine, &data), 1e-6);
        let totals = engine.evaluate_all(&data).unwrap();
        assert_eq!(totals.rows, 600);
        let (mut loss, mut right) = (0.0, 0.0);
        for row in 0..600 {
            let one = engine.evaluate(&data, &[row]).unwrap();
            loss += one.loss();
            right += one.outputs[0].metrics[0][0];
        }
        close(
            "loss",
            &[totals.mean_loss() as f32],
            &[(loss / 600.0) as f32],
            1e-6,
        );
        assert_eq!(totals.outputs[0].metrics[0], [right, 600.0]);
    }
}

#[test]
fn several_threads_may_predict_at_once() {
    let data = images(100);
    let engine = compiled(with_normalization(), SGD::default());
    let expected = bits(&engine.predict_single(&data.x[0], data.rows).unwrap());
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| bits(&engine.predict_single(&data.x[0], data.rows).unwrap())))
            .collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), expected);
        }
    });
}

#[test]
fn predictions_follow_the_weights() {
    let data = images(40);
    let order: Vec<u32> = (0..40).collect();
    let mut engine = compiled(with_normalization(), SGD::new(0.1));
    let before = engine.predict_single(&data.x[0], data.rows).unwrap();
    engine.keep().unwrap();
    engine.step(40, batch(&data, &order), 0);
    assert_ne!(
        engine.predict_single(&data.x[0], data.rows).unwrap(),
        before
    );
    engine.take_back().unwrap();
    assert_eq!(
        engine.predict_single(&data.x[0], data.rows).unwrap(),
        before
    );
    let (_, store) = engine.store_mut();
    store.layer_mut(0).get(0).fill(0.0);
    assert_ne!(
        engine.predict_single(&data.x[0], data.rows).unwrap(),
        before
    );
}
