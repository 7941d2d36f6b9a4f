use addax::network;

network! {
    pub Listed: (8, 8, 3) => 4 {
        Add(),
        Flatten(),
        Concatenate(axis = 1),
        Dense(4),
    }
}

fn main() {}
