use addax::network;

network! {
    pub Faces: (image = 48, 1, "gender": 1, age:) => (race: 5) {
        let race = Dense(5)(Concatenate()(image, gender));
    }
}

fn main() {}
