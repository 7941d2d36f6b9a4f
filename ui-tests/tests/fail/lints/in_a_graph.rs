#![deny(deprecated)]

use addax::network;

network! {
    pub Twins: (left: 8, right: 8) => (same: 1, drawn: 3) {
        let tower = Dense(4, activation = relu);
        let kind = Dense(3, activation = softmax);
        let left = tower(left);
        let right = tower(right);
        let drawn = kind(left);
        let inside = kind(right);
        let hidden = Dense(4)(inside);
        let flat = Dropout(0.5)(hidden);
        let same = Dense(1, activation = sigmoid)(flat);
    }
}

fn main() {}
