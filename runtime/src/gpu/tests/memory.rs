//! Memory and traffic: what a step allocates, feeds and writes to.

use super::logging::{Event, LoggingDriver};
use super::networks::{self, batch, data, goal};
use crate::engine::{Engine, compiled};
use crate::gpu::engine::GpuEngine;
use crate::gpu::{Argument, Command, Pointer};
use crate::graph::Graph;
use crate::losses::SparseCategoricalCrossentropy;
use crate::optimizers::Adam;
use crate::plan::{Mode, Outline, Store, arena};
use crate::training::data::DataSet;
use std::sync::Arc;

fn engine(driver: &Arc<LoggingDriver>, graph: Graph) -> GpuEngine<LoggingDriver> {
    compiled(driver, graph, 5, goal(Adam::new(0.01)))
}

fn classes(graph: &Graph, rows: usize) -> DataSet<'static> {
    data(graph, &SparseCategoricalCrossentropy::default(), rows)
}

/// The commands among what a driver was asked for.
fn commands(events: &[Event]) -> Vec<Command> {
    let runs = events.iter().filter_map(|event| match event {
        Event::Run(commands) => Some(commands.clone()),
        _ => None,
    });
    runs.flatten().collect()
}

#[test]
fn a_later_step_allocates_nothing_and_feeds_only_the_batch() {
    for (name, graph) in networks::NETWORKS {
        let driver = Arc::default();
        let graph = graph();
        let data = classes(&graph, 12);
        let (_, input) = graph.inputs()[0];
        let input = graph.shape(input).size();
        let mut engine = engine(&driver, graph);
        let rows: Vec<u32> = (0..12).collect();
        let step = |engine: &mut GpuEngine<LoggingDriver>, rows: &[u32], seed| {
            driver.events();
            engine.train(8, batch(&data, rows), seed).unwrap();
            driver.events()
        };
        // A whole batch and the last of an epoch each have a plan.
        for part in [&rows[..8], &rows[8..]] {
            let first = step(&mut engine, part, 1);
            assert!(!first.contains(&Event::Capture), "{name}: used once");
            let second = step(&mut engine, part, 1);
            assert!(second.contains(&Event::Capture), "{name}: used again");
        }
        for part in [&rows[..8], &rows[8..]] {
            let [Event::Feed(_, x), Event::Feed(_, y), Event::Run(_)] =
                step(&mut engine, part, 1)[..]
            else {
                panic!("{name}: more than samples, targets and a run");
            };
            assert_eq!((x, y), (4 * input * part.len(), 4 * part.len()), "{name}");
        }
        // Another seed or learning rate goes along once.
        let fed = |events: &[Event]| events.len() - 1;
        assert_eq!(fed(&step(&mut engine, &rows[..8], 2)), 3, "{name}");
        assert_eq!(fed(&step(&mut engine, &rows[..8], 2)), 2, "{name}");
        let compiled = engine.setup_mut().compiled.as_mut().unwrap();
        compiled.optimizer.set_learning_rate(0.5);
        let [Event::Feed(_, 24), ..] = step(&mut engine, &rows[..8], 2)[..] else {
            panic!("{name}: the learning rate is not told");
        };
        assert_eq!(fed(&step(&mut engine, &rows[..8], 2)), 2, "{name}");
    }
}

#[test]
fn memory_is_given_back() {
    for (name, graph) in networks::NETWORKS {
        let driver = Arc::default();
        let graph = graph();
        let data = classes(&graph, 1030);
        let mut engine = engine(&driver, graph);
        let rows: Vec<u32> = (0..8).collect();
        engine.step(8, batch(&data, &rows), 1);
        engine.keep().unwrap();
        let trained = driver.live();
        engine.evaluate_all(&data).unwrap();
        // A plan for 512 samples and one for the last 6, each with two pieces and its sums.
        assert_eq!(driver.live(), trained + 6, "{name}");
        engine.predict_single(&data.x[0], data.rows).unwrap();
        // The same without sums.
        assert_eq!(driver.live(), trained + 10, "{name}");
        let (optimizer, loss, metrics) = goal(Adam::new(0.01));
        engine.compile_single(optimizer, loss, metrics).unwrap();
        assert!(driver.live() < trained, "{name}: old plans are dropped");
        drop(engine);
        assert_eq!(driver.live(), 0, "{name}");
    }
}

#[test]
fn a_later_evaluation_allocates_nothing_and_starts_at_zero() {
    let driver = Arc::default();
    let graph = networks::mlp();
    let data = classes(&graph, 1030);
    let engine = engine(&driver, graph);
    let evaluate = || {
        driver.events();
        engine.evaluate_all(&data).unwrap();
        driver.events()
    };
    let first = evaluate();
    let allocated = |events: &[Event]| events.iter().any(|e| matches!(e, Event::Allocate(_)));
    assert!(allocated(&first));
    // The first plan has run twice by then and is captured, the second only once.
    let count = |events: &[Event], event| events.iter().filter(|e| **e == event).count();
    assert_eq!(count(&first, Event::Capture), 1);
    let second = evaluate();
    assert_eq!(count(&second, Event::Capture), 1);
    let third = evaluate();
    for later in [&second, &third] {
        assert!(!allocated(later));
        assert_eq!(count(later, Event::Zero), 2);
        assert!(!later.contains(&Event::Free));
    }
    assert!(!third.contains(&Event::Capture));
}

#[test]
fn predictions_of_many_sizes_do_not_cost_the_plan_of_training() {
    let driver = Arc::default();
    let graph = networks::mlp();
    let data = classes(&graph, 32);
    let mut engine = engine(&driver, graph);
    let rows: Vec<u32> = (0..8).collect();
    for size in 1..20 {
        let (_, input) = engine.setup().graph.inputs()[0];
        let len = engine.setup().graph.shape(input).size();
        engine
            .predict_single(&data.x[0][..len * size], size)
            .unwrap();
    }
    for _ in 0..2 {
        engine.train(8, batch(&data, &rows), 1).unwrap();
    }
    driver.events();
    engine.train(8, batch(&data, &rows), 1).unwrap();
    assert!(!driver.events().contains(&Event::Capture));
}

#[test]
fn gradients_of_fixed_parameters_are_never_written() {
    for (name, graph) in networks::NETWORKS {
        let driver = Arc::default();
        let graph = graph();
        let data = classes(&graph, 8);
        let mut engine = engine(&driver, graph);
        driver.events();
        let rows: Vec<u32> = (0..8).collect();
        engine.train(8, batch(&data, &rows), 1).unwrap();
        let mut commands = commands(&driver.events());
        let update = commands.pop();
        assert!(
            matches!(update, Some(Command::Launch { kernel: "adam", .. })),
            "{name}: the update comes last"
        );
        let store = Store::new(&engine.setup().graph, 5);
        let gradients = engine.weights().gradients.start();
        for (layer, block) in store.blocks().iter().enumerate() {
            let trained = block.trained_ranges.len();
            for range in &block.ranges[trained..] {
                let start = gradients.floats(block.all.start + range.start);
                let end = start.floats(range.len());
                let touched = |p: Pointer| start.0 <= p.0 && p.0 < end.0;
                for command in &commands {
                    let touches = touches(command, &touched);
                    assert!(!touches, "{name}: layer {layer}: {command:?}");
                }
            }
        }
    }
}

/// Whether a command, or one that it consists of, is given such a place.
fn touches(command: &Command, place: &impl Fn(Pointer) -> bool) -> bool {
    match command {
        Command::Launch { arguments, .. } => arguments
            .iter()
            .any(|a| matches!(a, Argument::Pointer(p) if place(*p))),
        Command::Product(product) => place(product.c),
        Command::Host(call) => call.writes.iter().any(|w| place(w.start)),
        Command::Convolution(convolution) => {
            let bare = &convolution.bare;
            let parts = [&convolution.own, &bare.before, &bare.after];
            [bare.x, bare.kernel, bare.y].into_iter().any(place)
                || parts.into_iter().flatten().any(|c| touches(c, place))
        }
    }
}

#[test]
fn values_that_are_alive_together_never_overlap() {
    for (name, graph) in networks::NETWORKS {
        let graph = graph();
        let store = Store::new(&graph, 0);
        for mode in [Mode::Train, Mode::Evaluate, Mode::Predict] {
            for rows in [1, 7, 64] {
                let mut outline = Outline::new(&graph, &store, mode, false);
                let size = arena(&mut outline.buffers, rows);
                for (i, a) in outline.buffers.iter().enumerate() {
                    assert!(a.offset + rows * a.row_len <= size);
                    for b in &outline.buffers[..i] {
                        let apart = a.offset + rows * a.row_len <= b.offset
                            || b.offset + rows * b.row_len <= a.offset;
                        let together = a.first <= b.last && b.first <= a.last;
                        assert!(apart || !together, "{name}, {mode:?}: {a:?} and {b:?}");
                    }
                }
            }
        }
    }
}
