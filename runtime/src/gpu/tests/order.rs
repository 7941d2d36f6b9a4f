//! The order in which threads and blocks run changes nothing.

use super::networks::{self, batch, data, goal};
use crate::engine::{Engine, TestGoal, compiled};
use crate::gpu::emulator::Emulator;
use crate::gpu::engine::GpuEngine;
use crate::graph::Graph;
use crate::optimizers::Adam;

/// Every loss of a few steps, all weights after them and all answers, as bits.
fn train(graph: Graph, order: u32) -> Vec<u64> {
    Emulator::order(order);
    let (optimizer, loss, metrics): TestGoal = goal(Adam::new(0.01));
    let data = data(&graph, &*loss, 20);
    let mut gpu: GpuEngine<Emulator> = compiled(&(), graph, 5, (optimizer, loss, metrics));
    let rows: Vec<u32> = (0..20).collect();
    let mut bits = Vec::new();
    for step in 0..6 {
        let rows = if step % 2 == 0 { &rows } else { &rows[..7] };
        let totals = gpu.step(20, batch(&data, rows), 3);
        bits.push(totals.loss().to_bits());
        bits.extend(
            totals.outputs[0]
                .metrics
                .iter()
                .flatten()
                .map(|m| m.to_bits()),
        );
    }
    let weights = gpu.parameters().unwrap();
    let answers = gpu.predict_single(&data.x[0], data.rows).unwrap();
    let numbers = weights.iter().flatten().chain(&answers);
    bits.extend(numbers.map(|n| u64::from(n.to_bits())));
    Emulator::order(0);
    bits
}

#[test]
fn threads_in_any_order_give_the_same_bits_on_the_emulated_gpu() {
    for (name, graph) in networks::NETWORKS {
        let ascending = train(graph(), 0);
        for order in [1, 2, 12345] {
            assert!(train(graph(), order) == ascending, "{name}: order {order}");
        }
    }
}
