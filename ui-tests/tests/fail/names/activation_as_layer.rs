use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        Flatten(),
        Dense(64),
        ReLU(),
        Dense(10),
        Softmax(),
    }
}

fn main() {}
