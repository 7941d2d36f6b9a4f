use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        Conv2D(16.0, (3, -3)),
        MaxPooling2D(2.5),
        Flatten(),
        Dense("64", activation = relu),
        Dense((10, 10)),
        Dense(10, activation = softmax),
    }
}

fn main() {}
