#![deny(deprecated)]

use addax::network;

network! {
    pub Small: 784 => 10 {
        hidden: Dense(64),
        Dense(10, activation = softmax),
    }
}

fn main() {}
