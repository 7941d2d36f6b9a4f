//! What the user calls things does not matter to the expansion, nor the other way round.

#![allow(non_upper_case_globals, dead_code)]

use addax::network;

mod core {}
mod std {}
mod dfdx {}
type Result<T> = ::core::result::Result<T, ()>;
struct Vec;
struct Option;
struct Cpu;
struct Shape;
struct Tensor;
trait Device {}
trait Network {}

/// A user's own type: a layer is meant only where a layer stands.
struct Dense;

impl Dense {
    const UNITS: usize = 4;
}

struct Layers;

impl Layers {
    const COUNT: usize = 3;
}

struct Place;

impl Place {
    const SIDE: usize = 2;
}

const relu: usize = 5;
const graph: usize = 1;
const hidden: usize = 1;
const dense: usize = 1;
const value: usize = 1;

network! {
    /// `relu` is the word where an option stands.
    pub Shadowed: (Place::SIDE, relu, value) => Layers::COUNT {
        Flatten(),
        hidden: Dense(Dense::UNITS, activation = relu),
        Dense(Layers::COUNT * hidden * dense * graph),
    }
}

fn main() {
    let cpu = addax::prelude::Cpu::default();
    assert!(Shadowed::build(&cpu).is_ok());
}
