use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        Conv2D(16, (3, 3), padding = smae),
        Flatten(),
        Dense(64, activation = rleu),
        Dense(10, activation = Softmax),
    }
}

fn main() {}
