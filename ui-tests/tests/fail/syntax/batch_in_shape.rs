use addax::network;

network! {
    pub Letters: (None, 28, 28, 1) => (None, 10) {
        Flatten(),
        Dense(10, activation = softmax),
    }
}

fn main() {}
