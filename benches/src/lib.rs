//! What the benches share: networks, data, and the clock.
//!
//! - [`networks`]: the networks that are measured.
//! - [`workload`]: each network with its batches and its optimizer, under the name that the benches call it by.
//! - [`task`]: a network with its weights and its data, ready to be trained and asked.
//! - [`data`]: random samples and labels.
//! - [`widths`]: one architecture in many widths.
//! - [`speed`]: the time of a step and of a prediction.
//! - [`costs`]: what a step has to do at least.
//! - [`limits`]: what the machine can do.
//! - [`clock`]: times and medians.
//! - [`process`]: the memory of this process.

pub mod clock;
pub mod costs;
pub mod data;
pub mod limits;
pub mod networks;
pub mod process;
pub mod speed;
pub mod task;
pub mod widths;
pub mod workload;

pub use task::Task;
pub use workload::Workload;
