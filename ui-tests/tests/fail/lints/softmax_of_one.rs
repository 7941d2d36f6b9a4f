#![deny(deprecated)]

use addax::network;

network! {
    pub Small: 3 => 1 {
        Dense(3, activation = relu),
        Dense(1, activation = softmax),
    }
}

fn main() {}
