use addax::network;

network! {
    pub Letters: (28, 28, 1) => 10
}

fn main() {}
