use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        Conv2D(0, (3, 3)),
        Flatten(),
        Dense(0, activation = relu),
        Dense(10, activation = softmax),
    }
}

fn main() {}
