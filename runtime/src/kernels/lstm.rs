//! `LSTM`: a recurrent layer over all its steps, forward and backward.

use crate::activations::ActivationFunction;

/// An LSTM layer bound to its sizes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lstm {
    /// Steps of a sequence.
    pub steps: usize,
    /// Numbers of a step.
    pub features: usize,
    /// Numbers of the state.
    pub units: usize,
    /// Applied to the candidate and to the cell.
    pub activation: ActivationFunction,
    /// Applied to the gates.
    pub recurrent_activation: ActivationFunction,
    /// Whether a bias is added.
    pub use_bias: bool,
    /// Whether each step gives an output, or only the last.
    pub return_sequences: bool,
    /// Whether the last step of the input comes first.
    pub go_backwards: bool,
}
