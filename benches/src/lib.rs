//! What the benches share: networks, data, and the clock.
//!
//! - [`networks`]: the networks that are measured.
//! - [`workload`]: each network with its batches and its optimizer, under the name that the benches call it by.
//! - [`task`]: a network with its weights and its data, ready to be trained and asked.
//! - [`data`]: random samples and labels.
//! - [`clock`]: spans and medians.
//! - [`process`]: the memory of this process.

pub mod clock;
pub mod data;
pub mod networks;
pub mod process;
pub mod task;
pub mod workload;

pub use task::Task;
pub use workload::Workload;
