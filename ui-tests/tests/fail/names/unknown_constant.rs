use addax::network;

const CLASSES: usize = 10;

network! {
    pub Letters: (SIDE, SIDE, 1) => CLASES {
        Flatten(),
        Dense(CLASES, activation = softmax),
    }
}

fn main() {}
