//! Layers made of dfdx's operations: a function, an op with a parameter, and somebody's module, in a list and in a graph,
//! trained, saved and loaded.

use addax::dfdx::nn::Module;
use addax::dfdx::nn::modules::Linear;
use addax::dfdx::prelude::{Axis, BroadcastTo, Const, Dtype, HasShape, ReshapeTo};
use addax::dfdx::tensor_ops::Device as DfdxDevice;
use addax::initializers::Initializer;
use addax::layers::{Layer, LayerSizes};
use addax::op::Op;
use addax::prelude::*;
use addax::shape::{Message, Outcome, Parameter, Shape, one_input};
use addax::tape::{TapeOp, TapeTensor};

/// One number as an image of one pixel.
fn strength(x: TapeTensor<(usize, Const<1>)>) -> TapeTensor<(usize, Const<1>, Const<1>, Const<1>)> {
    let rows = x.shape().0;
    x.exp().reshape_like(&(rows, Const, Const, Const))
}

mod functions {
    use super::{Const, TapeTensor};

    /// The larger a number, the less it grows.
    pub fn squash<const N: usize>(x: TapeTensor<(usize, Const<N>)>) -> TapeTensor<(usize, Const<N>)> {
        (x.abs() + 1.0).ln()
    }
}

/// Each feature times a learned factor, to a power.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    pub power: f32,
}

impl Scale {
    pub const fn new() -> Self {
        Scale { power: 1.0 }
    }

    pub const fn output(&self, inputs: &[Shape]) -> Outcome {
        match one_input("Scale", inputs) {
            Ok(input) if input.is_known() => {
                let factors = Shape::new([input.last()]);
                Outcome::ok(input).with(Parameter::new("factor", factors, Initializer::Ones))
            }
            Ok(input) => Outcome::ok(input),
            Err(error) => error,
        }
    }
}

addax::layer_parameters! {
    /// The parameters of a [`Scale`] layer.
    pub struct ScaleParameters {
        /// One for each feature.
        factor: S::First,
    }
}

impl Layer for Scale {
    const KIND: &'static str = "Scale";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = ScaleParameters<S, E, D>;

    fn op(&self, inputs: &[Shape], _: Shape) -> Box<dyn Op> {
        let power = self.power;
        Box::new(TapeOp::new(self, inputs, &self.output(inputs), move |pass| {
            let x = pass.input::<(usize, usize)>(0);
            let shape = *x.shape();
            let factor = pass.parameter::<(usize,)>(0).powf(power);
            x * factor.broadcast_like::<_, Axis<0>>(&shape)
        }))
    }
}

/// dfdx's module as a layer of `N` inputs and outputs.
#[derive(Clone, Copy, Debug)]
pub struct Square<const N: usize> {}

impl<const N: usize> Square<N> {
    pub const fn new() -> Self {
        Square {}
    }

    pub const fn output(&self, inputs: &[Shape]) -> Outcome {
        let vector = Shape::new([N]);
        match one_input("Square", inputs) {
            Ok(input) if input.is_known() && !input.same_as(vector) => {
                let message = Message::new("`Square` takes ").number(N).text(" numbers, but ");
                Outcome::error(message.gives(input)).but_assume(vector)
            }
            Ok(_) => Outcome::ok(vector)
                .with(Parameter::new("weight", Shape::new([N, N]), Initializer::GlorotUniform))
                .with(Parameter::new("bias", vector, Initializer::Zeros)),
            Err(error) => error,
        }
    }
}

addax::layer_parameters! {
    /// The parameters of a [`Square`] layer.
    pub struct SquareParameters {
        /// (outputs, inputs)
        weight: S::First,
        /// outputs
        bias: S::Second,
    }
}

impl<const N: usize> Layer for Square<N> {
    const KIND: &'static str = "Square";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = SquareParameters<S, E, D>;

    fn op(&self, inputs: &[Shape], _: Shape) -> Box<dyn Op> {
        Box::new(TapeOp::new(self, inputs, &self.output(inputs), |pass| {
            let module = Linear::<N, N, f32, Cpu> {
                weight: pass.module_parameter(0),
                bias: pass.module_parameter(1),
            };
            module.forward(pass.input::<(usize, Const<N>)>(0))
        }))
    }
}

network! {
    /// Own layers between those of Addax.
    pub Listed: 3 => 2 {
        Dense(4),
        Lambda(functions::squash::<4>),
        Scale(power = 2.0),
        again: Scale(),
        Square::<4>(),
        Dense(2, activation = softmax),
    }
}

network! {
    /// A picture, as strong as a number says.
    pub Lit: (image: (5, 5, 1), light: 1) => (seen: (5, 5, 1), sum: 1) {
        let pixel = Lambda(function = strength)(light);
        let seen = Multiply()(image, pixel);
        let sum = Dense(1)(Flatten()(seen));
    }
}

fn main() -> addax::Result<()> {
    let x: Vec<[f32; 3]> = (0..90).map(|i| [i % 7, i % 5, i % 3].map(|n| n as f32 / 7.0 - 0.4)).collect();
    let y: Vec<u8> = x.iter().map(|x| u8::from(x[0].abs() + x[1] > x[2] + 0.4)).collect();
    let mut model = Listed::build(&Cpu::seed_from_u64(2))?.compile(
        Adam::new(0.02),
        SparseCategoricalCrossentropy::default(),
        Accuracy,
    )?;
    let options = FitOptions {
        epochs: 40,
        verbose: Verbose::Silent,
        ..Default::default()
    };
    let history = model.fit(&x, &y, options)?;
    let losses = &history["loss"];
    assert!(losses[39] < 0.6 * losses[0], "{losses:?}");

    let summary = model.summary().to_string();
    for name in ["lambda (Lambda)", "scale (Scale)", "again (Scale)", "square (Square)"] {
        assert!(summary.contains(name), "{summary}");
    }
    // 3 * 4 + 4, 4, 4, 4 * 4 + 4, 4 * 2 + 2
    assert_eq!(model.count_params(), 16 + 4 + 4 + 20 + 10);

    let file = std::env::temp_dir().join(format!("addax_own_layers_{}.safetensors", std::process::id()));
    model.save_weights(&file)?;
    let mut other = Listed::build(&Cpu::seed_from_u64(9))?;
    other.load_weights(&file)?;
    std::fs::remove_file(&file).expect("the file is there");
    let layers = other.layers()?;
    assert_eq!(layers.again.factor.as_vec(), model.layers()?.again.factor.as_vec());
    assert_ne!(layers.again.factor.as_vec(), [1.0; 4], "it has been trained");
    let answers = other.predict(&x)?;
    assert_eq!(answers.as_vec(), model.predict(&x)?.as_vec());

    // The same on dfdx's tape.
    let on_tape = layers.forward(Listed::inputs(x.concat())?)?;
    for (tape, planned) in on_tape.as_vec().iter().zip(answers.as_vec()) {
        assert!((tape - planned).abs() < 1e-6);
    }

    let lit = Lit::build(&Cpu::default())?;
    let images: Vec<[[[f32; 1]; 5]; 5]> = vec![[[[0.5]; 5]; 5]; 2];
    let answers = lit.predict(&LitInputs { image: &images, light: &vec![0.0_f32, 1.0] })?;
    let seen = answers.seen.as_vec();
    assert!((seen[0] - 0.5).abs() < 1e-6 && (seen[49] - 0.5 * 1.0_f32.exp()).abs() < 1e-6);
    Ok(())
}
