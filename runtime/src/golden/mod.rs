//! What Keras computes, against what Addax computes. The values are in `tests/golden`, and how they were made stands in
//! `scripts/golden`.
//!
//! Each test walks over all files of its folder, so that a file that nothing here understands fails.

#[cfg(any(feature = "cuda", feature = "cuda-emulator"))]
pub(crate) mod gpu;
mod graphs;
mod layers;
mod losses;
mod merging;
mod metrics;
mod optimizers;
mod summary;
mod training;

use crate::activations::ActivationFunction;
use crate::layers::{
    Activation, Add, Average, AveragePooling2D, BatchNormalization, Concatenate, Conv2D,
    Conv2DTranspose, Dense, Dot, Flatten, GlobalMaxPooling2D, LSTM, Layer, MaxPooling2D, Maximum,
    Minimum, Multiply, Padding, Reshape, Subtract,
};
use crate::shape::{Outcome, Shape};
use crate::training::labels::Targets;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Files with this ending in a folder of `tests/golden`, of which there must be `count`: a folder that has lost its files
/// would make its test say yes to anything.
pub(crate) fn files(family: &str, ending: &str, count: usize) -> Vec<PathBuf> {
    // Cargo says where the package is; so does who runs the tests without cargo, on another machine.
    let package = std::env::var_os("CARGO_MANIFEST_DIR");
    let folder = PathBuf::from(package.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into()))
        .join("tests/golden")
        .join(family);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == ending))
        .collect();
    files.sort();
    assert_eq!(files.len(), count, "files in {}", folder.display());
    files
}

/// One file: what Keras was asked, and all numbers that it was given and gave.
#[derive(Debug)]
struct Golden {
    /// The name of the file.
    name: String,
    /// What was computed, with which options.
    case: Value,
    tensors: BTreeMap<String, Tensor>,
}

/// The numbers of one tensor.
#[derive(Debug)]
struct Tensor {
    dims: Vec<usize>,
    numbers: Numbers,
}

#[derive(Debug)]
enum Numbers {
    Floats(Vec<f32>),
    Integers(Vec<i64>),
}

impl Golden {
    /// All files of a folder.
    fn all(family: &str, count: usize) -> Vec<Golden> {
        files(family, "safetensors", count)
            .iter()
            .map(|path| Golden::read(path))
            .collect()
    }

    fn read(path: &Path) -> Golden {
        let bytes = std::fs::read(path).unwrap();
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let case = &header.metadata().as_ref().expect("metadata")["case"];
        let file = SafeTensors::deserialize(&bytes).unwrap();
        Golden {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            case: serde_json::from_str(case).unwrap(),
            tensors: file
                .iter()
                .map(|(name, view)| (name.to_owned(), Tensor::new(&view)))
                .collect(),
        }
    }

    fn tensor(&self, name: &str) -> &Tensor {
        let tensor = self.tensors.get(name);
        tensor.unwrap_or_else(|| panic!("{} has no `{name}`", self.name))
    }

    /// The numbers of a tensor of `f32`.
    fn floats(&self, name: &str) -> &[f32] {
        match &self.tensor(name).numbers {
            Numbers::Floats(values) => values,
            Numbers::Integers(_) => panic!("{}: `{name}` holds whole numbers", self.name),
        }
    }

    /// Samples and the shape of one of them.
    fn samples(&self, name: &str) -> (usize, Shape) {
        let dims = &self.tensor(name).dims;
        (dims[0], shape(&dims[1..]))
    }

    /// Labels: class ids, or numbers for each of `rows` answers.
    fn targets(&self, name: &str, rows: usize) -> Targets<'_> {
        match &self.tensor(name).numbers {
            Numbers::Integers(ids) => Targets::Classes(ids.clone()),
            Numbers::Floats(values) => Targets::Values {
                values: Cow::Borrowed(values),
                size: values.len() / rows,
            },
        }
    }
}

impl Tensor {
    fn new(view: &TensorView<'_>) -> Tensor {
        let numbers = match view.dtype() {
            Dtype::F32 => {
                let bytes = view.data().as_chunks::<4>().0;
                Numbers::Floats(bytes.iter().map(|&b| f32::from_le_bytes(b)).collect())
            }
            Dtype::I64 => {
                let bytes = view.data().as_chunks::<8>().0;
                Numbers::Integers(bytes.iter().map(|&b| i64::from_le_bytes(b)).collect())
            }
            other => panic!("a tensor of {other:?}"),
        };
        Tensor {
            dims: view.shape().to_vec(),
            numbers,
        }
    }
}

/// A shape from dimensions that are known only when the test runs.
fn shape(dims: &[usize]) -> Shape {
    match *dims {
        [] => Shape::new([]),
        [a] => Shape::new([a]),
        [a, b] => Shape::new([a, b]),
        [a, b, c] => Shape::new([a, b, c]),
        [a, b, c, d] => Shape::new([a, b, c, d]),
        _ => panic!("{dims:?} is no shape of a sample"),
    }
}

/// Compares numbers: each difference must be within `tolerance · (1 + |expected|)`. Gives the largest difference in that
/// measure.
#[track_caller]
pub(crate) fn close(what: &str, got: &[f32], expected: &[f32], tolerance: f32) -> f32 {
    assert_eq!(got.len(), expected.len(), "numbers in {what}");
    let mut largest = 0.0_f32;
    for (i, (&got, &expected)) in got.iter().zip(expected).enumerate() {
        let difference = (got - expected).abs() / (1.0 + expected.abs());
        // Written so that NaN is refused.
        assert!(
            difference <= tolerance,
            "{what}[{i}] is {got}, but {expected} is right: {difference:e} apart, and {tolerance:e} is allowed",
        );
        largest = largest.max(difference);
    }
    largest
}

/// What to do with a layer that only the file knows.
trait Visitor {
    type Output;

    fn visit<L: Layer>(self, layer: L, outcome: Outcome) -> Self::Output;
}

/// Makes the layer that a file describes. `None` for a kind that Addax does not have.
fn with_layer<V: Visitor>(
    kind: &str,
    options: &Value,
    inputs: &[Shape],
    visitor: V,
) -> Option<V::Output> {
    let options = Options(options);
    macro_rules! visit {
        ($layer:expr) => {{
            let layer = $layer;
            let outcome = layer.output(inputs);
            assert_eq!(outcome.message(), None);
            visitor.visit(layer, outcome)
        }};
    }
    Some(match kind {
        "Add" => visit!(Add::new()),
        "Average" => visit!(Average::new()),
        "Concatenate" => visit!(Concatenate {
            axis: options.axis("axis").unwrap_or(-1)
        }),
        "Dot" => {
            let axes = match options.0["axes"].as_array() {
                Some(axes) => [0, 1].map(|i| axes[i].as_i64().unwrap() as isize),
                None => [options.axis("axes").unwrap(); 2],
            };
            let normalize = options.0["normalize"].as_bool().unwrap();
            visit!(Dot { axes, normalize })
        }
        "Maximum" => visit!(Maximum::new()),
        "Minimum" => visit!(Minimum::new()),
        "Multiply" => visit!(Multiply::new()),
        "Subtract" => visit!(Subtract::new()),
        "Activation" => visit!(Activation::new(options.activation())),
        "AveragePooling2D" => visit!(AveragePooling2D {
            pool_size: options.pair("pool_size").unwrap_or([2, 2]),
            strides: options.pair("strides"),
            padding: options.padding(),
        }),
        "BatchNormalization" => {
            let default = BatchNormalization::new();
            visit!(BatchNormalization {
                momentum: options.number("momentum").unwrap_or(default.momentum),
                epsilon: options.number("epsilon").unwrap_or(default.epsilon),
                center: options.flag("center"),
                scale: options.flag("scale"),
            })
        }
        "Conv2D" => visit!(Conv2D {
            strides: options.pair("strides").unwrap_or([1, 1]),
            padding: options.padding(),
            activation: options.activation(),
            use_bias: options.flag("use_bias"),
            ..Conv2D::new(
                options.size("filters"),
                options.pair("kernel_size").unwrap()
            )
        }),
        "Conv2DTranspose" => visit!(Conv2DTranspose {
            strides: options.pair("strides").unwrap_or([1, 1]),
            padding: options.padding(),
            output_padding: options.pair("output_padding"),
            activation: options.activation(),
            use_bias: options.flag("use_bias"),
            ..Conv2DTranspose::new(
                options.size("filters"),
                options.pair("kernel_size").unwrap()
            )
        }),
        "Dense" => visit!(Dense {
            activation: options.activation(),
            use_bias: options.flag("use_bias"),
            ..Dense::new(options.size("units"))
        }),
        "Flatten" => visit!(Flatten::new()),
        "GlobalMaxPooling2D" => visit!(GlobalMaxPooling2D::new()),
        "LSTM" => {
            let default = LSTM::new(options.size("units"));
            visit!(LSTM {
                activation: options.function("activation").unwrap_or(default.activation),
                recurrent_activation: options
                    .function("recurrent_activation")
                    .unwrap_or(default.recurrent_activation),
                use_bias: options.flag("use_bias"),
                return_sequences: options.is_set("return_sequences"),
                go_backwards: options.is_set("go_backwards"),
                ..default
            })
        }
        "MaxPooling2D" => visit!(MaxPooling2D {
            pool_size: options.pair("pool_size").unwrap_or([2, 2]),
            strides: options.pair("strides"),
            padding: options.padding(),
        }),
        "Reshape" => {
            let dims: Vec<usize> =
                serde_json::from_value(options.0["target_shape"].clone()).unwrap();
            visit!(Reshape {
                target_shape: shape(&dims)
            })
        }
        _ => return None,
    })
}

/// Keras' options, with its defaults for those that are left out.
struct Options<'a>(&'a Value);

impl Options<'_> {
    fn number(&self, name: &str) -> Option<f64> {
        self.0.get(name).map(|v| v.as_f64().unwrap())
    }

    fn axis(&self, name: &str) -> Option<isize> {
        self.0.get(name).map(|v| v.as_i64().unwrap() as isize)
    }

    fn size(&self, name: &str) -> usize {
        self.number(name)
            .unwrap_or_else(|| panic!("`{name}` is missing")) as usize
    }

    /// A flag that is off by default.
    fn is_set(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|v| v.as_bool().unwrap())
    }

    /// A flag that is on by default.
    fn flag(&self, name: &str) -> bool {
        self.0.get(name).is_none_or(|v| v.as_bool().unwrap())
    }

    /// Two numbers, or one for both.
    fn pair(&self, name: &str) -> Option<[usize; 2]> {
        let value = self.0.get(name).filter(|value| !value.is_null())?;
        Some(match value.as_u64() {
            Some(n) => [n as usize; 2],
            None => serde_json::from_value(value.clone()).unwrap(),
        })
    }

    fn padding(&self) -> Padding {
        match self.0.get("padding").and_then(Value::as_str) {
            None | Some("valid") => Padding::Valid,
            Some("same") => Padding::Same,
            Some(other) => panic!("padding {other}"),
        }
    }

    fn activation(&self) -> ActivationFunction {
        self.function("activation").unwrap_or_default()
    }

    fn function(&self, name: &str) -> Option<ActivationFunction> {
        Some(match self.0.get(name)?.as_str()? {
            "linear" => ActivationFunction::Linear,
            "relu" => ActivationFunction::Relu,
            "sigmoid" => ActivationFunction::Sigmoid,
            "softmax" => ActivationFunction::Softmax,
            "tanh" => ActivationFunction::Tanh,
            other => panic!("{name} {other}"),
        })
    }
}
