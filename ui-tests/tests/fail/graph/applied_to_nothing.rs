use addax::network;

network! {
    pub Letters: (image: (28, 28, 1)) => (digit: 10) {
        let tower = Dense(10);
        let x = Flatten()();
        let digit = tower() + Dense(10)(x);
    }
}

fn main() {}
