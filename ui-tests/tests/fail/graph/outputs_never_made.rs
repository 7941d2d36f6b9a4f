use addax::network;

network! {
    pub Faces: (image: 48) => (race: 5, glad: 1, age: 1) {
        let x = Dense(8)(image);
        let rase = Dense(5)(x);
        let glad = Dense(1)(x);
    }
}

fn main() {}
