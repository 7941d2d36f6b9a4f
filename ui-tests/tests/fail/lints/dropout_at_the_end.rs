#![deny(deprecated)]

use addax::network;

network! {
    pub Small: 3 => 2 {
        Dense(2, activation = softmax),
        Dropout(0.5),
    }
}

fn main() {}
