//! The data of the examples.

mod letters;
mod xor;

pub use letters::{Letter, LetterSet, Split, letters};
pub use xor::xor;
