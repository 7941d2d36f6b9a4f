use addax::network;

network! {
    pub Faces: (image: 48) => (race: 5) {
        let tower = Dense(48);
        let x = tower: Dense(48)(tower(image));
        let race = Dense(5, name = "last")(again: x);
    }
}

fn main() {}
