//! `fit`, `evaluate` and `predict`: a network and data in, a trained network and its history out.

mod arrays;
mod callbacks;
pub(crate) mod data;
mod evaluate;
mod fit;
mod history;
pub(crate) mod labels;
mod options;
mod predict;
mod progress;
mod samples;

pub use arrays::Arrays;
pub use evaluate::Evaluation;
pub use history::History;
pub(crate) use history::full_name;
pub use labels::{
    ClassId, Classes, FitsOutput, LabelData, LabelNumber, Labels, Numbers, TargetRows, Values,
};
pub use options::{FitOptions, Verbose};
pub use samples::{FitsInput, InputData, Sample, Samples};
