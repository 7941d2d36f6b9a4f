//! The same weights in a network of another size.

use crate::device::Device;
use crate::engine::{Engine, Setup};
use crate::error::{Error, Result};
use crate::graph::{Graph, GraphLayer};
use crate::model::Model;
use crate::network::Network;

impl<N: Network, D: Device, L> Model<N, D, L> {
    /// The weights of this model in a network `To` with the same layers for inputs of another size: a network of
    /// convolutions and global pooling does not care how large its image is.
    ///
    /// The new model is not compiled; this one stays as it is.
    ///
    /// # Errors
    /// [`Error::NotTheSameLayers`] if the layers or the shapes of their parameters differ; it names each layer that does.
    ///
    /// # Examples
    /// ```
    /// use addax::prelude::*;
    ///
    /// network! {
    ///     /// Trained on small images ..
    ///     Small: (28, 28, 1) => 10 {
    ///         Conv2D(8, 3, activation = relu),
    ///         GlobalMaxPooling2D(),
    ///         Dense(10, activation = softmax),
    ///     }
    /// }
    /// network! {
    ///     /// .. and asked about large ones.
    ///     Large: (100, 60, 1) => 10 {
    ///         Conv2D(8, 3, activation = relu),
    ///         GlobalMaxPooling2D(),
    ///         Dense(10, activation = softmax),
    ///     }
    /// }
    ///
    /// # fn main() -> addax::Result<()> {
    /// let small = Small::build(&Cpu::default())?;
    /// let large = small.retyped::<Large>()?;
    /// let answer = large.predict(&vec![[[[0.5]; 60]; 100]])?;
    /// assert_eq!(answer.as_vec().len(), 10);
    /// # Ok(())
    /// # }
    /// ```
    pub fn retyped<To: Network>(&self) -> Result<Model<To, D>> {
        let setup = Setup::of::<To>(self.engine().setup().seed);
        let problems = differences(&self.engine().setup().graph, &setup.graph);
        if !problems.is_empty() {
            return Err(Error::NotTheSameLayers {
                from: sized(&self.engine().setup().graph),
                to: sized(&setup.graph),
                problems,
            });
        }
        let mut engine = D::Engine::new(self.device(), setup)?;
        engine.set_parameters(self.engine().parameters()?)?;
        Ok(Model::with_engine(self.device().clone(), engine))
    }
}

/// The network with what it takes: one declaration may stand for several sizes.
fn sized(graph: &Graph) -> String {
    let shapes: Vec<String> = graph.input_shapes().map(|s| s.to_string()).collect();
    format!("{} for {}", graph.name(), shapes.join(" and "))
}

/// A line for each layer that is missing or has other parameters.
fn differences(from: &Graph, to: &Graph) -> Vec<String> {
    let (here, there) = (sized(from), sized(to));
    let with_parameters = |graph: &'_ Graph| -> Vec<String> {
        let layers = graph
            .layers()
            .iter()
            .filter(|layer| !layer.parameters.is_empty());
        layers.map(|layer| layer.name.to_string()).collect()
    };
    let (ours, theirs) = (with_parameters(from), with_parameters(to));
    if ours != theirs {
        return vec![format!(
            "{here} has the layers {}, and {there} has {}",
            ours.join(", "),
            theirs.join(", ")
        )];
    }
    let parts = |layer: &GraphLayer| -> Vec<(String, String)> {
        let parameters = layer.parameters.iter();
        parameters
            .map(|p| (p.name.to_owned(), p.shape.to_string()))
            .collect()
    };
    let mut problems = Vec::new();
    for layer in from.layers() {
        let Some(other) = to.layers().iter().find(|other| other.name == layer.name) else {
            continue;
        };
        let (ours, theirs) = (parts(layer), parts(other));
        for ((name, ours), (_, theirs)) in ours.iter().zip(&theirs).filter(|(a, b)| a != b) {
            problems.push(format!(
                "the {name} of `{}` is {ours} in {here} and {theirs} in {there}",
                layer.name,
            ));
        }
        if ours.len() != theirs.len() {
            problems.push(format!(
                "`{}` has {} parameters in {here} and {} in {there}",
                layer.name,
                ours.len(),
                theirs.len(),
            ));
        }
    }
    problems
}
