use addax::network;

network! {
    pub Letters: (image: (28, 28, 1)) => (digit: 10) {
        let digit = Dense(10, activation = softmax)(x);
        let x = Flatten()(image);
    }
}

fn main() {}
