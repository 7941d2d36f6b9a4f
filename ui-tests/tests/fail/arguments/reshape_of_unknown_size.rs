use addax::network;

network! {
    pub Picture: 784 => (28, 28, 1) {
        Reshape((28, -1, 1)),
    }
}

fn main() {}
