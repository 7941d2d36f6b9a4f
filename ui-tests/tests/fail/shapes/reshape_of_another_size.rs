use addax::network;

network! {
    pub Picture: 100 => (28, 27, 1) {
        Dense(784, activation = relu),
        Reshape((28, 27, 1)),
    }
}

fn main() {}
