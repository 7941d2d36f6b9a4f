use addax::network;

network! {
    #[deny(deprecated)]
    #[allow(addax::softmax_inside)]
    pub Small: 3 => 2 {
        Dense(3, activation = softmax),
        Dense(4),
        Dense(2),
    }
}

fn main() {}
