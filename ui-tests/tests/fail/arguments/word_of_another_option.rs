use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        Conv2D(16, (3, 3), padding = relu),
        Flatten(),
        Dense(10, kernel_initializer = softmax),
    }
}

fn main() {}
