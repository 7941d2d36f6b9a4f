use addax::network;

#[derive(Clone, Copy, Debug)]
pub struct Shuffle;

impl Shuffle {
    pub const fn new(_seed: usize) -> Self {
        Shuffle
    }
}

network! {
    pub Letters: (28, 28, 1) => 10 {
        Flatten(),
        Shuffle(3),
        Dense(10, activation = softmax),
    }
}

fn main() {}
