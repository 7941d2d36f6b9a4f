use addax::network;

network! {
    pub Faces: (image: (48, 48, 3), age: 1) => (race: 5) {
        let x = Flatten()(image);
        let race = Dense(5, activation = softmax)(Concatenate()(x, age));
    }
}

fn main() {}
