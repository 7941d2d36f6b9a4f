use addax::dfdx::shapes::Const;
use addax::network;
use addax::tape::TapeTensor;

fn double(x: TapeTensor<(usize, Const<4>)>) -> TapeTensor<(usize, Const<4>)> {
    x * 2.0
}

network! {
    pub Listed: (8, 8, 1) => 4 {
        Lambda(double),
        Dense(5),
        Lambda(double),
    }
}

network! {
    pub Two: (a: 4, b: 4) => (c: 5) {
        let c = Lambda(double)(a, b);
    }
}

fn main() {}
