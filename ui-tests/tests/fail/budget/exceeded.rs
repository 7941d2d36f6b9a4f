use addax::network;

const ROOM: usize = 64 * 1024;

network! {
    pub Letters: (28, 28, 1) => 10, budget(params < 50_000, macs <= 2 * 1_000_000, weight_bytes < ROOM) {
        Conv2D(16, (3, 3), activation = relu),
        MaxPooling2D(),
        Flatten(),
        hidden: Dense(64, activation = relu),
        Dense(10, activation = softmax),
    }
}

network! {
    pub Wide: (28, 28, 1) => (26, 26, 16), budget(activation_bytes < Self::BYTES) {
        Conv2D(16, 3),
        BatchNormalization(),
    }
}

impl Wide {
    const BYTES: usize = 4 * 784 + 4 * 2 * 26 * 26 * 16;
}

fn main() {}
