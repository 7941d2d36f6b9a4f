use addax::network;

network! {
    pub Letters: (28, 28, 1) => (digit: 10) {
        let x = Flatten()(image);
        let digit = Dense(10, activation = softmax)(x);
    }
}

fn main() {}
