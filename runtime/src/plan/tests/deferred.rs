//! Weights that are updated while their gradients are made: the same as if the gradients had been there as a whole.

use super::{batch, numbers};
use crate::activations::ActivationFunction::{Relu, Tanh};
use crate::graph::{Graph, chain};
use crate::kernels::aligned::AlignedVec;
use crate::layers::Dense;
use crate::losses::MeanSquaredError;
use crate::op::Grain;
use crate::optimizers::{Adam, Optimizer, RMSprop, SGD};
use crate::plan::layout::Gradients;
use crate::plan::work::Goal;
use crate::plan::{Learner, Mode, Plan, Store, Totals};
use crate::training::data::DataSet;
use crate::training::labels::Targets;

const ROWS: usize = 20;

/// A deferred layer by rows and one of the whole batch, between others. The last one is so wide that its rows are cut.
fn graph() -> Graph {
    let dense = |units, activation| Dense {
        activation,
        ..Dense::new(units)
    };
    chain! {
        [20];
        "dense", dense(450, Tanh);
        "dense_1", dense(300, Relu);
        "dense_2", dense(5_100, Relu);
        "dense_3", dense(3, Tanh);
    }
}

fn data() -> DataSet<'static> {
    let targets = Targets::Values {
        values: numbers(2, ROWS * 3).into(),
        size: 3,
    };
    DataSet::single(numbers(1, ROWS * 20), targets, ROWS)
}

/// Changes no weight: remembers its gradient, and how often it has seen it.
#[derive(Debug)]
struct Recorder;

impl Optimizer for Recorder {
    fn name(&self) -> &'static str {
        "Recorder"
    }

    fn learning_rate(&self) -> f64 {
        0.0
    }

    fn set_learning_rate(&mut self, _: f64) {}

    fn states(&self) -> usize {
        2
    }

    fn update(&self, _: &mut [f32], gradients: &[f32], states: &mut [&mut [f32]]) {
        states[0].copy_from_slice(gradients);
        states[1].iter_mut().for_each(|times| *times += 1.0);
    }
}

/// Weights, and what an optimizer remembers of them.
type Memory = (Store, Vec<AlignedVec>);

fn untrained(optimizer: &dyn Optimizer) -> Memory {
    let store = Store::new(&graph(), 3);
    let state = |_| AlignedVec::new(store.values().len());
    let states = (0..optimizer.states()).map(state).collect();
    (store, states)
}

fn step(optimizer: &mut dyn Optimizer, threads: usize, (store, states): &mut Memory) {
    let (data, rows) = (data(), (0..ROWS as u32).collect::<Vec<u32>>());
    let goals = [Goal {
        loss: Box::new(MeanSquaredError),
        metrics: vec![],
    }];
    let mut plan = Plan::new(&graph(), store, Mode::Train, ROWS);
    let learner = Learner {
        store,
        optimizer,
        states,
        seed: 0,
        step: 0,
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build().unwrap().install(|| {
        plan.train(
            batch(&data, &rows),
            &goals,
            learner,
            &mut Totals::new(&goals),
        );
    });
}

fn bits(memory: &Memory) -> Vec<Vec<u32>> {
    let all = std::iter::once(memory.0.values()).chain(memory.1.iter().map(|state| &**state));
    all.map(|values| values.iter().map(|value| value.to_bits()).collect())
        .collect()
}

#[test]
fn both_large_layers_are_deferred() {
    let graph = graph();
    let plan = Plan::new(&graph, &Store::new(&graph, 3), Mode::Train, ROWS);
    let kinds = plan.stages.iter().map(|stage| {
        let deferred = matches!(stage.gradients, Gradients::Deferred);
        (deferred, stage.op.grain(true) == Grain::Batch)
    });
    let kinds: Vec<(bool, bool)> = kinds.collect();
    assert_eq!(
        kinds,
        [(false, false), (true, false), (true, true), (false, false)]
    );
}

#[test]
fn pieces_on_any_thread_equal_one_update_of_all_weights() {
    let mut recorded = untrained(&Recorder);
    step(&mut Recorder, 2, &mut recorded);
    let [gradients, times] = &recorded.1[..] else {
        panic!("two states")
    };
    for block in recorded.0.blocks() {
        for range in &block.trained_ranges {
            let start = block.trained.start;
            let times = &times[start + range.start..start + range.end];
            assert!(times.iter().all(|&times| times == 1.0));
        }
    }
    let optimizers: [fn() -> Box<dyn Optimizer>; 5] = [
        || Box::new(SGD::new(0.1)),
        || {
            Box::new(SGD {
                momentum: 0.9,
                nesterov: true,
                ..SGD::new(0.1)
            })
        },
        || Box::new(RMSprop::new(0.01)),
        || {
            Box::new(RMSprop {
                momentum: 0.9,
                ..RMSprop::new(0.01)
            })
        },
        || Box::new(Adam::new(0.01)),
    ];
    for optimizer in optimizers {
        let mut at_once = optimizer();
        let mut whole = untrained(&*at_once);
        at_once.begin_step();
        let mut states: Vec<&mut [f32]> = whole.1.iter_mut().map(|state| &mut **state).collect();
        at_once.update(whole.0.values_mut(), gradients, &mut states);
        for threads in [1, 2, 4] {
            let mut in_pieces = untrained(&*at_once);
            step(&mut *optimizer(), threads, &mut in_pieces);
            assert!(
                bits(&in_pieces) == bits(&whole),
                "{at_once:?} on {threads} threads"
            );
        }
    }
}
