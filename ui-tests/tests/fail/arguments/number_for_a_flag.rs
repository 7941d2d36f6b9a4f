use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        Flatten(),
        Dense(10, activation = softmax, use_bias = 0),
    }
}

fn main() {}
