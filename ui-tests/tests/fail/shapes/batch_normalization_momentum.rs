use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        Conv2D(16, (3, 3), activation = relu),
        BatchNormalization(momentum = 2.0),
        Flatten(),
        BatchNormalization(epsilon = 0.0),
        Dense(10, activation = softmax),
    }
}

fn main() {}
