use addax::network;

network! {
    pub Faces: (image: 48, age: 1) => (race: 5) {
        let tower = Dense(5);
        let race = tower(image) + tower(age);
    }
}

fn main() {}
