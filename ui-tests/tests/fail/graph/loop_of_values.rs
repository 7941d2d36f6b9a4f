use addax::network;

network! {
    pub Letters: (image: (28, 28, 1)) => (digit: 10) {
        let x = Flatten()(image);
        let a = Dense(10)(b);
        let b = Dense(784)(a);
        let digit = Dense(10)(Add()(x, b));
    }
}

fn main() {}
