use addax::network;

network! {
    #[allow(addax::softmax_insde)]
    pub Small: 3 => 2 {
        Dense(3, activation = softmax),
        Dense(2),
    }
}

network! {
    #[allow(dead_code, addax::all)]
    pub Other: 3 => 2 {
        Dense(2),
    }
}

fn main() {}
