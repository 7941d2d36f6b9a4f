use addax::network;

network! {
    pub Faces: (left: 6, right: 6) => (a: 1, b: 1, c: 12, d: 6) {
        let a = Dot()(left, right);
        let b = Dot("last", normalize = 1)(left, right);
        let c = Concatenate(axis = last)(left, right);
        let d = Add(1)(left, right);
    }
}

fn main() {}
