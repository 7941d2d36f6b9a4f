//! What the benches share: networks, data, and the clock.
//!
//! The programs, each described at the head of its file:
//!
//! - `peer`: one column of a bench of several libraries. `scripts/performance` runs it among the others.
//! - `roofline`: how near each workload comes to what the machine can do.
//! - `scaling`: the time of a step against threads, batches and widths.
//! - `step`: the time of a step on the CPU, and on a GPU if there is one.
//! - `compile_time`: how long rustc takes.
//!
//! The modules:
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
//! - [`process`]: the memory of a process.

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
