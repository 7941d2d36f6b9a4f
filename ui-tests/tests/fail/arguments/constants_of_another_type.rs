use addax::network;

const UNITS: f32 = 64.0;
const KERNEL: i32 = 3;
const RATE: f32 = 0.5;

network! {
    pub Letters: (28, 28, 1) => 10 {
        Conv2D(16, KERNEL, activation = relu),
        Flatten(),
        Dense(UNITS, activation = relu),
        Dropout(RATE),
        Dense(10, activation = softmax),
    }
}

fn main() {}
