use addax::network;

network! {
    pub Edges: (28, 28, 1) => 10 {
        Conv2D(16, (3, 3), activation = relu),
        Conv2D(10, (3, 3), activation = sigmoid),
    }
}

fn main() {}
