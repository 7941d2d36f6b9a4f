use addax::network;

network! {
    pub Letters: (image: (28, 28, 1)) => (digit: 10) {
        let x = Flatten()(imag);
        let digit = Dense(10, activation = softmax)(y);
    }
}

fn main() {}
