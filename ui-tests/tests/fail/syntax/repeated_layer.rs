use addax::network;

network! {
    pub Deep: 16 => 10 {
        3 * Dense(250, activation = relu),
        Dense(10, activation = softmax),
    }
}

fn main() {}
