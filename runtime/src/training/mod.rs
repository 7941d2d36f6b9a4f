//! `fit`, `evaluate` and `predict`: a network and data in, a trained network and its history out.

mod arrays;
mod callbacks;
pub(crate) mod data;
mod evaluate;
mod fit;
mod history;
mod options;
mod predict;
mod progress;

pub use arrays::Arrays;
pub use data::{
    ClassId, Classes, FitsInput, FitsOutput, InputData, LabelData, LabelNumber, Labels, Numbers,
    Sample, Samples, TargetRows, Values,
};
pub use evaluate::Evaluation;
pub use history::History;
pub(crate) use history::full_name;
pub use options::{FitOptions, Verbose};
