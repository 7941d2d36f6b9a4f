//! A network as a list of layers at run time: what the plan, the summary and the saved file are made from.

use crate::layers::Layer;
use crate::op::Op;
use crate::shape::{Outcome, Parameter, Shape};
use std::fmt::Debug;

/// A value that flows through a network: an input, or what a layer gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Value(pub(crate) usize);

/// A network with all its layers in the order in which they run. `network!` makes it.
#[derive(Debug)]
pub struct Graph {
    name: &'static str,
    shapes: Vec<Shape>,
    inputs: Vec<(&'static str, Value)>,
    nodes: Vec<Node>,
    outputs: Vec<(&'static str, Value)>,
}

/// One layer in its place.
#[derive(Debug)]
pub struct Node {
    /// The layer's name in this network: `conv2d_1`.
    pub name: &'static str,
    /// The layer's kind: `Conv2D`.
    pub kind: &'static str,
    /// What it takes.
    pub inputs: Vec<Value>,
    /// What it gives.
    pub output: Value,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    layer: Box<dyn Bind>,
}

/// A layer without its type: all that is left to do with it is to bind it to its sizes.
trait Bind: Debug + Send + Sync {
    fn bind(&self, inputs: &[Shape], output: Shape) -> Box<dyn Op>;
}

impl<L: Layer> Bind for L {
    fn bind(&self, inputs: &[Shape], output: Shape) -> Box<dyn Op> {
        self.op(inputs, output)
    }
}

impl Graph {
    /// A graph without layers.
    pub fn new(name: &'static str) -> Self {
        Graph {
            name,
            shapes: Vec::new(),
            inputs: Vec::new(),
            nodes: Vec::new(),
            outputs: Vec::new(),
        }
    }

    /// Adds an input.
    pub fn input(&mut self, name: &'static str, shape: Shape) -> Value {
        let value = self.value(shape);
        self.inputs.push((name, value));
        value
    }

    /// Adds a layer whose shape rule said `outcome`.
    pub fn layer<L: Layer>(
        &mut self,
        name: &'static str,
        layer: L,
        outcome: &Outcome,
        inputs: &[Value],
    ) -> Value {
        let output = self.value(outcome.shape(name));
        self.nodes.push(Node {
            name,
            kind: L::KIND,
            inputs: inputs.to_vec(),
            output,
            parameters: outcome.parameters().collect(),
            layer: Box::new(layer),
        });
        output
    }

    /// Names an output.
    pub fn output(&mut self, name: &'static str, value: Value) {
        self.outputs.push((name, value));
    }

    fn value(&mut self, shape: Shape) -> Value {
        self.shapes.push(shape);
        Value(self.shapes.len() - 1)
    }

    /// The network's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The layers in the order in which they run.
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

    /// How many values there are: inputs and layers.
    pub(crate) fn values(&self) -> usize {
        self.shapes.len()
    }

    /// One layer bound to its sizes.
    pub(crate) fn op(&self, node: &Node) -> Box<dyn Op> {
        let inputs: Vec<Shape> = node.inputs.iter().map(|&v| self.shape(v)).collect();
        node.layer.bind(&inputs, self.shape(node.output))
    }
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
            value = graph.layer($name, layer, &outcome, &[value]);
        )+
        graph.output("output", value);
        graph
    }};
}
#[cfg(test)]
pub(crate) use chain;
