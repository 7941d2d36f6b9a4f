//! What a step does, before it is decided where and on which device: stages, values, and the order of calls.

use super::buffers::{Buffer, Home};
use super::store::Store;
use crate::activations::ActivationFunction;
use crate::graph::Graph;
use crate::op::Op;
use crate::shape::Shape;
use std::collections::HashMap;

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
    /// Copies the samples of the batch to the first buffer.
    Gather,
    /// The forward pass of a stage.
    Forward(usize),
    /// The loss, the metrics and the gradient of the last stage; for `predict`, copies the answers out.
    Head,
    /// The backward pass of a stage.
    Backward(usize),
}

/// The buffers of a stage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow {
    pub(crate) input: usize,
    pub(crate) output: usize,
    pub(crate) cache: Option<usize>,
    pub(crate) d_output: Option<usize>,
    pub(crate) d_input: Option<usize>,
}

/// A layer that does something.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) op: Box<dyn Op>,
    /// Which layer of the network it is.
    pub(crate) layer: usize,
    pub(crate) flow: Flow,
}

/// The calls of a step and the values between them. Buffer 0 holds the samples.
#[derive(Debug)]
pub(crate) struct Outline {
    pub(crate) steps: Vec<Step>,
    pub(crate) calls: Vec<Call>,
    /// Every value, with the calls between which it is alive; where it lives is not decided.
    pub(crate) buffers: Vec<Buffer>,
    /// What the last layer gives, before its activation if the loss computes that.
    pub(crate) last: usize,
    pub(crate) predictions: Option<usize>,
    /// The activation that the loss computes together with itself.
    pub(crate) head: ActivationFunction,
    /// The shape of an answer.
    pub(crate) output: Shape,
}

impl Outline {
    /// The outline of a step of this network.
    pub(crate) fn new(graph: &Graph, store: &Store, mode: Mode) -> Self {
        let training = mode == Mode::Train;
        let mut buffers = Vec::new();
        let mut new_buffer = |row_len| {
            buffers.push(Buffer {
                row_len,
                alive: 0..=0,
                home: Home::Batch,
                offset: 0,
            });
            buffers.len() - 1
        };
        let (_, input) = graph.inputs()[0];
        let (_, output) = graph.outputs()[0];
        let mut buffer_of = vec![usize::MAX; graph.values()];
        buffer_of[input.0] = new_buffer(graph.shape(input).size());
        let mut head = ActivationFunction::Linear;
        let mut steps: Vec<Step> = Vec::new();
        for (layer, node) in graph.nodes().iter().enumerate() {
            let mut op = graph.op(node);
            // The loss computes the last activation together with itself.
            if node.output == output && mode != Mode::Predict {
                head = op.take_activation();
            }
            let source = buffer_of[node.inputs[0].0];
            if op.is_view() {
                buffer_of[node.output.0] = source;
                continue;
            }
            buffer_of[node.output.0] = new_buffer(graph.shape(node.output).size());
            let cache = op.memory(training).cache;
            let flow = Flow {
                input: source,
                output: buffer_of[node.output.0],
                cache: (training && cache > 0).then(|| new_buffer(cache)),
                d_output: None,
                d_input: None,
            };
            steps.push(Step { op, layer, flow });
        }
        let output_shape = graph.shape(output);
        let predictions = (mode != Mode::Predict).then(|| new_buffer(output_shape.size()));
        if training {
            connect_gradients(&mut steps, store, &mut new_buffer, graph);
        }
        let mut outline = Outline {
            calls: calls(&steps, mode),
            steps,
            buffers,
            last: buffer_of[output.0],
            predictions,
            head,
            output: output_shape,
        };
        outline.settle();
        outline
    }

    /// Which buffers a call touches.
    fn uses(&self, call: Call) -> Vec<usize> {
        match call {
            Call::Gather => vec![0],
            Call::Forward(s) => {
                let flow = &self.steps[s].flow;
                let mut used = vec![flow.input, flow.output];
                used.extend(flow.cache);
                used
            }
            Call::Head => {
                let mut used = vec![self.last];
                used.extend(self.predictions);
                used.extend(self.steps.last().and_then(|s| s.flow.d_output));
                used
            }
            Call::Backward(s) => {
                let flow = &self.steps[s].flow;
                let mut used = vec![flow.input, flow.output];
                used.extend(flow.cache);
                used.extend(flow.d_output);
                used.extend(flow.d_input);
                used
            }
        }
    }

    /// Decides from when to when each buffer is alive.
    fn settle(&mut self) {
        let mut alive = vec![None; self.buffers.len()];
        for (i, &call) in self.calls.iter().enumerate() {
            for id in self.uses(call) {
                let (first, _) = *alive[id].get_or_insert((i, i));
                alive[id] = Some((first, i));
            }
        }
        for step in self.steps.iter().filter(|s| s.op.deferred()) {
            // A deferred product reads them for the whole batch after the last call.
            let Some(d_output) = step.flow.d_output else {
                continue;
            };
            for id in [step.flow.input, d_output] {
                let first = alive[id].map_or(0, |(first, _)| first);
                alive[id] = Some((first, self.calls.len()));
            }
        }
        for (buffer, alive) in self.buffers.iter_mut().zip(alive) {
            let (first, last) = alive.unwrap_or((0, 0));
            buffer.alive = first..=last;
        }
    }
}

/// Gives each step buffers for its gradients. The first layer with parameters, and those before it, need none for
/// their inputs.
fn connect_gradients(
    steps: &mut [Step],
    store: &Store,
    new_buffer: &mut impl FnMut(usize) -> usize,
    graph: &Graph,
) {
    let mut gradient_of = HashMap::new();
    let first_trained = steps
        .iter()
        .position(|s| !store.blocks()[s.layer].trained.is_empty())
        .unwrap_or(steps.len());
    for (i, step) in steps.iter_mut().enumerate() {
        if i > first_trained {
            let node = &graph.nodes()[step.layer];
            let size = graph.shape(node.inputs[0]).size();
            step.flow.d_input = Some(
                *gradient_of
                    .entry(step.flow.input)
                    .or_insert_with(|| new_buffer(size)),
            );
        }
        if i >= first_trained {
            let size = graph.shape(graph.nodes()[step.layer].output).size();
            step.flow.d_output = Some(
                *gradient_of
                    .entry(step.flow.output)
                    .or_insert_with(|| new_buffer(size)),
            );
        }
    }
}

fn calls(steps: &[Step], mode: Mode) -> Vec<Call> {
    let mut calls = vec![Call::Gather];
    calls.extend((0..steps.len()).map(Call::Forward));
    calls.push(Call::Head);
    if mode == Mode::Train {
        let wanted = |&s: &usize| steps[s].flow.d_output.is_some();
        calls.extend((0..steps.len()).rev().filter(wanted).map(Call::Backward));
    }
    calls
}
