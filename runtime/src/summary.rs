//! The table of a network's layers, as Keras prints it.

use crate::device::Device;
use crate::engine::Engine;
use crate::facts::{self, Row};
use crate::graph::{Entry, Graph};
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
            let parameters = graph.layers().iter().flat_map(|layer| &layer.parameters);
            parameters
                .filter(|p| p.trainable == trainable)
                .map(|p| p.shape.size())
                .sum()
        };
        Summary {
            name: graph.name(),
            rows: graph
                .entries()
                .iter()
                .map(|entry| row(graph, entry))
                .collect(),
            trainable: count(true),
            fixed: count(false),
        }
    }
}

fn row(graph: &Graph, entry: &Entry) -> Row {
    let layers = &graph.layers()[entry.layers.clone()];
    let parameters = layers.iter().flat_map(|layer| &layer.parameters);
    let params = parameters.map(|p| p.shape.size()).sum();
    facts::row(entry.name, entry.kind, entry.output, params)
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
