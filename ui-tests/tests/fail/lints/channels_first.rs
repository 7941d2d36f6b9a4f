#![deny(deprecated)]

use addax::network;

network! {
    pub Small: (1, 28, 28) => 10 {
        Conv2D(16, 3, padding = same, activation = relu),
        Flatten(),
        Dense(10, activation = softmax),
    }
}

fn main() {}
