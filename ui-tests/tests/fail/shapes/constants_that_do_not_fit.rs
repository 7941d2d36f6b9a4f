use addax::network;

const SIDE: usize = 4;
const KERNEL: usize = 5;
const CLASSES: usize = 10;

network! {
    pub Letters: (SIDE, SIDE, 1) => CLASSES {
        Conv2D(16, KERNEL, activation = relu),
        Flatten(),
        Dense(CLASSES * 2, activation = softmax),
    }
}

fn main() {}
