use addax::network;

network! {
    pub Letters: (28, 28) => 10 {
        Conv2D(16, (3, 3), activation = relu),
        GlobalMaxPooling2D(),
        Dense(10, activation = softmax),
    }
}

fn main() {}
