use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        let x = Flatten()(input);
        let x = Dense(10, activation = softmax)(x);
    }
}

fn main() {}
