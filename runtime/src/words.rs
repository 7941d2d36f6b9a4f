//! The words that may follow `=` in a layer's options: `activation = relu`, `padding = same`.
//!
//! `network!` brings them into scope by itself. They are constants, so a misspelt word is the compiler's own error
//! with its own suggestion, and an editor completes them.

#![allow(
    non_upper_case_globals,
    reason = "the words are spelled as Keras spells them"
)]

use crate::activations::ActivationFunction;
use crate::initializers::Initializer;
use crate::layers::Padding;

/// The value itself.
pub const linear: ActivationFunction = ActivationFunction::Linear;
/// max(0, x)
pub const relu: ActivationFunction = ActivationFunction::Relu;
/// 1 / (1 + e⁻ˣ)
pub const sigmoid: ActivationFunction = ActivationFunction::Sigmoid;
/// (eˣ - e⁻ˣ) / (eˣ + e⁻ˣ)
pub const tanh: ActivationFunction = ActivationFunction::Tanh;
/// eˣ over the sum of eˣ along the last axis
pub const softmax: ActivationFunction = ActivationFunction::Softmax;

/// No padding: the window stays inside.
pub const valid: Padding = Padding::Valid;
/// Zeros around the input, so that with a stride of 1 the output is as large as the input.
pub const same: Padding = Padding::Same;

/// All 0.
pub const zeros: Initializer = Initializer::Zeros;
/// All 1.
pub const ones: Initializer = Initializer::Ones;
/// Uniform between -0.05 and 0.05.
pub const random_uniform: Initializer = Initializer::RandomUniform;
/// Normal with standard deviation 0.05.
pub const random_normal: Initializer = Initializer::RandomNormal;
/// Uniform between ±√(6 / (fan_in + fan_out)).
pub const glorot_uniform: Initializer = Initializer::GlorotUniform;
/// Normal, cut at two deviations, variance 2 / (fan_in + fan_out).
pub const glorot_normal: Initializer = Initializer::GlorotNormal;
/// Uniform between ±√(6 / fan_in).
pub const he_uniform: Initializer = Initializer::HeUniform;
/// Normal, cut at two deviations, variance 2 / fan_in.
pub const he_normal: Initializer = Initializer::HeNormal;
/// Uniform between ±√(3 / fan_in).
pub const lecun_uniform: Initializer = Initializer::LecunUniform;
/// Normal, cut at two deviations, variance 1 / fan_in.
pub const lecun_normal: Initializer = Initializer::LecunNormal;
/// Columns of length 1 at right angles to each other, or rows where those are fewer.
pub const orthogonal: Initializer = Initializer::Orthogonal;
