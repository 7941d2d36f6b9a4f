use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        Flatten(),
        hidden = Dense(64, activation = relu),
        "answer": Dense(10, activation = softmax),
    }
}

fn main() {}
