use addax::network;

network! {
    pub Letters: (image: (28, 28, 1)) => 10 {
        Flatten(),
        Dense(10, activation = softmax),
    }
}

fn main() {}
