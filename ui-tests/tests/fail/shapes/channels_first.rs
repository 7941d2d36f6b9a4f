use addax::network;

network! {
    pub Letters: (1, 28, 28) => 10 {
        Conv2D(16, (3, 3), activation = relu),
        MaxPooling2D((2, 2)),
        Flatten(),
        Dense(10, activation = softmax),
    }
}

network! {
    pub Photos: (3, 32, 48) => 10 {
        MaxPooling2D((4, 4)),
        Flatten(),
        Dense(10, activation = softmax),
    }
}

fn main() {}
