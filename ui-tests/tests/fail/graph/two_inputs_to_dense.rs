use addax::network;

network! {
    pub Faces: (image: 48, age: 1) => (race: 5) {
        let race = Dense(5, activation = softmax)(image, age);
    }
}

fn main() {}
