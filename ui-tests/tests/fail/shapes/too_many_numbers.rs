use addax::network;

network! {
    pub Huge: (4_294_967_296, 4_294_967_296, 16) => 10 {
        Flatten(),
        Dense(10, activation = softmax),
    }
}

network! {
    pub Wide: 4_294_967_296 => 10 {
        Dense(4_294_967_296, activation = relu),
        Dense(10, activation = softmax),
    }
}

fn main() {}
