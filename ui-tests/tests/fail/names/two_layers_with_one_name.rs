use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        Flatten(),
        hidden: Dense(64, activation = relu),
        hidden: Dense(32, activation = relu),
        Dense(10, activation = softmax),
    }
}

fn main() {}
