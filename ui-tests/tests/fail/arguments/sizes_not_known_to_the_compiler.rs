use addax::network;

fn units() -> usize {
    64
}

network! {
    pub Letters: (28, 28, 1) => 10 {
        Flatten(),
        Dense(units(), activation = relu),
        Dense(10, activation = softmax),
    }
}

fn main() {
    let classes = 3;
    println!("{classes} classes");
    let _ = network!((4, 4, 1) => 3 { Flatten(), Dense(classes) });
}
