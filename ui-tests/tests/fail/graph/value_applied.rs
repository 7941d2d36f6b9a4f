use addax::network;

network! {
    pub Letters: (image: (28, 28, 1)) => (digit: 10) {
        let x = Flatten()(image);
        let y = Dense(10)(x)(x);
        let digit = x(image) + y;
    }
}

fn main() {}
