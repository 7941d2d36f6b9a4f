use addax::network;

network! {
    pub Letters: (image: (28, 28, 1)) => (digit: 10) {
        let mut x = Flatten()(image);
        let y: Tensor = Dense(10)(x);
        let digit Dense(10)(y);
    }
}

fn main() {}
