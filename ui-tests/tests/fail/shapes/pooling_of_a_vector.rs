use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        Conv2D(16, (3, 3), activation = relu),
        GlobalMaxPooling2D(),
        AveragePooling2D(2),
        Flatten(),
        Dense(10, activation = softmax),
    }
}

fn main() {}
