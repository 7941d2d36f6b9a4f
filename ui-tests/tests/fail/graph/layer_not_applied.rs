use addax::network;

network! {
    pub Letters: (image: (28, 28, 1)) => (digit: 10) {
        let x = Flatten();
        let digit = Dense(10)(x) + Dense(10)(Flatten());
    }
}

fn main() {}
