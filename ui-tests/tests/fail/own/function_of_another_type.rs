use addax::dfdx::prelude::*;
use addax::network;
use addax::tape::TapeTensor;

/// Of a batch whose size the compiler knows.
fn fixed(x: TapeTensor<(Const<8>, Const<4>)>) -> TapeTensor<(Const<8>, Const<4>)> {
    x
}

/// Without the tape.
fn untaped(x: Tensor<(usize, Const<4>), f32, Cpu>) -> Tensor<(usize, Const<4>), f32, Cpu> {
    x
}

fn of_slices(x: &[f32]) -> Vec<f32> {
    x.to_vec()
}

fn of_two(x: TapeTensor<(usize, Const<4>)>, _: f32) -> TapeTensor<(usize, Const<4>)> {
    x
}

network! { pub Fixed: 4 => 4 { Lambda(fixed) } }
network! { pub Untaped: 4 => 4 { Lambda(untaped) } }
network! { pub OfSlices: 4 => 4 { Lambda(of_slices) } }
network! { pub OfTwo: 4 => 4 { Lambda(of_two) } }
network! { pub OfNone: 4 => 4 { Lambda() } }
network! { pub OfNumber: 4 => 4 { Lambda(3) } }

fn main() {}
