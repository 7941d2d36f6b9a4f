use addax::network;

network! {
    pub Faces: (image: 48, age: 1) => (race: 5) {
        let tower = Dense(16);
        let x = Dense(8)(image);
        let x = Dense(8)(image);
        let y = Dense(3)(x);
        let race = Dense(5)(x);
    }
}

fn main() {}
