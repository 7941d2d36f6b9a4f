use addax::network;

const DEPTH: usize = 3;

network! {
    pub Deep: 16 => 10 {
        DEPTH * Dense(250, activation = relu),
        0 * Dense(250, activation = relu),
        Dense(250, activation = relu) * 3,
        3 * [Dense(250), Dropout(0.5)],
        Dense(10, activation = softmax),
    }
}

network! {
    pub Shrinking: (12, 12, 1) => 10 {
        3 * Conv2D(4, 5),
        3 * Dense(250, activaton = relu),
        Dense(10, activation = softmax),
    }
}

fn main() {}
