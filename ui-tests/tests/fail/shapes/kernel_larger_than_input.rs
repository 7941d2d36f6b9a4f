use addax::network;

network! {
    pub Letters: (8, 8, 1) => 10 {
        Conv2D(16, (3, 3), activation = relu),
        MaxPooling2D((2, 2)),
        Conv2D(32, (5, 5), activation = relu),
        Flatten(),
        Dense(10, activation = softmax),
    }
}

fn main() {}
