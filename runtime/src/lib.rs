//! Keras networks as Rust types.
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate self as addax;

pub use addax_macros::network;
pub use dfdx;
pub use typenum;

pub mod activations;
mod device;
mod engine;
mod error;
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
pub mod training;
pub mod viz;
pub mod words;

pub use device::Device;
pub use error::{Error, Result};
pub use model::Model;
pub use network::{LayerSet, Network};
pub use summary::Summary;
pub use training::{Evaluation, FitOptions, History, Verbose};

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
