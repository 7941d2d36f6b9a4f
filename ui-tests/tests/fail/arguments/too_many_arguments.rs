use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        Conv2D(16, 3, 3, same, relu),
        BatchNormalization(0.9),
        Flatten(784),
        Dropout(0.5, 42),
        Dense(10, softmax, true, zeros),
    }
}

fn main() {}
