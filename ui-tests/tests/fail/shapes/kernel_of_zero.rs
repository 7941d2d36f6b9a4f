use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        Conv2D(16, (0, 3)),
        Flatten(),
        Dense(10, activation = softmax),
    }
}

fn main() {}
