use addax::network;

network! {
    pub Unknown<const SIDE: usize>: (SIDE, SIDE, 1) => CLASSES {
        Flatten(),
        Dense(CLASSES, activaton = relu),
    }
}

fn main() {}
