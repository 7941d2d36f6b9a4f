use addax::network;

network! {
    pub Lifetimes<'a, In>: In => 10 {
        Dense(10),
    }
}

network! {
    pub Bounds<In: Clone, const DEEP: bool>: In => 10 {
        Dense(10),
    }
}

network! {
    pub Slips<const: usize, 10>: 28 => 10 {
        Dense(10),
    }
}

fn main() {}
