use addax::network;

network! {
    pub Faces: (image: (8, 8, 3), mask: (8, 6, 3), age: 1) => (a: (8, 8, 3), b: (8, 8, 3), c: (8, 8, 6), d: 4, e: 3) {
        let a = Add()(image, Conv2D(3, 3)(image));
        let b = Maximum()(image, age, mask);
        let c = Concatenate()(image, mask);
        let d = Concatenate()(image, age);
        let e = Subtract()(Dense(3)(age), Dense(2)(age));
    }
}

fn main() {}
