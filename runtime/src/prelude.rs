//! Everything that a training program names, for `use addax::prelude::*`.

pub use crate::callbacks::{EarlyStopping, ModelCheckpoint, ReduceLROnPlateau};
pub use crate::losses::{
    BinaryCrossentropy, CategoricalCrossentropy, MeanAbsoluteError, MeanSquaredError,
    SparseCategoricalCrossentropy,
};
// For `weighted`.
pub use crate::losses::Loss as _;
pub use crate::metrics::Accuracy;
pub use crate::optimizers::{Adam, Optimizer, RMSprop, SGD};
pub use crate::training::Arrays;
pub use crate::{Device, Error, FitOptions, History, Model, Network, Verbose, network};
pub use dfdx::tensor::Cpu;
#[cfg(feature = "cuda")]
#[cfg_attr(docsrs, doc(cfg(feature = "cuda")))]
pub use dfdx::tensor::Cuda;
