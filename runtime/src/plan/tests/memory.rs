//! Memory is used again only when every thread is done with it.

use super::{batch, compiled, images, with_dropout, with_normalization};
use crate::activations::ActivationFunction::{Relu, Softmax};
use crate::engine::Engine;
use crate::graph::{Graph, chain};
use crate::layers::{BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D};
use crate::optimizers::SGD;
use crate::plan::buffers::{Buffer, Home};
use crate::plan::layout::Cut;
use crate::plan::{Mode, Plan, Store};

/// Values of many sizes that cross from one region to the next.
fn normalized_often() -> Graph {
    chain! {
        [12, 12, 2];
        "conv2d", Conv2D { activation: Relu, ..Conv2D::new(4, [3, 3]) };
        "batch_normalization", BatchNormalization::new();
        "conv2d_1", Conv2D { activation: Relu, ..Conv2D::new(4, [3, 3]) };
        "batch_normalization_1", BatchNormalization::new();
        "max_pooling2d", MaxPooling2D::new();
        "conv2d_2", Conv2D { activation: Relu, ..Conv2D::new(8, [3, 3]) };
        "batch_normalization_2", BatchNormalization::new();
        "flatten", Flatten::new();
        "dense", Dense { activation: Relu, ..Dense::new(24) };
        "dropout", Dropout::new(0.5);
        "dense_1", Dense { activation: Softmax, ..Dense::new(5) };
    }
}

/// The regions from the first to the last call that touches a value.
fn regions(plan: &Plan, buffer: &Buffer) -> (usize, usize) {
    let of = |call: usize| {
        let found = plan
            .regions
            .iter()
            .position(|r| r.calls.range().contains(&call));
        found.unwrap_or(plan.regions.len())
    };
    (of(buffer.first), of(buffer.last))
}

/// A prediction reads its samples where they lie; any other step may have to gather them.
#[test]
fn only_the_samples_of_a_prediction_take_no_memory() {
    let graph = with_dropout();
    let store = Store::new(&graph, 0);
    for mode in [Mode::Train, Mode::Evaluate, Mode::Predict] {
        let plan = Plan::with_cut(&graph, &store, mode, 8, Cut::default());
        for (id, buffer) in plan.buffers.iter().enumerate() {
            let stays = mode == Mode::Predict && id < plan.inputs;
            assert_eq!(buffer.home == Home::Samples, stays, "{mode:?}: {buffer:?}");
        }
    }
}

/// Threads are at different calls of a region at the same time.
#[test]
fn values_of_one_region_never_share_memory() {
    for graph in [with_dropout(), with_normalization(), normalized_often()] {
        let store = Store::new(&graph, 0);
        for mode in [Mode::Train, Mode::Evaluate, Mode::Predict] {
            let rows = 8;
            let plan = Plan::with_cut(&graph, &store, mode, rows, Cut::default());
            let across: Vec<&Buffer> = plan
                .buffers
                .iter()
                .filter(|b| b.home == Home::Batch)
                .collect();
            for (i, a) in across.iter().enumerate() {
                for b in &across[..i] {
                    let apart = a.offset + rows * a.row_len <= b.offset
                        || b.offset + rows * b.row_len <= a.offset;
                    let (a_at, b_at) = (regions(&plan, a), regions(&plan, b));
                    let together = a_at.0 <= b_at.1 && b_at.0 <= a_at.1;
                    assert!(apart || !together, "{mode:?}: {a:?} and {b:?}");
                }
            }
        }
    }
}

#[test]
fn a_step_gives_the_same_bits_every_time() {
    let data = images(8);
    let rows: Vec<u32> = (0..8).collect();
    let step = || {
        let mut engine = compiled(normalized_often(), SGD::new(0.1));
        engine.step(8, batch(&data, &rows), 3);
        engine.parameters().unwrap()
    };
    let first = step();
    for _ in 0..50 {
        assert!(step() == first);
    }
}

/// What a normalization gives crosses to no other region if the next one ends the region; its backward pass finds it made
/// again.
#[test]
fn what_is_made_again_stays_with_its_thread() {
    let graph = normalized_often();
    let store = Store::new(&graph, 0);
    let plan = Plan::new(&graph, &store, Mode::Train, 8);
    let made_again: Vec<&str> = plan
        .stages
        .iter()
        .filter_map(|stage| {
            let again = plan.buffers[stage.flow.again?];
            let first = plan.buffers[stage.flow.output];
            assert_eq!((first.home, again.home), (Home::Local, Home::Local));
            Some(&*graph.layers()[stage.layer].name)
        })
        .collect();
    assert_eq!(made_again, ["batch_normalization", "batch_normalization_1"]);
    for mode in [Mode::Evaluate, Mode::Predict] {
        let plan = Plan::new(&graph, &store, mode, 8);
        assert!(plan.stages.iter().all(|s| s.flow.again.is_none()));
    }
}
