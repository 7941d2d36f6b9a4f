use addax::network;

network! {
    pub Letters => 10 {
        Flatten(),
        Dense(10, activation = softmax),
    }
}

fn main() {}
