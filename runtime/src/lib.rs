//! Keras networks as Rust types: declared in one macro, checked by the compiler, trained on dfdx.
//!
//! The nouns:
//!
//! - [`network!`] declares a network: a list of [`layers`] between an input and an output shape. The compiler works out
//!   every shape and refuses a network that does not fit, at the layer's own tokens.
//! - A [`Model`] is a network with weights on a [`Device`]. `compile` gives it an optimizer, a loss and metrics
//!   ([`optimizers`], [`losses`], [`metrics`]); `fit`, `evaluate` and `predict` run it; it saves and loads its weights.
//! - Data are plain arrays or dfdx tensors ([`training::Samples`], [`training::Labels`]), checked for shape and kind by the
//!   compiler.
//! - [`viz`] draws curves and predictions.
//!
//! Names, formulas and defaults are those of Keras 3.
//!
//! ```
//! use addax::prelude::*;
//!
//! network! {
//!     /// Three numbers, two classes.
//!     pub Xor: 3 => 2 {
//!         Dense(4, activation = tanh),
//!         Dense(3, activation = tanh),
//!         Dense(2, activation = softmax),
//!     }
//! }
//!
//! # fn main() -> addax::Result<()> {
//! let x: Vec<[f32; 3]> = (0..64).map(|i| [i & 1, i >> 1 & 1, i >> 2 & 1].map(|b| b as f32 - 0.5)).collect();
//! let y: Vec<u8> = x.iter().map(|p| p.iter().filter(|&&v| v > 0.0).count() as u8 % 2).collect();
//!
//! let mut model = Xor::build(&Cpu::seed_from_u64(3))?.compile(
//!     Adam::new(0.05),
//!     SparseCategoricalCrossentropy::default(),
//!     Accuracy,
//! )?;
//! let options = FitOptions { epochs: 100, verbose: Verbose::Silent, ..Default::default() };
//! let history = model.fit(&x, &y, options)?;
//! assert!(history["accuracy"][99] > 0.9);
//! # Ok(())
//! # }
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::unwrap_used, clippy::expect_used)]

extern crate self as addax;

/// The README's examples are tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// Declares a network: a list of layers between the shape of a sample and the shape of an answer.
///
/// ```
/// use addax::prelude::*;
///
/// const SIDE: usize = 28;
///
/// network! {
///     /// Documentation, attributes and visibility as for any item.
///     pub Digits: (SIDE, SIDE, 1) => Self::CLASSES {
///         Conv2D(16, (3, 3), activation = relu),   // positional arguments first, as in Keras
///         Conv2D(filters = 2 * 8, kernel_size = 3, padding = same),
///         MaxPooling2D(),
///         Flatten(),
///         hidden: Dense(64, activation = relu),    // a label names the field: `layers.hidden`
///         Dropout(0.5),
///         Dense(Self::CLASSES, activation = softmax),
///     }
/// }
///
/// impl Digits {
///     const CLASSES: usize = 10;
/// }
///
/// # fn main() -> addax::Result<()> {
/// let device = Cpu::default();
/// let digits = Digits::build(&device)?;
///
/// // Without a name it is an expression.
/// let tiny = Model::new(network!((4, 4, 1) => 3 { Flatten(), Dense(3) }), &device)?;
/// # assert_eq!(tiny.count_params(), 51);
/// # assert!(digits.layers()?.hidden.kernel.as_vec().len() > 1);
/// # Ok(())
/// # }
/// ```
///
/// Shapes are (height, width, channels) or a single number for a vector, without the batch. A size is anything constant: a
/// literal, a constant, `Self::CONST`, arithmetic. A network that does not fit does not compile; the error stands at the
/// layer's own tokens and says what it takes, what it is given and by whom, and the edit that mends it.
///
/// The expansion is printed if the environment variable `ADDAX_EXPAND` is 1 while the program is compiled.
///
/// Besides the type itself it gives `Digits::build(&device)`, a [`Model`], and `Digits::inputs(numbers)`, the samples in a
/// flat vector.
pub use addax_macros::network;
pub use dfdx;
pub use typenum;

pub mod activations;
mod device;
mod editor;
mod engine;
mod error;
#[cfg(test)]
mod golden;
#[doc(hidden)]
pub mod gpu;
#[doc(hidden)]
pub mod graph;
pub mod initializers;
mod kernels;
pub mod layers;
pub mod losses;
pub mod metrics;
mod model;
mod network;
pub mod op;
pub mod optimizers;
mod plan;
pub mod prelude;
mod saving;
pub mod shape;
mod summary;
pub mod tape;
mod tensors;
pub mod training;
pub mod viz;
pub mod words;

pub use device::Device;
pub use error::{Error, Result};
#[cfg(feature = "cuda")]
#[cfg_attr(docsrs, doc(cfg(feature = "cuda")))]
pub use gpu::nvidia::{CudaOptions, cuda, cuda_with};
pub use model::Model;
pub use network::{LayerSet, Network};
pub use summary::Summary;
pub use training::{Evaluation, FitOptions, History, Verbose};

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
