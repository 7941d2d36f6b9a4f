use addax::network;

network! {
    pub Vector: 80 => 2 {
        LSTM(64),
        Dense(2, activation = softmax),
    }
}

network! {
    pub Image: (28, 28, 3) => 10 {
        LSTM(64),
        Dense(10, activation = softmax),
    }
}

network! {
    pub Stacked: (50, 8) => 3 {
        LSTM(32),
        LSTM(16),
        Dense(3, activation = softmax),
    }
}

network! {
    pub Nothing: (50, 8) => 3 {
        LSTM(0),
        Dense(3, activation = softmax),
    }
}

network! {
    pub Shares: (50, 8) => 3 {
        LSTM(3, activation = softmax),
    }
}

network! {
    pub Gates: (50, 8) => 3 {
        LSTM(3, recurrent_activation = softmax),
    }
}

network! {
    pub Sequences: (50, 8) => 3 {
        LSTM(32, return_sequences = true),
        Dense(3, activation = softmax),
    }
}

network! {
    pub Endless: (50, 8) => 3 {
        LSTM(5_000_000_000),
        Dense(3, activation = softmax),
    }
}

fn main() {}
