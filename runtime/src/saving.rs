//! Saving weights and loading them back: safetensors files with Keras' names.

use crate::device::Device;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::model::Model;
use crate::network::Network;
use crate::shape::{Parameter, Shape};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use std::fs;
use std::path::Path;

impl<N: Network, D: Device, L> Model<N, D, L> {
    /// Writes all weights to a safetensors file, under Keras' names: `conv2d.kernel`, `dense_1.bias`,
    /// `batch_normalization.moving_mean`, ...; shapes and order of numbers are Keras' as well.
    ///
    /// A file that is there already is replaced only once the new one is complete.
    ///
    /// # Errors
    /// [`Error::File`] if the file cannot be written.
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
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("small.safetensors");
    /// let model = Small::build(&Cpu::seed_from_u64(1))?;
    /// model.save_weights(&path)?;
    ///
    /// let mut other = Small::build(&Cpu::seed_from_u64(2))?;
    /// other.load_weights(&path)?;
    /// assert_eq!(model.predict(&[[1.0, 2.0, 3.0]])?.as_vec(), other.predict(&[[1.0, 2.0, 3.0]])?.as_vec());
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "save")]
    pub fn save_weights(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let tensors: Vec<(String, Stored)> = named(&self.engine().setup().graph)
            .filter(|(_, parameter)| parameter.shape.size() > 0)
            .zip(self.engine().parameters()?)
            .map(|((name, parameter), values)| (name, Stored::new(parameter.shape, &values)))
            .collect();
        let views = tensors.iter().map(|(name, stored)| (name, stored.view()));
        let mut checked = Vec::with_capacity(tensors.len());
        for (name, view) in views {
            checked.push((name, view.map_err(|e| not_weights(path, &e))?));
        }
        let bytes = safetensors::serialize(checked, None).map_err(|e| not_weights(path, &e))?;
        replace(path, &bytes)
    }

    /// Reads all weights from a safetensors file. Names, shapes and element types must be this network's; if anything
    /// differs, every difference is listed and no weight is changed.
    ///
    /// # Errors
    /// [`Error::File`] if the file cannot be read, [`Error::NotWeights`] if it is not a safetensors file,
    /// [`Error::WeightsDoNotFit`] if it holds the weights of something else.
    pub fn load_weights(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(Error::file(path))?;
        let file = SafeTensors::deserialize(&bytes).map_err(|e| not_weights(path, &e))?;
        let problems = differences(&self.engine().setup().graph, &file);
        if !problems.is_empty() {
            return Err(Error::WeightsDoNotFit {
                path: path.to_path_buf(),
                network: N::NAME.to_owned(),
                problems,
            });
        }
        let mut parameters = Vec::new();
        for (name, parameter) in named(&self.engine().setup().graph) {
            if parameter.shape.size() > 0 {
                let view = file.tensor(&name).map_err(|e| not_weights(path, &e))?;
                let (numbers, _) = view.data().as_chunks::<4>();
                parameters.push(numbers.iter().map(|n| f32::from_le_bytes(*n)).collect());
            }
        }
        self.engine_mut().set_parameters(parameters)
    }
}

/// A parameter as the file holds it.
struct Stored {
    dims: Vec<usize>,
    bytes: Vec<u8>,
}

impl Stored {
    fn new(shape: Shape, values: &[f32]) -> Self {
        Stored {
            dims: shape.dims().to_vec(),
            bytes: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        }
    }

    fn view(&self) -> std::result::Result<TensorView<'_>, safetensors::SafeTensorError> {
        TensorView::new(Dtype::F32, self.dims.clone(), &self.bytes)
    }
}

/// All parameters with their full names, in order.
fn named(graph: &Graph) -> impl Iterator<Item = (String, Parameter)> + '_ {
    graph.nodes().iter().flat_map(|node| {
        let parameters = node.parameters.iter();
        parameters.map(|p| (format!("{}.{}", node.name, p.name), *p))
    })
}

/// A line for each tensor that is missing, unknown or different.
fn differences(graph: &Graph, file: &SafeTensors<'_>) -> Vec<String> {
    let mut problems = Vec::new();
    let wanted: Vec<(String, Parameter)> = named(graph)
        .filter(|(_, parameter)| parameter.shape.size() > 0)
        .collect();
    for (name, parameter) in &wanted {
        let Ok(view) = file.tensor(name) else {
            problems.push(format!("`{name}` {} is missing", parameter.shape));
            continue;
        };
        if view.shape() != parameter.shape.dims() {
            let found: Vec<String> = view.shape().iter().map(usize::to_string).collect();
            problems.push(format!(
                "`{name}` is ({}) in the file, but ({}) in the network",
                found.join(", "),
                parameter
                    .shape
                    .dims()
                    .iter()
                    .map(usize::to_string)
                    .collect::<Vec<_>>()
                    .join(", ")
            ));
        } else if view.dtype() != Dtype::F32 {
            problems.push(format!(
                "`{name}` is {:?} in the file, but F32 in the network",
                view.dtype()
            ));
        }
    }
    let mut unknown: Vec<&str> = file
        .names()
        .into_iter()
        .filter(|name| !wanted.iter().any(|(n, _)| n == name))
        .collect();
    unknown.sort_unstable();
    problems.extend(
        unknown
            .into_iter()
            .map(|name| format!("`{name}` is not in the network")),
    );
    problems
}

fn not_weights(path: &Path, reason: &dyn std::fmt::Display) -> Error {
    Error::NotWeights {
        path: path.to_path_buf(),
        reason: reason.to_string(),
    }
}

/// Writes beside the file and renames, so that a crash leaves either the old file or the new one.
fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    fs::write(&beside, bytes).map_err(Error::file(path))?;
    fs::rename(&beside, path).map_err(Error::file(path))
}
