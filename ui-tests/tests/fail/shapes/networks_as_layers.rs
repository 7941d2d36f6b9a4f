use addax::network;

network! {
    pub Encoder: 784 => 32 {
        Dense(32, activation = relu),
    }
}

network! {
    pub Decoder: 64 => 784 {
        Dense(784, activation = sigmoid),
    }
}

network! {
    pub Compared: (left: 32, right: 32) => (distance: 4, near: 1) {
        let distance = Dense(4)(left - right);
        let near = Dense(1)(distance);
    }
}

network! {
    pub Autoencoder: 784 => 784 {
        Encoder(),
        Decoder(),
    }
}

network! {
    pub Siamese: (a: 784, b: 784) => (near: 1) {
        let encoder = Encoder();
        let code = encoder(a, b);
        let near = Compared()(code, encoder(b));
    }
}

network! {
    pub Loop: 8 => 8 {
        Dense(8),
        Loop(),
    }
}

network! {
    pub Pooled<const SIDE: usize>: (SIDE, SIDE, 1) => 4 {
        MaxPooling2D(4),
        Conv2D(4, 2),
        Flatten(),
        Dense(4),
    }
}

network! {
    pub Small: (4, 4, 1) => 4 {
        Pooled::<4>(),
    }
}

fn main() {}
