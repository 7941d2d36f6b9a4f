use addax::network;

network! {
    pub Faces: (image: 48, age: 1) => (race: 5, age: 1) {
        let race = Dense(5);
    }
}

fn main() {}
