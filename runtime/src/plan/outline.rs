//! What a step does, before it is decided where and on which device: stages, values, and the order of calls.

use super::buffers::Buffer;
use super::list::List;
use super::sketch::{HeadSketch, Link, Sketch, StepSketch, Trace};
use super::store::Store;
use super::wiring::{Node, Part, Wiring, only_output};
use crate::activations::ActivationFunction;
use crate::graph::Graph;
use crate::op::{Demand, Op};
use crate::shape::Shape;
use std::sync::Arc;

/// What a plan is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Forward, loss, backward, update.
    Train,
    /// Forward and loss.
    Evaluate,
    /// Forward.
    Predict,
}

/// One thing that is done with the rows of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// Copies the samples of the batch to the first buffers.
    Gather,
    /// A look at the rows before the forward pass of a step.
    Measure(usize),
    /// The forward pass of a step.
    Forward(usize),
    /// The loss, the metrics and the gradient of an output; for `predict`, copies the answers out.
    Head(usize),
    /// A look at the rows before the backward pass of a step.
    MeasureBackward(usize),
    /// The forward pass of a step once more, for those whose backward pass comes next.
    Repeat(usize),
    /// The backward pass of a step.
    Backward(usize),
}

impl Call {
    /// The step that sums something over all rows in this call.
    pub(crate) const fn measures(self) -> Option<usize> {
        match self {
            Call::Measure(step) | Call::MeasureBackward(step) => Some(step),
            _ => None,
        }
    }
}

/// The buffers of a step.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    pub(crate) inputs: Vec<usize>,
    pub(crate) output: usize,
    pub(crate) cache: Option<usize>,
    pub(crate) d_output: Option<usize>,
    /// The inputs as the backward pass finds them.
    pub(crate) inputs_again: Vec<usize>,
    /// Where the output is made again, if it is.
    pub(crate) again: Option<usize>,
    /// Where the gradient of each input goes, if anybody needs it.
    pub(crate) d_inputs: Vec<Option<Gradient>>,
}

/// Where the gradient of a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gradient {
    /// The buffer that is written.
    pub(crate) buffer: usize,
    /// The gradient that it is added to then: a value that is used several times has the sum of several gradients.
    pub(crate) add_to: Option<usize>,
}

/// A call of a layer that does something.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) op: Arc<dyn Op>,
    /// Which layer of the network it is.
    pub(crate) layer: usize,
    /// Which call it is, among all of the network.
    pub(crate) node: usize,
    pub(crate) flow: Flow,
}

/// One output of the network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    /// What the last layer gives, before its activation if the loss computes that.
    pub(crate) last: usize,
    /// Where the loss puts the predictions. `None` for `predict`.
    pub(crate) predictions: Option<usize>,
    pub(crate) d_last: Option<Gradient>,
    /// The activation that the loss computes together with itself.
    pub(crate) activation: ActivationFunction,
    /// The shape of an answer.
    pub(crate) shape: Shape,
}

/// The calls of a step and the values between them. The first buffers hold the samples, one for each input.
#[derive(Debug)]
pub(crate) struct Outline {
    pub(crate) inputs: usize,
    pub(crate) steps: Vec<Step>,
    /// The same steps as plain data.
    pub(crate) sketches: Vec<StepSketch>,
    pub(crate) heads: Vec<Head>,
    pub(crate) calls: Vec<Call>,
    /// Every value, with the calls between which it is alive; where it lives is not decided.
    pub(crate) buffers: Vec<Buffer>,
}

impl Outline {
    /// The outline of a step of this network.
    pub(crate) fn new(graph: &Graph, store: &Store, mode: Mode, repeats: bool) -> Self {
        let bound = Bound::new(graph, store, mode);
        let wiring = bound.wiring();
        let (inputs, nodes) = (wiring.inputs.len(), wiring.nodes.len());
        let mut buffers = vec![Buffer::new(0); wiring.most_buffers()];
        let mut sketches = vec![StepSketch::EMPTY; nodes];
        let mut heads = vec![HeadSketch::EMPTY; wiring.outputs.len()];
        let mut calls = vec![Call::Gather; wiring.most_calls()];
        let mut links = vec![Link::EMPTY; wiring.connections.len()];
        let mut sketch = Sketch {
            buffers: List::new(&mut buffers),
            steps: List::new(&mut sketches),
            heads: List::new(&mut heads),
            calls: List::new(&mut calls),
            links: &mut links,
            buffer_of: &mut vec![usize::MAX; inputs + nodes],
            traces: &mut vec![Trace::EMPTY; wiring.most_buffers()],
        };
        sketch.draw(&wiring, mode, repeats);
        let counts = (sketch.buffers.len(), sketch.steps.len(), sketch.calls.len());
        buffers.truncate(counts.0);
        sketches.truncate(counts.1);
        calls.truncate(counts.2);
        let steps = sketches.iter().map(|sketch| bound.step(sketch, &links));
        let outputs = graph.outputs().iter().zip(&bound.activations);
        Outline {
            inputs,
            steps: steps.collect(),
            heads: heads
                .iter()
                .zip(outputs)
                .map(|(head, ((_, value), activation))| Head {
                    last: head.last,
                    predictions: head.predictions,
                    d_last: head.d_last,
                    activation: *activation,
                    shape: graph.shape(*value),
                })
                .collect(),
            calls,
            buffers,
            sketches,
        }
    }
}

/// A network whose layers are bound to their sizes, and the same as plain data.
struct Bound {
    /// One for each call.
    ops: Vec<Arc<dyn Op>>,
    /// What the loss of each output computes together with itself.
    activations: Vec<ActivationFunction>,
    inputs: Vec<usize>,
    nodes: Vec<Node>,
    connections: Vec<usize>,
    outputs: Vec<usize>,
}

impl Bound {
    fn new(graph: &Graph, store: &Store, mode: Mode) -> Self {
        let inputs = graph.inputs().iter().map(|(_, value)| *value);
        let mut number_of = vec![usize::MAX; graph.values()];
        let made = graph.nodes().iter().map(|node| node.output);
        for (number, value) in inputs.clone().chain(made).enumerate() {
            number_of[value.0] = number;
        }
        let taken = graph.nodes().iter().flat_map(|node| &node.inputs);
        let outputs = graph.outputs().iter();
        let mut bound = Bound {
            ops: Vec::with_capacity(graph.nodes().len()),
            activations: vec![ActivationFunction::Linear; graph.outputs().len()],
            inputs: inputs.map(|value| graph.shape(value).size()).collect(),
            nodes: Vec::with_capacity(graph.nodes().len()),
            connections: taken.map(|value| number_of[value.0]).collect(),
            outputs: outputs.map(|(_, value)| number_of[value.0]).collect(),
        };
        let mut link = 0;
        for node in graph.nodes() {
            let mut op = graph.op(node);
            let value = number_of[node.output.0];
            // The loss computes the last activation together with itself.
            if mode != Mode::Predict
                && let Some(output) = only_output(&bound.connections, &bound.outputs, value)
            {
                bound.activations[output] = op.take_activation();
            }
            let inputs = Part {
                start: link,
                end: link + node.inputs.len(),
            };
            link = inputs.end;
            bound.nodes.push(Node {
                layer: node.layer,
                size: graph.shape(node.output).size(),
                trained: store.blocks()[node.layer].trained.len(),
                inputs,
                demand: demand(&*op, mode == Mode::Train),
            });
            bound.ops.push(op.into());
        }
        bound
    }

    fn wiring(&self) -> Wiring<'_> {
        Wiring {
            inputs: &self.inputs,
            nodes: &self.nodes,
            connections: &self.connections,
            outputs: &self.outputs,
        }
    }

    fn step(&self, sketch: &StepSketch, links: &[Link]) -> Step {
        let links = &links[sketch.inputs.range()];
        Step {
            op: Arc::clone(&self.ops[sketch.node]),
            layer: self.nodes[sketch.node].layer,
            node: sketch.node,
            flow: Flow {
                inputs: links.iter().map(|link| link.buffer).collect(),
                output: sketch.output,
                cache: sketch.cache,
                d_output: sketch.d_output,
                inputs_again: links.iter().map(|link| link.again).collect(),
                again: sketch.again,
                d_inputs: links.iter().map(|link| link.gradient).collect(),
            },
        }
    }
}

/// What an op asks for.
pub(crate) fn demand(op: &dyn Op, training: bool) -> Demand {
    Demand {
        is_view: op.is_view(),
        is_function: false,
        memory: op.memory(training),
        grain: op.grain(training),
        deferred: op.deferred(),
        macs: op.macs(),
        rows: op.rows(training),
    }
}
