use addax::network;

network! {
    pub Video: (16, 64, 64, 3, 2) => 10 {
        Flatten(),
        Dense(10, activation = softmax),
    }
}

fn main() {}
