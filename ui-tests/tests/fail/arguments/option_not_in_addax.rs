use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        Conv2D(16, (3, 3), dilation_rate = (2, 2), data_format = channels_last),
        Flatten(),
        Dense(10, activation = softmax),
    }
}

fn main() {}
