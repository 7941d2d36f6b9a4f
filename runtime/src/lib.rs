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

/// Declares a network: a list of layers between the shape of a sample and the shape of an answer, or a graph between
/// several of them.
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
/// With names for its inputs and outputs it is a graph, Keras' functional API:
///
/// ```
/// use addax::prelude::*;
///
/// network! {
///     /// What to tell from a photograph.
///     pub Faces: (image: (16, 16, 3), age: 1, gender: 1) => (race: 5, glad: 1) {
///         let x = Conv2D(8, (3, 3), activation = relu, padding = same)(image);
///         let y = Conv2D(8, 3, padding = same)(x);
///         let x = Flatten()(MaxPooling2D(2)(x + y));  // or Add()(x, y)
///         let tower = Dense(16, activation = relu);   // one layer ...
///         let a = tower(age);                         // ... for two values
///         let b = tower(gender);
///         let z = Concatenate()(x, a, b);
///         let race = Dense(5, activation = softmax)(z);
///         let glad = Dense(1, activation = sigmoid)(z);
///     }
/// }
///
/// # fn main() -> addax::Result<()> {
/// let model = Faces::build(&Cpu::default())?;
/// let answers = model.predict(&FacesInputs {
///     image: vec![[[[0.5_f32; 3]; 16]; 16]; 2],
///     age: vec![31.0_f32, 62.0],
///     gender: vec![0.0_f32, 1.0],
/// })?;
/// assert_eq!(answers.race.as_vec().len(), 10);
/// assert_eq!(answers.glad.as_vec().len(), 2);
/// # Ok(())
/// # }
/// ```
///
/// A layer is repeated with a number in front of it, and a network can be a layer:
///
/// ```
/// use addax::prelude::*;
///
/// network! {
///     /// A residual block.
///     pub Block: (x: 32) => (y: 32) {
///         let y = Dense(32, activation = relu)(x) + x;
///     }
/// }
/// network! {
///     /// Four blocks between two layers.
///     pub Deep: 784 => 10 {
///         Dense(32, activation = relu),
///         4 * Block(),
///         Dense(10, activation = softmax),
///     }
/// }
/// assert_eq!(Deep::PARAMS, 784 * 32 + 32 + 4 * Block::PARAMS + 330);
/// ```
///
/// Sizes can be parameters, as numbers or as dimensions of dfdx:
///
/// ```
/// use addax::dfdx::shapes::Const;
/// use addax::prelude::*;
///
/// network! {
///     /// Checked here for the defaults, and for other sizes when the program is built.
///     pub Convnet<const SIDE: usize = 28, const CLASSES: usize = 10>: (SIDE, SIDE, 1) => CLASSES {
///         Conv2D(16, 3, activation = relu),
///         MaxPooling2D(),
///         Flatten(),
///         Dense(CLASSES, activation = softmax),
///     }
/// }
/// network! {
///     /// `Const<784>`, or `N<U784>` with a number of typenum.
///     pub Mlp<In, Classes>: In => Classes {
///         Dense(In / 2, activation = relu),
///         Dense(Classes, activation = softmax),
///     }
/// }
///
/// # fn main() -> addax::Result<()> {
/// let device = Cpu::default();
/// assert_eq!(Convnet::<16, 5>::build(&device)?.count_params(), 160 + 7 * 7 * 16 * 5 + 5);
/// assert_eq!(Mlp::<Const<8>, Const<3>>::build(&device)?.count_params(), 36 + 15);
/// # Ok(())
/// # }
/// ```
///
/// Shapes are (height, width, channels) or a single number for a vector, without the batch. A size is anything constant: a
/// literal, a constant, `Self::CONST`, arithmetic. A network that does not fit does not compile; the error stands at the
/// layer's own tokens and says what it takes, what it is given and by whom, and the edit that mends it.
///
/// A network that runs but most often is a mistake gives a warning; see [`lints`], also for how to silence it.
///
/// The expansion is printed if the environment variable `ADDAX_EXPAND` is 1 while the program is compiled.
///
/// Besides the type itself it gives `Digits::build(&device)`, a [`Model`], and `Digits::inputs(numbers)`, the samples in a
/// flat vector.
///
/// What the network costs are constants of the type, see [`Facts`]: `Digits::PARAMS`, `Digits::MACS`, `Digits::LAYERS`,
/// `Digits::SUMMARY`, ... A budget in the header makes it an error to cost more:
///
/// ```
/// use addax::network;
///
/// network! {
///     /// Small enough for a small device.
///     pub Tiny: (28, 28, 1) => 10, budget(params < 2_000, macs <= 150_000) {
///         Conv2D(8, 5, strides = 2, activation = relu),
///         GlobalMaxPooling2D(),
///         Dense(10, activation = softmax),
///     }
/// }
/// const _: () = assert!(Tiny::PARAMS == 208 + 90);
/// # fn main() {}
/// ```
pub use addax_macros::network;
pub use dfdx;
pub use typenum;

pub mod activations;
pub mod callbacks;
mod device;
mod editor;
mod engine;
mod error;
pub mod facts;
#[cfg(test)]
mod golden;
#[doc(hidden)]
pub mod gpu;
#[doc(hidden)]
pub mod graph;
pub mod heads;
pub mod initializers;
mod kernels;
pub mod layers;
pub mod lints;
pub mod losses;
pub mod metrics;
mod model;
mod network;
pub mod op;
pub mod optimizers;
mod plan;
mod ports;
pub mod prelude;
mod retyped;
mod saving;
pub mod shape;
mod summary;
pub mod tape;
mod tensors;
pub mod training;
pub mod viz;
pub mod words;

pub use device::Device;
pub use error::{DataName, Error, Result};
pub use facts::Facts;
#[cfg(feature = "cuda")]
#[cfg_attr(docsrs, doc(cfg(feature = "cuda")))]
pub use gpu::nvidia::{CudaOptions, Cudnn, cuda, cuda_with};
pub use model::Model;
pub use network::{LayerSet, Network};
pub use ports::Ports;
pub use summary::Summary;
pub use training::{Evaluation, FitOptions, History, Verbose};

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
