use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        Conv2D(16, (3, 3), paddding = same),
        Flatten(),
        Dense(64, activaton = relu),
        Dropout(0.5, temperature = 1.0),
        Dense(10, activation = softmax),
    }
}

fn main() {}
