//! The data of the examples.

mod letters;
mod xor;

pub use letters::{Letter, LetterSet, letters};
pub use xor::xor;
