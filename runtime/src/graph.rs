//! A network at run time: what the plan and the saved file are made from.

use crate::layers::Layer;
use crate::op::Op;
use crate::shape::{Outcome, Parameter, Shape};
use std::borrow::Cow;
use std::fmt::Debug;
use std::ops::Range;

/// A value that flows through a network: an input, or what a layer gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Value(pub(crate) usize);

/// A layer that has been added to a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LayerId(usize);

/// A network: its layers, and where each is called, in the order in which they run. `network!` makes it.
#[derive(Debug)]
pub struct Graph {
    name: &'static str,
    shapes: Vec<Shape>,
    inputs: Vec<(&'static str, Value)>,
    entries: Vec<Entry>,
    layers: Vec<GraphLayer>,
    nodes: Vec<Node>,
    outputs: Vec<(&'static str, Value)>,
}

/// What the user declared as one layer: a layer, or a network whose layers are layers here as well.
#[derive(Debug)]
struct Entry {
    /// The name in this network: `conv2d_1`.
    name: &'static str,
    /// Its layers among all layers of the graph.
    layers: Range<usize>,
    /// The network, if it is one.
    network: Option<Graph>,
}

/// A layer with its parameters, however often it is called.
#[derive(Debug)]
pub struct GraphLayer {
    /// The name in this network, that of the network it came with in front: `encoder.conv2d_1`.
    pub name: Cow<'static, str>,
    /// The kind: `Conv2D`.
    pub kind: &'static str,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    layer: Box<dyn Bind>,
}

/// One call of a layer.
#[derive(Debug)]
pub struct Node {
    /// Which layer of the graph is called.
    pub layer: usize,
    /// What it takes.
    pub inputs: Vec<Value>,
    /// What it gives.
    pub output: Value,
}

/// A layer without its type: all that is left to do with it is to bind it to its sizes.
trait Bind: Debug + Send + Sync {
    fn bind(&self, inputs: &[Shape], output: Shape) -> Box<dyn Op>;
    fn copy(&self) -> Box<dyn Bind>;
}

impl<L: Layer> Bind for L {
    fn bind(&self, inputs: &[Shape], output: Shape) -> Box<dyn Op> {
        self.op(inputs, output)
    }

    fn copy(&self) -> Box<dyn Bind> {
        Box::new(*self)
    }
}

impl Graph {
    /// A graph without layers.
    pub fn new(name: &'static str) -> Self {
        Graph {
            name,
            shapes: Vec::new(),
            inputs: Vec::new(),
            entries: Vec::new(),
            layers: Vec::new(),
            nodes: Vec::new(),
            outputs: Vec::new(),
        }
    }

    /// Adds an input.
    pub fn input(&mut self, name: &'static str, shape: Shape) -> Value {
        let value = new_value(&mut self.shapes, shape);
        self.inputs.push((name, value));
        value
    }

    /// Adds a layer whose shape rule said `outcome` of its first call.
    pub fn layer<L: Layer>(&mut self, name: &'static str, layer: L, outcome: &Outcome) -> LayerId {
        let start = self.layers.len();
        let network = layer.network();
        match &network {
            None => self.layers.push(GraphLayer {
                name: name.into(),
                kind: L::KIND,
                parameters: outcome.parameters().collect(),
                layer: Box::new(layer),
            }),
            Some(network) => self
                .layers
                .extend(network.layers.iter().map(|inner| GraphLayer {
                    name: format!("{name}.{}", inner.name).into(),
                    kind: inner.kind,
                    parameters: inner.parameters.clone(),
                    layer: inner.layer.copy(),
                })),
        }
        self.entries.push(Entry {
            name,
            layers: start..self.layers.len(),
            network,
        });
        LayerId(self.entries.len() - 1)
    }

    /// Calls a layer whose shape rule said `outcome` of these inputs. A layer that is called again uses the same
    /// parameters again.
    pub fn call(&mut self, layer: LayerId, outcome: &Outcome, inputs: &[Value]) -> Value {
        let entry = &self.entries[layer.0];
        let first = entry.layers.start;
        let Some(network) = &entry.network else {
            let output = new_value(&mut self.shapes, outcome.shape(entry.name));
            self.nodes.push(Node {
                layer: first,
                inputs: inputs.to_vec(),
                output,
            });
            return output;
        };
        // The calls of the inner network, with values of this one in the place of its own.
        let mut outer = vec![Value(usize::MAX); network.values()];
        for ((_, inner), value) in network.inputs.iter().zip(inputs) {
            outer[inner.0] = *value;
        }
        for node in &network.nodes {
            let output = new_value(&mut self.shapes, network.shape(node.output));
            outer[node.output.0] = output;
            self.nodes.push(Node {
                layer: first + node.layer,
                inputs: node.inputs.iter().map(|v| outer[v.0]).collect(),
                output,
            });
        }
        let (_, output) = network.outputs[0];
        outer[output.0]
    }

    /// Names an output.
    pub fn output(&mut self, name: &'static str, value: Value) {
        self.outputs.push((name, value));
    }

    /// The network's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// All layers, those of inner networks in their places.
    pub fn layers(&self) -> &[GraphLayer] {
        &self.layers
    }

    /// All calls in the order in which they run.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The inputs with their names.
    pub fn inputs(&self) -> &[(&'static str, Value)] {
        &self.inputs
    }

    /// The outputs with their names.
    pub fn outputs(&self) -> &[(&'static str, Value)] {
        &self.outputs
    }

    /// The shape of a value.
    pub fn shape(&self, value: Value) -> Shape {
        self.shapes[value.0]
    }

    /// The shape of each input.
    pub(crate) fn input_shapes(&self) -> impl Iterator<Item = Shape> + '_ {
        self.inputs.iter().map(|(_, value)| self.shape(*value))
    }

    /// The shape of each output.
    pub(crate) fn output_shapes(&self) -> impl Iterator<Item = Shape> + '_ {
        self.outputs.iter().map(|(_, value)| self.shape(*value))
    }

    /// How many values there are: inputs and what the calls give.
    pub(crate) fn values(&self) -> usize {
        self.shapes.len()
    }

    /// The layer of a call bound to the sizes of this call.
    pub(crate) fn op(&self, node: &Node) -> Box<dyn Op> {
        let inputs: Vec<Shape> = node.inputs.iter().map(|&v| self.shape(v)).collect();
        let layer = &self.layers[node.layer];
        layer.layer.bind(&inputs, self.shape(node.output))
    }
}

fn new_value(shapes: &mut Vec<Shape>, shape: Shape) -> Value {
    shapes.push(shape);
    Value(shapes.len() - 1)
}

/// A network of one layer after another, for tests: the shape of its input, then each layer with its name.
#[cfg(test)]
macro_rules! chain {
    ($input:expr; $($name:literal, $layer:expr;)+) => {{
        let mut graph = $crate::graph::Graph::new("sequential");
        let mut value = graph.input("input", $crate::shape::Shape::new($input));
        $(
            let layer = $layer;
            let outcome = layer.output(&[graph.shape(value)]);
            assert_eq!(outcome.message(), None);
            let layer = graph.layer($name, layer, &outcome);
            value = graph.call(layer, &outcome, &[value]);
        )+
        graph.output("output", value);
        graph
    }};
}
#[cfg(test)]
pub(crate) use chain;
