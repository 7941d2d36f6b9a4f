use addax::network;

network! {
    pub Letters: (image: (28, 28, 1)) => (digit: 10) {
        let x = Flatten(image);
        let x = relu(x);
        let y = Concatenate([x, x]);
        let digit = Dense(10, y);
    }
}

fn main() {}
