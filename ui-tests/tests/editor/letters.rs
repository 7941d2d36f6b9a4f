use addax::dfdx::shapes::Dtype;
use addax::dfdx::tensor_ops::Device as DfdxDevice;
use addax::layers::{Layer, LayerSizes};
use addax::op::Op;
use addax::prelude::*;
use addax::shape::{Outcome, Shape};
use addax::tape::NoParameters;

const SIDE: usize = 28;

network! {
    /// Reads letters.
    pub Letters: (SIDE, SIDE, 1) => Self::CLASSES {
        Conv2D(16, (3, 3), activation = relu),
        MaxPooling2D(),
        Flatten(),
        /// Where it thinks.
        hidden: Dense(64, activation = relu),
        Halve(),
        Dense(Self::CLASSES, activation = softmax),
    }
}

impl Letters {
    const CLASSES: usize = 10;
}

network! {
    /// Whether two pictures are of one person.
    pub Pairs: (left: (8, 8, 1), right: (8, 8, 1)) => (same: 1, shades: 36) {
        let eye = Conv2D(1, 3);
        let seen = eye(left);
        let total = seen + eye(right);
        let flat = Flatten()(total);
        let same = Dense(1, use_bias = false)(flat);
        let shades = Activation(tanh)(flat);
    }
}

network! {
    pub Wide<const WIDTH: usize = 16>: WIDTH => 3 {
        first: Dense(WIDTH * 2),
        Dense(3),
    }
}

/// Every second number.
#[derive(Clone, Copy, Debug)]
pub struct Halve;

impl Halve {
    pub const fn new() -> Self {
        Halve
    }

    pub const fn output(&self, inputs: &[Shape]) -> Outcome {
        Outcome::ok(Shape::new([inputs[0].last() / 2]))
    }
}

impl Layer for Halve {
    const KIND: &'static str = "Halve";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = NoParameters<E, D>;

    fn op(&self, _: &[Shape], _: Shape) -> Box<dyn Op> {
        unreachable!("an editor runs nothing")
    }
}

fn main() -> addax::Result<()> {
    let letters = Letters::build(&Cpu::default())?;
    let layers = letters.layers()?;
    let kernel = &layers.hidden.kernel;
    let answers = letters.predict(&vec![[[[0.0; 1]; SIDE]; SIDE]; 2])?;
    println!("{kernel:?} {answers:?}");
    let pairs = Pairs::build(&Cpu::default())?;
    let wide = Wide::<4>::build(&Cpu::default())?;
    println!("{:?} {:?}", pairs.layers()?.eye.kernel, wide.layers()?.first.kernel);
    Ok(())
}
