use addax::network;

network! {
    pub Letters: (image: (28, 28, 1)) => (digit: 10) {
        Flatten(),
        Dense(64, activation = relu),
        Dense(10, activation = softmax),
    }
}

fn main() {}
