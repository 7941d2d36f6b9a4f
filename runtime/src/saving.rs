//! Saving weights and loading them back: safetensors files with Keras' names.

use crate::device::Device;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::facts::Description;
use crate::graph::Graph;
use crate::model::Model;
use crate::network::Network;
use crate::shape::{Parameter, Shape};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use std::collections::HashMap;
use std::fs;
use std::path::Path;

impl<N: Network, D: Device, L> Model<N, D, L> {
    /// Writes all weights to a safetensors file, under Keras' names: `conv2d.kernel`, `dense_1.bias`,
    /// `batch_normalization.moving_mean`, ...; shapes and order of numbers are Keras' as well.
    ///
    /// The file also says which network it is for: its [`FINGERPRINT`](crate::Facts::FINGERPRINT), and its layers in
    /// words, stand under `addax` in the file's metadata.
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
        save(self.engine(), path.as_ref())
    }

    /// Reads all weights from a safetensors file. Names, shapes and element types must be this network's; if anything
    /// differs, every difference is listed and no weight is changed.
    ///
    /// A file that [`Model::save_weights`] has written must also come from the same architecture: weights that were
    /// trained with another activation, stride or order of layers are refused, and the layers that differ are named. Of
    /// a file from elsewhere only the tensors are known.
    ///
    /// # Errors
    /// [`Error::File`] if the file cannot be read, [`Error::NotWeights`] if it is not a safetensors file,
    /// [`Error::WeightsDoNotFit`] if it holds the weights of something else.
    pub fn load_weights(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(Error::file(path))?;
        let file = SafeTensors::deserialize(&bytes).map_err(|e| not_weights(path, &e))?;
        let (layers, mut problems) = architecture::<N>(&bytes);
        let tensors = differences(&self.engine().setup().graph, &file);
        // Of a layer that is another one altogether, its tensors need not be listed too.
        let told = |name: &str| layers.iter().any(|layer| name.starts_with(layer.as_str()));
        let tensors = tensors.into_iter().filter(|(name, _)| !told(name));
        problems.extend(tensors.map(|(_, problem)| problem));
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

/// Writes all weights of an engine.
pub(crate) fn save<E: Engine>(engine: &E, path: &Path) -> Result<()> {
    let tensors: Vec<(String, Stored)> = named(&engine.setup().graph)
        .filter(|(_, parameter)| parameter.shape.size() > 0)
        .zip(engine.parameters()?)
        .map(|((name, parameter), values)| (name, Stored::new(parameter.shape, &values)))
        .collect();
    let views = tensors.iter().map(|(name, stored)| (name, stored.view()));
    let mut checked = Vec::with_capacity(tensors.len());
    for (name, view) in views {
        checked.push((name, view.map_err(|e| not_weights(path, &e))?));
    }
    let metadata = HashMap::from([(METADATA.to_owned(), engine.setup().description.clone())]);
    let bytes =
        safetensors::serialize(checked, Some(metadata)).map_err(|e| not_weights(path, &e))?;
    replace(path, &bytes)
}

/// Where the file says which network it is for.
const METADATA: &str = "addax";

/// The layers of the file that are otherwise in the network, and a line for each. None if the file does not say what
/// network it is for.
fn architecture<N: Network>(bytes: &[u8]) -> (Vec<String>, Vec<String>) {
    let description = SafeTensors::read_metadata(bytes)
        .ok()
        .and_then(|(_, header)| header.metadata().clone())
        .and_then(|metadata| Description::parse(metadata.get(METADATA)?));
    let differences = match description {
        Some(file) => Description::new(&N::BLUEPRINT).differences(&file),
        None => Vec::new(),
    };
    let differences = differences.into_iter();
    differences
        .map(|(name, problem)| (format!("{name}."), problem))
        .unzip()
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
    graph.layers().iter().flat_map(|layer| {
        let parameters = layer.parameters.iter();
        parameters.map(|p| (format!("{}.{}", layer.name, p.name), *p))
    })
}

/// Each tensor that is missing, unknown or different, with a line about it.
fn differences(graph: &Graph, file: &SafeTensors<'_>) -> Vec<(String, String)> {
    let mut problems = Vec::new();
    let wanted: Vec<(String, Parameter)> = named(graph)
        .filter(|(_, parameter)| parameter.shape.size() > 0)
        .collect();
    for (name, parameter) in &wanted {
        let problem = match file.tensor(name) {
            Err(_) => format!("`{name}` {} is missing", parameter.shape),
            Ok(view) if view.shape() != parameter.shape.dims() => format!(
                "`{name}` is ({}) in the file, but ({}) in the network",
                joined(view.shape()),
                joined(parameter.shape.dims())
            ),
            Ok(view) if view.dtype() != Dtype::F32 => format!(
                "`{name}` is {:?} in the file, but F32 in the network",
                view.dtype()
            ),
            Ok(_) => continue,
        };
        problems.push((name.clone(), problem));
    }
    let mut unknown: Vec<&str> = file
        .names()
        .into_iter()
        .filter(|name| !wanted.iter().any(|(n, _)| n == name))
        .collect();
    unknown.sort_unstable();
    let unknown = unknown.into_iter();
    problems
        .extend(unknown.map(|name| (name.to_owned(), format!("`{name}` is not in the network"))));
    problems
}

fn joined(dims: &[usize]) -> String {
    let dims: Vec<String> = dims.iter().map(usize::to_string).collect();
    dims.join(", ")
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
