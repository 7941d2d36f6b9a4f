//! Pictures: the curves of a training run, samples, and predictions beside the truth.
//!
//! All are written as PNG files.

mod canvas;
mod curves;
mod predictions;
mod samples;

pub use curves::plot_history;
pub use predictions::{Prediction, show_predictions};
pub use samples::sample_grid;
