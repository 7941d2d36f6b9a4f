//! Random networks: the same result on any number of threads, from any memory, and however a batch is cut.

use super::{batch, numbers};
use crate::activations::ActivationFunction::{self, Linear, Relu, Sigmoid, Softmax, Tanh};
use crate::golden::close;
use crate::graph::{Graph, Value};
use crate::kernels::aligned::AlignedVec;
use crate::kernels::properties::holds;
use crate::layers::{
    Activation, Add, AveragePooling2D, BatchNormalization, Concatenate, Conv2D, Conv2DTranspose,
    Dense, Dropout, Flatten, GlobalMaxPooling2D, Layer, MaxPooling2D, Padding,
};
use crate::losses::SparseCategoricalCrossentropy;
use crate::metrics::Accuracy;
use crate::optimizers::{Optimizer, SGD};
use crate::plan::buffers::{Buffer, Home};
use crate::plan::layout::Cut;
use crate::plan::{Call, Goal, Learner, Mode, Plan, Store, Totals};
use crate::shape::{Outcome, Shape};
use crate::training::data::DataSet;
use crate::training::labels::Targets;
use proptest::prelude::*;
use proptest::sample::select;

const CLASSES: usize = 4;

/// Something between the images and the classes.
#[derive(Clone, Copy, Debug)]
enum Piece {
    Conv2D(Conv2D),
    Conv2DTranspose(Conv2DTranspose),
    Max(MaxPooling2D),
    Average(AveragePooling2D),
    Normalization,
    Dropout(f64),
    Activation(ActivationFunction),
    /// A value is used twice: itself, and through an activation.
    Sum(ActivationFunction),
    Pair(ActivationFunction),
}

#[derive(Clone, Debug)]
struct Net {
    image: [usize; 3],
    pieces: Vec<Piece>,
    global: bool,
    /// A list of `Dense` layers and nothing else, for the numbers of the image.
    plain: bool,
    hidden: Vec<(usize, ActivationFunction)>,
    rows: usize,
    seed: u64,
}

fn activations() -> impl Strategy<Value = ActivationFunction> {
    select(vec![Linear, Relu, Tanh, Sigmoid])
}

fn pieces() -> impl Strategy<Value = Piece> {
    let side = |most: usize| prop::array::uniform2(1..=most);
    let padding = || select(vec![Padding::Valid, Padding::Same]);
    let filters = || 1..=9_usize;
    let convolution = (filters(), side(3), side(2), padding(), activations());
    let transposed = (filters(), side(3), side(2), padding(), activations());
    let pooling = || (side(3), prop::option::of(side(3)), padding());
    prop_oneof![
        3 => (convolution, any::<bool>()).prop_map(|((n, kernel, strides, padding, activation), use_bias)| {
            let options = Conv2D::new(n, kernel);
            Piece::Conv2D(Conv2D { strides, padding, activation, use_bias, ..options })
        }),
        1 => transposed.prop_map(|(n, kernel, strides, padding, activation)| {
            let options = Conv2DTranspose::new(n, kernel);
            Piece::Conv2DTranspose(Conv2DTranspose { strides, padding, activation, ..options })
        }),
        1 => pooling().prop_map(|(pool_size, strides, padding)| {
            Piece::Max(MaxPooling2D { pool_size, strides, padding })
        }),
        1 => pooling().prop_map(|(pool_size, strides, padding)| {
            Piece::Average(AveragePooling2D { pool_size, strides, padding })
        }),
        1 => Just(Piece::Normalization),
        1 => (0.1..0.6).prop_map(Piece::Dropout),
        1 => activations().prop_map(Piece::Activation),
        1 => activations().prop_map(Piece::Sum),
        1 => activations().prop_map(Piece::Pair),
    ]
}

fn nets() -> impl Strategy<Value = Net> {
    let image = (3..=9_usize, 3..=9_usize, 1..=3_usize);
    let pieces = prop::collection::vec(pieces(), 1..6);
    let hidden = prop::collection::vec((1..=20_usize, activations()), 0..4);
    let rows = 1..=40_usize;
    let rest = (any::<bool>(), prop::bool::weighted(0.2), rows, any::<u64>());
    (image, pieces, hidden, rest).prop_map(
        |(image, pieces, hidden, (global, plain, rows, seed))| {
            // Small enough to be narrow.
            let image = if plain {
                (1, image.0, image.2.min(2))
            } else {
                image
            };
            Net {
                image: [image.0, image.1, image.2],
                pieces,
                global,
                plain,
                hidden,
                rows,
                seed,
            }
        },
    )
}

/// A graph, and what the last layer gave.
struct Builder(Graph, Value);

impl Builder {
    /// Calls a new layer, if its rule allows that.
    fn call<L: Layer>(&mut self, layer: L, rule: impl Fn(&L, &[Shape]) -> Outcome, with: &[Value]) {
        let shapes: Vec<Shape> = with.iter().map(|&value| self.0.shape(value)).collect();
        let outcome = rule(&layer, &shapes);
        let small = outcome.message().is_none() && outcome.shape("layer").size() <= 2_000;
        if small {
            let layer = self.0.layer("layer", layer, &outcome);
            self.1 = self.0.call(layer, &outcome, with);
        }
    }

    fn piece(&mut self, piece: Piece) {
        let here = self.1;
        match piece {
            Piece::Conv2D(layer) => self.call(layer, Conv2D::output, &[here]),
            Piece::Conv2DTranspose(layer) => self.call(layer, Conv2DTranspose::output, &[here]),
            Piece::Max(layer) => self.call(layer, MaxPooling2D::output, &[here]),
            Piece::Average(layer) => self.call(layer, AveragePooling2D::output, &[here]),
            Piece::Normalization => {
                let layer = BatchNormalization::new();
                self.call(layer, BatchNormalization::output, &[here]);
            }
            Piece::Dropout(rate) => self.call(Dropout::new(rate), Dropout::output, &[here]),
            Piece::Activation(f) => self.call(Activation::new(f), Activation::output, &[here]),
            Piece::Sum(f) => {
                self.piece(Piece::Activation(f));
                self.call(Add::new(), Add::output, &[here, self.1]);
            }
            Piece::Pair(f) => {
                self.piece(Piece::Activation(f));
                self.call(Concatenate::new(), Concatenate::output, &[self.1, here]);
            }
        }
    }
}

impl Net {
    fn graph(&self) -> Graph {
        let mut graph = Graph::new("random");
        let numbers = self.image.iter().product();
        let shape = match self.plain {
            true => Shape::new([numbers]),
            false => Shape::new(self.image),
        };
        let input = graph.input("input", shape);
        let mut builder = Builder(graph, input);
        if !self.plain {
            self.pieces.iter().for_each(|&piece| builder.piece(piece));
            let last = [builder.1];
            match self.global {
                true => builder.call(GlobalMaxPooling2D::new(), GlobalMaxPooling2D::output, &last),
                false => builder.call(Flatten::new(), Flatten::output, &last),
            }
        }
        let dense = |units, activation| Dense {
            activation,
            ..Dense::new(units)
        };
        for &(units, activation) in &self.hidden {
            let last = builder.1;
            builder.call(dense(units, activation), Dense::output, &[last]);
        }
        let last = builder.1;
        builder.call(dense(CLASSES, Softmax), Dense::output, &[last]);
        let Builder(mut graph, output) = builder;
        assert_eq!(graph.shape(output), Shape::new([CLASSES]));
        graph.output("output", output);
        graph
    }

    fn data(&self) -> DataSet<'static> {
        let classes = (0..self.rows as i64).map(|row| (row * 7 + 3) % CLASSES as i64);
        let x = numbers(self.seed, self.rows * self.image.iter().product::<usize>());
        DataSet::single(x, Targets::Classes(classes.collect()), self.rows)
    }

    /// Two steps with a plan that is cut in this way: the loss of each, and the weights. All memory that a step may not
    /// rely on is filled with `before`.
    fn train(&self, cut: Cut, before: f32) -> (Vec<f64>, Vec<f32>) {
        let (graph, data) = (self.graph(), self.data());
        let mut store = Store::new(&graph, 3);
        let mut plan = Plan::with_cut(&graph, &store, Mode::Train, self.rows, cut);
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
        let rows: Vec<u32> = (0..self.rows as u32).rev().collect();
        let losses = (0..2).map(|step| {
            for workspace in plan.workspaces.iter_mut() {
                workspace.arena.fill(before);
                workspace.scratch.fill(before);
            }
            for slot in &mut plan.slots {
                slot.gradients.fill(before);
            }
            plan.batch_arena.fill(before);
            plan.batch_gradients.fill(before);
            plan.packed.fill(before);
            let mut totals = Totals::new(&goals);
            let learner = Learner {
                store: &mut store,
                optimizer: &mut optimizer,
                states: &mut states,
                seed: self.seed,
                step,
            };
            plan.train(batch(&data, &rows), &goals, learner, &mut totals);
            totals.loss()
        });
        let losses = losses.collect();
        (losses, store.values().to_vec())
    }
}

fn cut(threaded_macs: usize, micro_batch_numbers: usize) -> Cut {
    Cut {
        threaded_macs,
        micro_batch_numbers,
    }
}

/// Ways to cut a batch: into single samples, and into larger parts.
fn micro_batches() -> impl Strategy<Value = usize> {
    select(vec![0, 500, 4_000, usize::MAX])
}

fn bits((losses, weights): (Vec<f64>, Vec<f32>)) -> (Vec<u64>, Vec<u32>) {
    let losses = losses.into_iter().map(f64::to_bits);
    (
        losses.collect(),
        weights.into_iter().map(f32::to_bits).collect(),
    )
}

/// Also that nothing is read before it is written: what is in the memory before a step makes no difference.
#[test]
#[cfg_attr(miri, ignore = "slow")]
fn neither_threads_nor_old_memory_change_a_bit() {
    let pools = [1, 2, 4].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap()
    });
    holds(300, (nets(), micro_batches()), |(net, micro_batch)| {
        let cut = cut(0, micro_batch);
        let [one, two, four] =
            [0, 1, 2].map(|i| pools[i].install(|| bits(net.train(cut, [0.0, f32::NAN, 1e30][i]))));
        assert_eq!(one, two, "2 threads, or old memory");
        assert_eq!(one, four, "4 threads, or old memory");
    });
}

#[test]
#[cfg_attr(miri, ignore = "slow")]
fn cuts_change_nothing_but_rounding() {
    holds(300, (nets(), micro_batches()), |(net, micro_batch)| {
        let (losses, weights) = net.train(cut(usize::MAX, usize::MAX), 0.0);
        for threaded_macs in [0, usize::MAX] {
            let (cut_losses, cut_weights) = net.train(cut(threaded_macs, micro_batch), 0.0);
            let both = [&losses, &cut_losses];
            let [losses, cut_losses] =
                both.map(|x| x.iter().map(|&x| x as f32).collect::<Vec<_>>());
            close("losses", &cut_losses, &losses, 1e-4);
            close("weights", &cut_weights, &weights, 1e-4);
        }
    });
}

/// What a call writes is nothing else that the same call is given, or slices to write would be aliases.
#[test]
fn the_slices_of_a_call_never_overlap() {
    holds(300, (nets(), micro_batches()), |(net, micro_batch)| {
        let graph = net.graph();
        let store = Store::new(&graph, 0);
        for mode in [Mode::Train, Mode::Evaluate, Mode::Predict] {
            let plan = Plan::with_cut(&graph, &store, mode, net.rows, cut(0, micro_batch));
            for call in &plan.calls {
                let (read, written) = slices(&plan, *call);
                for (i, &a) in written.iter().enumerate() {
                    for &b in written[..i].iter().chain(&read) {
                        let (x, y) = (&plan.buffers[a], &plan.buffers[b]);
                        assert!(apart(&plan, x, y), "{call:?} in {mode:?}: {x:?} and {y:?}");
                    }
                }
            }
        }
    });
}

/// The buffers that a call reads, and those it writes.
fn slices(plan: &Plan, call: Call) -> (Vec<usize>, Vec<usize>) {
    match call {
        Call::Gather => (vec![], (0..plan.inputs).collect()),
        Call::Measure(stage) => (plan.stages[stage].flow.inputs.clone(), vec![]),
        Call::MeasureBackward(stage) => {
            let flow = &plan.stages[stage].flow;
            let inputs = flow.inputs.iter().copied();
            (inputs.chain(flow.d_output).collect(), vec![])
        }
        Call::Forward(stage) => {
            let flow = &plan.stages[stage].flow;
            let written = [flow.output].into_iter().chain(flow.cache);
            (flow.inputs.clone(), written.collect())
        }
        Call::Repeat(stage) => {
            let flow = &plan.stages[stage].flow;
            (flow.inputs.clone(), flow.again.into_iter().collect())
        }
        Call::Backward(stage) => {
            let stage = &plan.stages[stage];
            let flow = &stage.flow;
            let read = flow.inputs_again.iter().copied();
            let output = (!stage.is_measured).then_some(flow.output);
            let read = read.chain(output).chain(flow.cache);
            let gradients = flow.d_inputs.iter().flatten().map(|g| g.buffer);
            (
                read.collect(),
                flow.d_output.into_iter().chain(gradients).collect(),
            )
        }
        Call::Head(head) => {
            let head = &plan.heads[head];
            let gradient = head.d_last.map(|g| g.buffer);
            (
                vec![head.last],
                head.predictions.into_iter().chain(gradient).collect(),
            )
        }
    }
}

fn apart(plan: &Plan, a: &Buffer, b: &Buffer) -> bool {
    let local = matches!(a.home, Home::Local);
    if local != matches!(b.home, Home::Local) {
        return true;
    }
    let rows = if local { plan.micro_batch } else { plan.batch };
    let end = |buffer: &Buffer| buffer.offset + rows * buffer.row_len;
    end(a) <= b.offset || end(b) <= a.offset
}
