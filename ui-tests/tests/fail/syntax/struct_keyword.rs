use addax::network;

network! {
    /// The letters of the alphabet.
    pub struct Letters: (28, 28, 1) => 10 {
        Flatten(),
        Dense(10, activation = softmax),
    }
}

fn main() {}
