use addax::network;

network! {
    pub Letters: (image: (28, 28, 1)) => (digit: 10) {
        let x = image / image;
        let digit = Flatten()(&image) + 3;
    }
}

fn main() {}
