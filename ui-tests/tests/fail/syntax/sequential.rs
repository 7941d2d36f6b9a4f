use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        Sequential([
            Flatten(),
            Dense(10, activation = softmax),
        ])
    }
}

fn main() {}
