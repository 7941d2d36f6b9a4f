//! What a step does, before it is decided where and on which device: stages, values, and the order of calls.

use super::buffers::{Buffer, Home};
use super::store::Store;
use crate::activations::ActivationFunction;
use crate::graph::{Graph, Value};
use crate::op::Op;
use crate::shape::Shape;
use std::collections::HashMap;
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
    /// The forward pass of a step.
    Forward(usize),
    /// The loss, the metrics and the gradient of an output; for `predict`, copies the answers out.
    Head(usize),
    /// The backward pass of a step.
    Backward(usize),
}

/// The buffers of a step.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    pub(crate) inputs: Vec<usize>,
    pub(crate) output: usize,
    pub(crate) cache: Option<usize>,
    pub(crate) d_output: Option<usize>,
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
    /// Whether the gradients of the parameters come from one product over the whole batch.
    pub(crate) deferred: bool,
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
    pub(crate) heads: Vec<Head>,
    pub(crate) calls: Vec<Call>,
    /// Every value, with the calls between which it is alive; where it lives is not decided.
    pub(crate) buffers: Vec<Buffer>,
}

impl Outline {
    /// The outline of a step of this network.
    pub(crate) fn new(graph: &Graph, store: &Store, mode: Mode) -> Self {
        let training = mode == Mode::Train;
        let mut buffers = Buffers::default();
        let mut buffer_of = vec![usize::MAX; graph.values()];
        for (_, input) in graph.inputs() {
            buffer_of[input.0] = buffers.add(graph.shape(*input).size());
        }
        let mut activations = vec![ActivationFunction::Linear; graph.outputs().len()];
        let mut steps: Vec<Step> = Vec::new();
        for (i, node) in graph.nodes().iter().enumerate() {
            let mut op = graph.op(node);
            // The loss computes the last activation together with itself.
            if mode != Mode::Predict
                && let Some(output) = only_output(graph, node.output)
            {
                activations[output] = op.take_activation();
            }
            if op.is_view() {
                buffer_of[node.output.0] = buffer_of[node.inputs[0].0];
                continue;
            }
            let output = buffers.add(graph.shape(node.output).size());
            buffer_of[node.output.0] = output;
            let cache = op.memory(training).cache;
            let calls = graph.nodes().iter().filter(|n| n.layer == node.layer);
            steps.push(Step {
                deferred: op.deferred() && calls.count() == 1,
                op: op.into(),
                layer: node.layer,
                node: i,
                flow: Flow {
                    inputs: node.inputs.iter().map(|v| buffer_of[v.0]).collect(),
                    output,
                    cache: (training && cache > 0).then(|| buffers.add(cache)),
                    d_output: None,
                    d_inputs: vec![None; node.inputs.len()],
                },
            });
        }
        let outputs = graph.outputs().iter().zip(activations);
        let mut heads: Vec<Head> = outputs
            .map(|((_, value), activation)| {
                let shape = graph.shape(*value);
                Head {
                    last: buffer_of[value.0],
                    predictions: (mode != Mode::Predict).then(|| buffers.add(shape.size())),
                    d_last: None,
                    activation,
                    shape,
                }
            })
            .collect();
        if training {
            connect_gradients(&mut steps, &mut heads, store, &mut buffers);
        }
        let mut outline = Outline {
            inputs: graph.inputs().len(),
            calls: calls(&steps, &heads, mode),
            steps,
            heads,
            buffers: buffers.0,
        };
        outline.settle();
        outline
    }

    /// Which buffers a call touches.
    fn uses(&self, call: Call) -> Vec<usize> {
        let gradient = |g: Gradient| [Some(g.buffer), g.add_to].into_iter().flatten();
        match call {
            Call::Gather => (0..self.inputs).collect(),
            Call::Forward(s) => {
                let flow = &self.steps[s].flow;
                let mut used = flow.inputs.clone();
                used.push(flow.output);
                used.extend(flow.cache);
                used
            }
            Call::Head(h) => {
                let head = &self.heads[h];
                let mut used = vec![head.last];
                used.extend(head.predictions);
                used.extend(head.d_last.into_iter().flat_map(gradient));
                used
            }
            Call::Backward(s) => {
                let flow = &self.steps[s].flow;
                let mut used = flow.inputs.clone();
                used.push(flow.output);
                used.extend(flow.cache);
                used.extend(flow.d_output);
                used.extend(flow.d_inputs.iter().flatten().copied().flat_map(gradient));
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
        for step in self.steps.iter().filter(|s| s.deferred) {
            // A deferred product reads them for the whole batch after the last call.
            let Some(d_output) = step.flow.d_output else {
                continue;
            };
            for &id in step.flow.inputs.iter().chain([&d_output]) {
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

/// Which output of the network a value is, if it is one and nothing else.
fn only_output(graph: &Graph, value: Value) -> Option<usize> {
    let mut outputs = graph.outputs().iter().enumerate();
    let (output, _) = outputs.find(|(_, (_, v))| *v == value)?;
    let again = outputs.any(|(_, (_, v))| *v == value);
    let used = graph.nodes().iter().any(|n| n.inputs.contains(&value));
    (!again && !used).then_some(output)
}

#[derive(Default)]
struct Buffers(Vec<Buffer>);

impl Buffers {
    fn add(&mut self, row_len: usize) -> usize {
        self.0.push(Buffer {
            row_len,
            alive: 0..=0,
            home: Home::Batch,
            offset: 0,
        });
        self.0.len() - 1
    }
}

/// Gives buffers to the gradients, in the order in which the backward pass makes them. A value that does not depend on
/// anything trained needs none.
fn connect_gradients(steps: &mut [Step], heads: &mut [Head], store: &Store, buffers: &mut Buffers) {
    let mut needed = vec![false; buffers.0.len()];
    for step in steps.iter() {
        let flow = &step.flow;
        needed[flow.output] = !store.blocks()[step.layer].trained.is_empty()
            || flow.inputs.iter().any(|&input| needed[input]);
    }
    let mut sums = HashMap::new();
    for head in heads {
        head.d_last = gradient(head.last, &needed, &mut sums, buffers);
    }
    for step in steps.iter_mut().rev() {
        // Everything that uses the value comes later and has been here, so the sum is complete.
        step.flow.d_output = sums.get(&step.flow.output).copied();
        if step.flow.d_output.is_none() {
            continue;
        }
        for (input, d_input) in step.flow.inputs.iter().zip(&mut step.flow.d_inputs) {
            *d_input = gradient(*input, &needed, &mut sums, buffers);
        }
    }
}

/// Where one use of a value puts its gradient. The first that is made is the sum; the others are added to it.
fn gradient(
    value: usize,
    needed: &[bool],
    sums: &mut HashMap<usize, usize>,
    buffers: &mut Buffers,
) -> Option<Gradient> {
    if !needed[value] {
        return None;
    }
    let buffer = buffers.add(buffers.0[value].row_len);
    let add_to = sums.get(&value).copied();
    if add_to.is_none() {
        sums.insert(value, buffer);
    }
    Some(Gradient { buffer, add_to })
}

fn calls(steps: &[Step], heads: &[Head], mode: Mode) -> Vec<Call> {
    let mut calls = vec![Call::Gather];
    calls.extend((0..steps.len()).map(Call::Forward));
    calls.extend((0..heads.len()).map(Call::Head));
    if mode == Mode::Train {
        let wanted = |&s: &usize| steps[s].flow.d_output.is_some();
        calls.extend((0..steps.len()).rev().filter(wanted).map(Call::Backward));
    }
    calls
}
