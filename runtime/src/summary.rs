//! The table of a network's layers, as Keras prints it.

use crate::device::Device;
use crate::engine::Engine;
use crate::facts::{self, Row};
use crate::graph::{Graph, Node};
use crate::model::Model;
use crate::network::Network;
use std::fmt;

impl<N: Network, D: Device, L> Model<N, D, L> {
    /// The table of the layers with their output shapes and numbers of parameters, as Keras prints it.
    ///
    /// # Examples
    /// ```
    /// use addax::prelude::*;
    ///
    /// network! {
    ///     /// One layer.
    ///     Small: 3 => 2 {
    ///         Dense(2),
    ///     }
    /// }
    ///
    /// # fn main() -> addax::Result<()> {
    /// let summary = Small::build(&Cpu::default())?.summary().to_string();
    /// assert!(summary.contains("dense (Dense)"));
    /// assert!(summary.ends_with(" Total params: 8 (32.00 B)\n Trainable params: 8 (32.00 B)\n Non-trainable params: 0 (0.00 B)\n"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn summary(&self) -> Summary {
        Summary::new(&self.engine().setup().graph)
    }
}

/// The table of a network's layers. Its `Display` is what Keras' `model.summary()` prints.
#[derive(Clone, Debug)]
pub struct Summary {
    name: &'static str,
    rows: Vec<Row>,
    trainable: usize,
    fixed: usize,
}

impl Summary {
    pub(crate) fn new(graph: &Graph) -> Self {
        let count = |trainable: bool| {
            let parameters = graph.nodes().iter().flat_map(|node| &node.parameters);
            parameters
                .filter(|p| p.trainable == trainable)
                .map(|p| p.shape.size())
                .sum()
        };
        Summary {
            name: graph.name(),
            rows: graph.nodes().iter().map(|node| row(graph, node)).collect(),
            trainable: count(true),
            fixed: count(false),
        }
    }
}

fn row(graph: &Graph, node: &Node) -> Row {
    let params = node.parameters.iter().map(|p| p.shape.size()).sum();
    facts::row(node.name, node.kind, graph.shape(node.output), params)
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&facts::table(
            self.name,
            &self.rows,
            self.trainable,
            self.fixed,
        ))
    }
}
