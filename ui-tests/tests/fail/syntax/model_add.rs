use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        model.add(Flatten());
        model.add(Dense(10, activation = softmax));
    }
}

fn main() {}
