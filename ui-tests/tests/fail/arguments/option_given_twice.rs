use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        Conv2D(16, (3, 3), kernel_size = 5),
        Flatten(),
        Dense(10, activation = relu, activation = softmax),
    }
}

fn main() {}
