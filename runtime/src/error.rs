//! Everything that can go wrong at run time, with what was passed, what was expected and how to mend it.

use crate::shape::Shape;
use std::path::PathBuf;

/// The result of everything fallible in Addax.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Which data: `x`, `validation_data`, or with several inputs or outputs `x.image`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataName {
    /// `x`, `y` or `validation_data`.
    pub what: &'static str,
    /// The input or output; empty if there is one only.
    pub port: &'static str,
}

impl DataName {
    /// The data of one of several ports.
    pub(crate) fn new<V>(
        what: &'static str,
        ports: &[(&'static str, V)],
        index: usize,
    ) -> DataName {
        let port = match ports {
            [_] => "",
            ports => ports.get(index).map_or("", |(name, _)| name),
        };
        DataName { what, port }
    }
}

impl std::fmt::Display for DataName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.what)?;
        if !self.port.is_empty() {
            write!(f, ".{}", self.port)?;
        }
        Ok(())
    }
}

/// What went wrong. The fields carry the values, so a program can act on them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing to train on, evaluate or predict.
    #[error("{what} has no samples")]
    Empty {
        /// `x`, `validation_data`, ...
        what: DataName,
    },

    /// Inputs and labels differ in number.
    #[error(
        "{}x has {x} samples but {} has {y}; give one label for each sample",
        data_set(what),
        DataName { what: "y", port: what.port }
    )]
    DifferentLengths {
        /// Which data.
        what: DataName,
        /// Samples.
        x: usize,
        /// Labels.
        y: usize,
    },

    /// The inputs differ in number.
    #[error(
        "{what} has {samples} samples but {first} has {expected}; give each input the same number of them"
    )]
    DifferentInputs {
        /// Which input.
        what: DataName,
        /// Its samples.
        samples: usize,
        /// The first input.
        first: DataName,
        /// Its samples.
        expected: usize,
    },

    /// A flat vector cannot be cut into samples.
    #[error("{length} numbers are not whole samples of shape {shape}, which has {} numbers", shape.size())]
    NotWholeSamples {
        /// Numbers given.
        length: usize,
        /// The shape of one sample.
        shape: Shape,
    },

    /// A class id is not one of the network's classes.
    #[error(
        "the label of {what}[{row}] is {label}, but the network gives {classes} classes: labels go from 0 to {}",
        classes - 1
    )]
    LabelOutOfRange {
        /// Which data.
        what: DataName,
        /// The sample.
        row: usize,
        /// Its label.
        label: i64,
        /// How many classes there are.
        classes: usize,
    },

    /// A number is NaN or infinite.
    #[error("{what}[{row}] contains {value}; it would spoil every weight and every answer")]
    NotFinite {
        /// Which data.
        what: DataName,
        /// The sample.
        row: usize,
        /// The number.
        value: f32,
    },

    /// A target is outside what the loss can work with.
    #[error("{what}[{row}] is {value}, but {loss} takes targets from 0 to 1")]
    TargetOutOfRange {
        /// Which data.
        what: DataName,
        /// The sample.
        row: usize,
        /// The target.
        value: f32,
        /// The loss.
        loss: &'static str,
    },

    /// An option has a value that it cannot have.
    #[error("{option} is {value}; {expected}")]
    InvalidOption {
        /// The option's name.
        option: &'static str,
        /// What was given.
        value: String,
        /// What it may be.
        expected: &'static str,
    },

    /// A callback watches something that is not measured.
    #[error(
        "{callback} watches `{monitor}`, which is not measured; {}; there are {}",
        way_to_measure(monitor, measured),
        measured.join(", ")
    )]
    NotMeasured {
        /// The callback.
        callback: &'static str,
        /// What it watches.
        monitor: String,
        /// What is measured.
        measured: Vec<String>,
    },

    /// A validation split leaves one side empty.
    #[error("validation_split = {split} of {samples} samples leaves no samples for {side}")]
    EmptySplit {
        /// The share.
        split: f64,
        /// All samples.
        samples: usize,
        /// `training` or `validation`.
        side: &'static str,
    },

    /// The loss became NaN or infinite.
    #[error(
        "the loss is {loss} in epoch {epoch}; a smaller learning rate usually mends it, and the weights are those of the last epoch that ended well"
    )]
    LossNotFinite {
        /// The epoch, from 1.
        epoch: usize,
        /// The loss.
        loss: f64,
    },

    /// A file does not hold the weights of this network.
    #[error("the weights in {} do not fit {network}:\n{}", path.display(), problems.join("\n"))]
    WeightsDoNotFit {
        /// The file.
        path: PathBuf,
        /// The network.
        network: String,
        /// One line for each tensor that is missing, unknown or different.
        problems: Vec<String>,
    },

    /// The weights of one network do not fit another.
    #[error(
        "the weights of {from} do not fit {to}:\n{}\nhelp: a layer whose parameters change with the size of the input ties the network to it; `GlobalMaxPooling2D()` in place of `Flatten()` gives as many numbers for any image",
        problems.join("\n")
    )]
    NotTheSameLayers {
        /// The network that has the weights.
        from: String,
        /// The network that was to take them.
        to: String,
        /// One line for each layer that differs.
        problems: Vec<String>,
    },

    /// A file is not a safetensors file.
    #[error("{} is not a safetensors file: {reason}", path.display())]
    NotWeights {
        /// The file.
        path: PathBuf,
        /// What the reader says.
        reason: String,
    },

    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },

    /// A picture could not be drawn or written.
    #[error("{}: {reason}", path.display())]
    Picture {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },

    /// Something has no kernels for the device.
    #[error("{what} does not run on a GPU; build the model on `Cpu`")]
    NotOnDevice {
        /// A loss, metric or optimizer. A layer without kernels runs on the host.
        what: String,
    },

    /// There is no GPU to work on.
    #[error("there is no GPU to work on: {reason}; {way_out}")]
    NoGpu {
        /// What was found.
        reason: String,
        /// What helps.
        way_out: &'static str,
    },

    /// A library is not there that an option cannot do without.
    #[error("{wanted_by} needs {library}, which is not installed ({reason}); {way_out}")]
    NoLibrary {
        /// Which library.
        library: &'static str,
        /// The option.
        wanted_by: &'static str,
        /// What the loader says.
        reason: String,
        /// What helps.
        way_out: &'static str,
    },

    /// The GPU has too little memory.
    #[error(
        "the GPU has no room for {bytes} more bytes ({free} of {total} are free); a smaller batch_size needs less, and the weights are as they were"
    )]
    OutOfMemory {
        /// What was asked for.
        bytes: usize,
        /// Free bytes.
        free: usize,
        /// All bytes.
        total: usize,
    },

    /// The device failed.
    #[error("the device failed: {0}")]
    Device(String),
}

/// `validation_data: `; nothing for the data themselves.
fn data_set(place: &DataName) -> String {
    match place.what {
        "x" => String::new(),
        other => format!("{other}: "),
    }
}

/// How something comes to be measured.
fn way_to_measure(monitor: &str, measured: &[String]) -> &'static str {
    let validated = measured.iter().any(|name| name.starts_with("val_"));
    if monitor.starts_with("val_") && !validated {
        "give `fit` a validation_split or validation_data"
    } else {
        "compile the model with it as a metric, or watch something else"
    }
}

impl Error {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Error {
        let path = path.into();
        move |source| Error::File { path, source }
    }

    /// Wraps an error of a dfdx device.
    #[doc(hidden)]
    pub fn device(error: impl std::fmt::Display) -> Error {
        Error::Device(error.to_string())
    }
}
