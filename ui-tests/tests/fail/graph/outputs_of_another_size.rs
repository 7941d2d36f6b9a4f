use addax::network;

network! {
    pub Faces: (image: 48) => (race: 5, glad: 1) {
        let x = Dense(8)(image);
        let race = Dense(4)(x);
        let glad = Dense(1)(x) + Dense(2)(x);
    }
}

fn main() {}
