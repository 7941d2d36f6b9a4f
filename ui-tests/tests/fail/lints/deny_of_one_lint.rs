use addax::network;

network! {
    #[deny(addax::softmax_inside)]
    pub Small: 3 => 2 {
        Dense(2, activation = softmax),
    }
}

network! {
    #[expect(addax::softmax_inside)]
    pub Other: 3 => 2 {
        Dense(3, activation = softmax),
        Dense(2),
    }
}

fn main() {}
