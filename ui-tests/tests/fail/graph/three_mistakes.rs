use addax::network;

network! {
    /// A face, and what to tell from it.
    pub Faces: (image: (48, 48, 3), age: 1) => (race: 5, glad: 1) {
        let x = Conv2D(24, 3, activation = "relu")(image);
        let x = Dense(64, activation = relu)(x);
        let z = Concatenate()(x, aeg);
        let race = Dense(6, activation = softmax)(z);
        let glad = Dense(1, activation = sigmoid)(z);
    }
}

fn main() {}
