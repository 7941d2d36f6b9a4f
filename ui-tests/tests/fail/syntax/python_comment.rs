use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        # from an image to a vector
        Flatten(),
        Dense(10, activation = softmax),
    }
}

fn main() {}
