use addax::network;

network! {
    pub Faces: (image: (8, 8, 3), age: 1) => (race: 5) {
        let x = Conv2D(3, 3)(image);
        let y = x + image;
        let tower = Flatten();
        let z = Concatenate()(x, tower(age));
        let race = Dense(5)(image) + Dense(5)(y) + Dense(5)(z);
    }
}

fn main() {}
