use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10 {
        Flatten {},
        Dense::new(64),
        Dense { units: 10, activation: softmax },
    }
}

fn main() {}
