use addax::network;

network! {
    pub Convnet<const SIDE: usize = 28, const CLASSES: usize = 10>: (SIDE, SIDE, 1) => CLASSES {
        Flatten(),
        Dense(CLASSES, activation = softmax),
    }
}

fn main() {}
