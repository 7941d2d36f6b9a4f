use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10, budget(params < 5, macs < 5) {
        Conv2D(16, (3, 3), activation = relu),
        Dense(10, activation = softmax),
    }
}

fn main() {
    println!("{}", Letters::PARAMS);
}
