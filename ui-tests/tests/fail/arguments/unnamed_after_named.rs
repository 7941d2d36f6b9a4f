use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        Conv2D(activation = relu, 16, (3, 3)),
        Flatten(),
        Dense(10, activation = softmax),
    }
}

fn main() {}
