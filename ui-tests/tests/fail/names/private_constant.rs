use addax::network;

mod sizes {
    const CLASSES: usize = 10;
    pub const SIDE: usize = 28;
}

network! {
    pub Letters: (sizes::SIDE, sizes::SIDE, 1) => 10 {
        Flatten(),
        Dense(sizes::CLASSES, activation = softmax),
    }
}

fn main() {}
