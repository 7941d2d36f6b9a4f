use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        conv2d(16, (3, 3), activation = relu),
        maxpool2d(2),
        flatten(),
        dense(10, activation = softmax),
    }
}

fn main() {}
