use addax::network;

network! {
    pub Faces: (left: (4, 6), right: (6, 5), age: 3) => (a: (4, 5), b: 24, c: (4, 4), d: 9) {
        let a = Dot((2, 2))(left, right);
        let b = Concatenate(axis = 0)(age, age);
        let c = Dot(axes = -3)(left, left);
        let d = Concatenate(axis = 2)(age, age, age);
    }
}

fn main() {}
