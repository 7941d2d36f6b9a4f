//! The numbers of a layer as types, which an editor shows where the user points at the layer.
//!
//! rust-analyzer prints `(Output<26, 26, 16>, Parameters<160>)`: it evaluates constants in the arguments of a type, and a
//! type is all it shows without also going to it. See `expand/editor.rs` in `addax-macros`; rustc never sees a use of these.

use crate::shape::{Dims, MAX_PARAMETERS, Outcome};

/// How many numbers a layer learns or keeps.
#[derive(Debug)]
pub struct Parameters<const COUNT: usize>;

/// From a rank and four sizes to a type with as many sizes as there are.
pub trait AsOutput {
    /// `Output<26, 26, 16>`
    type Output;
}

macro_rules! output {
    ($module:ident, $rank:literal: $($size:ident),*) => {
        mod $module {
            /// What a layer gives.
            #[derive(Debug)]
            pub struct Output<$(const $size: usize),*>;
        }

        impl<const A: usize, const B: usize, const C: usize, const D: usize> AsOutput for Dims<$rank, A, B, C, D> {
            type Output = $module::Output<$($size),*>;
        }
    };
}
output!(scalar, 0:);
output!(vector, 1: A);
output!(matrix, 2: A, B);
output!(image, 3: A, B, C);
output!(volume, 4: A, B, C, D);

/// The number of all parameters together.
pub const fn parameters(outcome: &Outcome) -> usize {
    let mut count = 0;
    let mut i = 0;
    while i < MAX_PARAMETERS {
        count += outcome.parameter_shape(i).size();
        i += 1;
    }
    count
}
