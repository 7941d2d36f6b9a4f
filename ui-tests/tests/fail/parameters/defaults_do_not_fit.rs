use addax::network;

network! {
    pub Convnet<const SIDE: usize = 5, const CLASSES: usize = 10>: (SIDE, SIDE, 1) => CLASSES {
        Conv2D(16, 3, activation = relu),
        MaxPooling2D(2),
        Conv2D(16, 3, activation = relu),
        Flatten(),
        Dense(CLASSES + 1, activation = softmax),
    }
}

fn main() {}
