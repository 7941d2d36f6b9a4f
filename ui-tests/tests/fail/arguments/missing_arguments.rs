use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        Conv2D(16, activation = relu),
        Dropout(),
        Flatten(),
        Dense(activation = relu),
        Dense(10, activation = softmax),
    }
}

fn main() {}
