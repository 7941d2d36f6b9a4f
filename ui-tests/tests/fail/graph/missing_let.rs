use addax::network;

network! {
    pub Letters: (image: (28, 28, 1)) => (digit: 10) {
        x = Flatten()(image);
        digit = Dense(10, activation = softmax)(x);
    }
}

fn main() {}
