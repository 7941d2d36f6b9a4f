use addax::network;

network! {
    pub Sentiment: 80 => 2 {
        Embedding(10_000, 64),
        GRU(64),
        Dense(2, activation = softmax),
    }
}

network! {
    pub Letters: (28, 28, 1) => 10 {
        GlobalAveragePooling2D(),
        Dense(10, activation = softmax),
    }
}

fn main() {}
