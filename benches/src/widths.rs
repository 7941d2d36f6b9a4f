//! One architecture in many widths.

use crate::data::Kind;
use crate::task::{Samples, Task, Training, load};
use addax::facts::LayerInfo;
use addax::prelude::*;

/// A network of a certain width.
#[derive(Clone, Copy, Debug)]
pub struct Width {
    /// Units of each hidden layer, or filters of the first convolution.
    pub width: usize,
    /// What the compiler knows of its layers.
    pub layers: &'static [LayerInfo],
    /// How many numbers a sample has.
    pub numbers: usize,
    /// The network with random data.
    pub load: fn(Samples) -> addax::Result<Box<dyn Task>>,
}

macro_rules! mlps {
    ($($Name:ident = $width:tt),+ $(,)?) => {
        $(network! {
            /// Three hidden layers of equal width.
            $Name: 256 => 10 {
                Dense($width, activation = relu),
                Dense($width, activation = relu),
                Dense($width, activation = relu),
                Dense(10, activation = softmax),
            }
        })+

        /// 256 numbers, three hidden layers of equal width, ten classes.
        pub const MLPS: &[Width] = &[$(Width {
            width: $width,
            layers: $Name::LAYERS,
            numbers: 256,
            load: |samples| {
                let device = Cpu::default();
                load::<[f32; 256], _, _>($Name, &device, Training::Adam, Kind::Noise, samples)
            },
        }),+];
    };
}

mlps! {
    Mlp16 = 16,
    Mlp64 = 64,
    Mlp256 = 256,
    Mlp1024 = 1024,
    Mlp2048 = 2048,
}

macro_rules! convnets {
    ($($Name:ident = $filters:tt),+ $(,)?) => {
        $(network! {
            /// Two convolutions before a pooling and two of twice as many filters behind it.
            $Name: (28, 28, 1) => 10 {
                Conv2D($filters, (3, 3), activation = relu),
                Conv2D($filters, (3, 3), activation = relu),
                MaxPooling2D(),
                Conv2D(2 * $filters, (3, 3), activation = relu),
                Conv2D(2 * $filters, (3, 3), activation = relu),
                GlobalMaxPooling2D(),
                Dense(10, activation = softmax),
            }
        })+

        /// Pictures of 28 by 28 pixels, two convolutions, a pooling, two convolutions of twice as many filters, ten classes.
        pub const CONVNETS: &[Width] = &[$(Width {
            width: $filters,
            layers: $Name::LAYERS,
            numbers: 28 * 28,
            load: |samples| {
                let device = Cpu::default();
                load::<[[[f32; 1]; 28]; 28], _, _>($Name, &device, Training::Adam, Kind::Noise, samples)
            },
        }),+];
    };
}

convnets! {
    Convnet4 = 4,
    Convnet8 = 8,
    Convnet16 = 16,
    Convnet32 = 32,
    Convnet64 = 64,
}
