use addax::network;

network! {
    pub Letters: (inputs: 784) => (outputs: 10) {
        let x = Dense(64, activation = relu)(x);
        let x = Dense(64, activation = relu)(x);
        let outputs = Dense(10, activation = softmax)(x);
    }
}

fn main() {}
