use addax::network;

network! {
    pub Capitals: (50, 8) => 3 {
        Lstm(32),
        Dense(3, activation = softmax),
    }
}

network! {
    pub Words: (50, 8) => 3 {
        LSTM(32, recurrent_initializer = ortogonal, recurrent_activation = hard_sigmoid),
        Dense(3, activation = softmax),
    }
}

fn main() {}
