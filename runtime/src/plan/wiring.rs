//! A network as plain data. A running program makes it from a graph and its ops, the compiler from a blueprint, and both
//! decide about a step with the same functions of it.
//!
//! Values are numbered: first the inputs, then what each call gives.

use crate::op::Demand;
use std::ops::Range;

/// Some neighbours in a list: a `Range` that can be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Part {
    pub(crate) const NONE: Self = Part { start: 0, end: 0 };

    pub(crate) fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// One call of a layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    /// Which layer of the network is called.
    pub(crate) layer: usize,
    /// Numbers of a sample of what it gives.
    pub(crate) size: usize,
    /// The places of the layer's trained parameters.
    pub(crate) trained: usize,
    /// What it takes, among all connections.
    pub(crate) inputs: Part,
    /// What it asks for.
    pub(crate) demand: Demand,
}

impl Node {
    pub(crate) const EMPTY: Self = Node {
        layer: 0,
        size: 0,
        trained: 0,
        inputs: Part::NONE,
        demand: Demand::new(0),
    };
}

/// All calls of a network, and the values between them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wiring<'a> {
    /// Numbers of a sample of each input.
    pub(crate) inputs: &'a [usize],
    /// The calls in the order in which they run.
    pub(crate) nodes: &'a [Node],
    /// The values that each call takes, one call after another.
    pub(crate) connections: &'a [usize],
    /// The values that are outputs.
    pub(crate) outputs: &'a [usize],
}

impl Wiring<'_> {
    /// Numbers of a sample of a value.
    pub(crate) const fn size(&self, value: usize) -> usize {
        if value < self.inputs.len() {
            self.inputs[value]
        } else {
            self.nodes[value - self.inputs.len()].size
        }
    }

    /// Whether a layer is called once.
    pub(crate) const fn is_called_once(&self, layer: usize) -> bool {
        let mut calls = 0;
        let mut i = 0;
        while i < self.nodes.len() {
            if self.nodes[i].layer == layer {
                calls += 1;
            }
            i += 1;
        }
        calls == 1
    }

    /// A step has no more buffers.
    pub(crate) const fn most_buffers(&self) -> usize {
        most_buffers(
            (self.inputs.len(), self.nodes.len()),
            self.connections.len(),
            self.outputs.len(),
        )
    }

    /// A step has no more calls.
    pub(crate) const fn most_calls(&self) -> usize {
        most_calls(self.nodes.len(), self.outputs.len())
    }
}

/// A step of a network of these has no more buffers: values, what ops keep or make again, predictions, and gradients.
pub(crate) const fn most_buffers(
    (inputs, nodes): (usize, usize),
    connections: usize,
    outputs: usize,
) -> usize {
    inputs + 3 * nodes + 2 * outputs + connections
}

/// Nor more calls.
pub(crate) const fn most_calls(nodes: usize, outputs: usize) -> usize {
    1 + 5 * nodes + outputs
}

/// Which output of the network a value is, if it is one and nothing else.
pub(crate) const fn only_output(
    connections: &[usize],
    outputs: &[usize],
    value: usize,
) -> Option<usize> {
    let mut found = None;
    let mut i = 0;
    while i < outputs.len() {
        if outputs[i] == value {
            if found.is_some() {
                return None;
            }
            found = Some(i);
        }
        i += 1;
    }
    if found.is_none() {
        return None;
    }
    let mut i = 0;
    while i < connections.len() {
        if connections[i] == value {
            return None;
        }
        i += 1;
    }
    found
}
