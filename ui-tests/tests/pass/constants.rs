//! A size is anything of type `usize` that the compiler can work out.

use addax::prelude::*;

const SIDE: usize = 8;
const CLASSES: usize = 3;
const KERNEL: usize = 3;
const POOL: (usize, usize) = (2, 2);
const STRIDES: [usize; 2] = [1, 1];
const TARGET: [usize; 2] = [3, 4];
const RATE: f64 = 0.5;

const fn units(layers: usize) -> usize {
    12 * layers
}

const fn area<const HEIGHT: usize, const WIDTH: usize>() -> usize {
    HEIGHT * WIDTH
}

mod sizes {
    pub const CHANNELS: usize = 2;
    pub mod deeper {
        pub const UNITS: usize = 12;
    }
}

struct Settings;

impl Settings {
    const WIDTH: usize = 8;
}

network! {
    /// Constants of every kind.
    pub Constants: (SIDE, Settings::WIDTH, Self::CHANNELS) => CLASSES {
        Conv2D(sizes::CHANNELS, KERNEL, strides = STRIDES),
        MaxPooling2D(POOL, strides = Self::STRIDE),
        Flatten(),
        Dense(units(1), use_bias = Self::BIAS),
        Dense(area::<3, 4>()),
        Dense(sizes::deeper::UNITS),
        Dense(if SIDE > 4 { 12 } else { 6 }),
        Dense(2 * CLASSES + 6),
        Dense(u8::MAX as usize / 20),
        Dense({ units(1) }),
        Reshape(TARGET),
        Reshape((CLASSES, 2, 2)),
        Flatten(),
        Dropout(RATE),
        Dense(CLASSES),
    }
}

impl Constants {
    const CHANNELS: usize = 2;
    const STRIDE: usize = 2;
    const BIAS: bool = false;
}

network! {
    /// A shape may have a trailing comma, a size its own parentheses or block.
    pub Odd: ((4), { 4 }, 1,) => { CLASSES } {
        Flatten(),
        Dense(3_usize),
    }
}

fn main() {
    let device = Cpu::default();
    assert!(Constants::build(&device).is_ok());
    assert!(Odd::build(&device).is_ok());
}
