use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        BatchNormalization(momentum = 1),
        Flatten(),
        Dropout(1),
        Dense(10, activation = softmax),
    }
}

fn main() {}
