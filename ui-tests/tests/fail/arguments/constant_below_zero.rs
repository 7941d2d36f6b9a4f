use addax::network;

const SIDE: usize = 3;

network! {
    pub Small: (SIDE, SIDE, 1) => 10 {
        Flatten(),
        Dense(SIDE - 4, activation = relu),
        Dense(10, activation = softmax),
    }
}

fn main() {}
