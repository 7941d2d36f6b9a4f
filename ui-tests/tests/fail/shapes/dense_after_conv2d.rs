use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        Conv2D(16, (3, 3), activation = relu),
        MaxPooling2D((2, 2)),
        Dense(64, activation = relu),
        Dense(10, activation = softmax),
    }
}

fn main() {}
