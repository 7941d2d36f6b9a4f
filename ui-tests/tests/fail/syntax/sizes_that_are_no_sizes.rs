use addax::network;

network! {
    pub Text: ("28", 28, 1) => 10 {
        Flatten(),
        Dense(10, activation = softmax),
    }
}

network! {
    pub Point: (28.0, 28, 1) => 10 {
        Flatten(),
        Dense(10, activation = softmax),
    }
}

network! {
    pub Negative: (28, -1, 1) => 10 {
        Flatten(),
        Dense(10, activation = softmax),
    }
}

network! {
    pub Nothing: (28, 28, 1) => 0 {
        Flatten(),
        Dense(10, activation = softmax),
    }
}

fn main() {}
