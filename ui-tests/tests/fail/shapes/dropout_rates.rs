use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        Flatten(),
        Dropout(1.0),
        Dense(64, activation = relu),
        Dropout(-0.1),
        Dense(64, activation = relu),
        Dropout(50.0),
        Dense(10, activation = softmax),
    }
}

fn main() {}
