use addax::network;

network! {
    pub Weather: (50, 8) => 3 {
        LSTM(32, return_state = true, dropout = 0.2, recurrent_dropout = 0.2, unroll = true),
        Dense(3, activation = softmax),
    }
}

network! {
    pub Tides: (50, 8) => 3 {
        LSTM(32, return_sequence = true),
        LSTM(16, inner_activation = sigmoid),
        Dense(3, activation = softmax),
    }
}

network! {
    pub Words: (50, 8) => 3 {
        LSTM(32, activation = "tanh"),
        Dense(3, activation = softmax),
    }
}

network! {
    pub Small: (50, 8) => 3 {
        lstm(32),
        Dense(3, activation = softmax),
    }
}

fn main() {}
