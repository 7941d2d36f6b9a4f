//! Layers made of dfdx's operations: their gradients are slopes too, however a batch is cut, and whatever of the function
//! stands on dfdx's tape.

use super::{Case, Point, Random};
use crate::initializers::Initializer;
use crate::layers::trial::Trial;
use crate::layers::{Dense, Layer, LayerSizes};
use crate::op::{Op, Phase};
use crate::shape::{Outcome, Parameter, Shape};
use crate::tape::{NoParameters, TapeOp};
use dfdx::nn::{Module, modules::Linear};
use dfdx::shapes::{Axis, Const, Dtype, HasShape};
use dfdx::tensor_ops::{BroadcastTo, Device as DfdxDevice, MeanTo, SumTo, TryMatMul};

const ROWS: usize = 6;

/// A layer of test, by what its function does.
#[derive(Clone, Copy, Debug)]
enum Made {
    /// `softmax(parameter) · x`, for any size: what is done to the parameter alone counts as well.
    Shares,
    /// A product of two inputs and a parameter.
    Bilinear,
    /// A module of dfdx.
    Linear,
    /// Each row without the mean of the batch.
    Centred,
    /// Nothing depends on the second input, nor on the parameter.
    Careless,
}

impl Made {
    fn inputs(self) -> Vec<Shape> {
        match self {
            Made::Shares | Made::Centred => vec![Shape::new([4])],
            Made::Bilinear => vec![Shape::new([3, 2]), Shape::new([2])],
            Made::Linear => vec![Shape::new([3])],
            Made::Careless => vec![Shape::new([3]), Shape::new([2])],
        }
    }

    fn output(self) -> Outcome {
        let parameter = |name, shape| Parameter::new(name, shape, Initializer::Ones);
        match self {
            Made::Shares => Outcome::ok(Shape::new([4])).with(parameter("share", Shape::new([4]))),
            Made::Bilinear => {
                Outcome::ok(Shape::new([3])).with(parameter("kernel", Shape::new([2, 2])))
            }
            Made::Linear => Outcome::ok(Shape::new([5]))
                .with(parameter("weight", Shape::new([5, 3])))
                .with(parameter("bias", Shape::new([5]))),
            Made::Centred => Outcome::ok(Shape::new([4])),
            Made::Careless => {
                Outcome::ok(Shape::new([3])).with(parameter("unused", Shape::new([2])))
            }
        }
    }

    fn case(self, random: &mut Random, at_once: usize) -> Case {
        let inputs = self.inputs();
        let outcome = self.output();
        let size: usize = inputs.iter().map(|input| input.size()).sum();
        let numbers = |parameter: Parameter| random.numbers(parameter.shape.size());
        let parameters = outcome.parameters().map(numbers).collect();
        Case {
            name: format!("{self:?}, {at_once} rows at once"),
            trial: Trial::of_several(self, &inputs, &outcome),
            phase: Phase::Inference,
            kinks: false,
            point: Point {
                x: random.numbers(ROWS * size),
                parameters,
            },
            rows: at_once,
        }
    }
}

impl Layer for Made {
    const KIND: &'static str = "Made";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = NoParameters<E, D>;

    fn op(&self, inputs: &[Shape], _: Shape) -> Box<dyn Op> {
        let outcome = &self.output();
        match self {
            Made::Shares => Box::new(TapeOp::new(self, inputs, outcome, |pass| {
                let x = pass.input::<(usize, usize)>(0);
                let shares = pass.parameter::<(usize,)>(0).softmax();
                let shape = *x.shape();
                shares.broadcast_like::<_, Axis<0>>(&shape) * x
            })),
            Made::Bilinear => Box::new(TapeOp::new(self, inputs, outcome, |pass| {
                let kernel = pass.parameter::<(Const<2>, Const<2>)>(0);
                let b = pass.input::<(usize, Const<2>)>(1).matmul(kernel);
                let a = pass.input::<(usize, Const<3>, Const<2>)>(0);
                let shape = *a.shape();
                (a * b.broadcast_like::<_, Axis<1>>(&shape)).sum::<_, Axis<2>>()
            })),
            Made::Linear => Box::new(TapeOp::new(self, inputs, outcome, |pass| {
                let module = Linear::<3, 5, f32, _> {
                    weight: pass.module_parameter(0),
                    bias: pass.module_parameter(1),
                };
                module.forward(pass.input::<(usize, Const<3>)>(0))
            })),
            Made::Centred => {
                let op = TapeOp::new(self, inputs, outcome, |pass| {
                    let x = pass.input::<(usize, usize)>(0);
                    let shape = *x.shape();
                    let again = pass.input::<(usize, usize)>(0);
                    x - again
                        .mean::<_, Axis<0>>()
                        .broadcast_like::<_, Axis<0>>(&shape)
                });
                Box::new(op.whole_batch())
            }
            Made::Careless => Box::new(TapeOp::new(self, inputs, outcome, |pass| {
                pass.input::<(usize, Const<3>)>(0).sin()
            })),
        }
    }
}

#[test]
fn gradients_of_dfdx_are_slopes() {
    let random = &mut Random::new(5);
    let made = [Made::Shares, Made::Bilinear, Made::Linear, Made::Careless];
    let cut = made
        .into_iter()
        .flat_map(|made| [(made, ROWS), (made, 4), (made, 1)]);
    for (made, at_once) in cut.chain([(Made::Centred, ROWS)]) {
        let mut case = made.case(random, at_once);
        assert_eq!(case.check(random, 1.0), Ok(()));
        assert!(case.check(random, 1.01).is_err(), "{}", case.name);
    }
}

#[test]
fn a_module_of_dfdx_is_the_layer_of_addax() {
    let random = &mut Random::new(6);
    let mut linear = Made::Linear.case(random, ROWS);
    let dense = Dense::new(5);
    let mut trial = Trial::new(dense, Shape::new([3]), &dense.output(&[Shape::new([3])]));
    let [weight, bias] = &linear.point.parameters[..] else {
        panic!("a weight and a bias")
    };
    // dfdx keeps (outputs, inputs), Keras (inputs, outputs).
    let turned = |m: &[f32]| -> Vec<f32> { (0..15).map(|i| m[i % 5 * 3 + i / 5]).collect() };
    trial.values = vec![turned(weight), bias.clone()];
    linear.trial.values.clone_from(&linear.point.parameters);
    let (x, dy) = (&linear.point.x, random.numbers(ROWS * 5));
    let dfdx = linear.trial.run(x, &dy, Phase::Inference, ROWS);
    let addax = trial.run(x, &dy, Phase::Inference, ROWS);
    let close = |a: &[f32], b: &[f32]| {
        assert_eq!(a.len(), b.len());
        assert!(
            a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5),
            "{a:?}\n{b:?}"
        );
    };
    close(&dfdx.y, &addax.y);
    close(&dfdx.dx, &addax.dx);
    close(&turned(&dfdx.gradients[0]), &addax.gradients[0]);
    close(&dfdx.gradients[1], &addax.gradients[1]);
}

/// A layer whose function and rule do not go together, and what it says.
fn mistake<S: dfdx::shapes::Shape>(
    function: impl Fn(&crate::tape::TapePass<'_>) -> crate::tape::TapeTensor<S> + Send + Sync + 'static,
) -> String {
    let (input, layer) = (Shape::new([3]), Made::Linear);
    let op = TapeOp::new(&layer, &[input], &Outcome::ok(input), function);
    let call = std::panic::AssertUnwindSafe(|| {
        let mut output = [0.0; 6];
        op.forward(crate::op::Forward {
            rows: 2,
            first_row: 0,
            phase: Phase::Inference,
            inputs: &[&[0.0; 6]],
            output: &mut output,
            parameters: crate::op::Parameters::new(&[], &[]),
            packed: &[],
            cache: &mut [],
            shared: &[],
            scratch: &mut [],
        });
    });
    let panic = std::panic::catch_unwind(call).expect_err("a panic");
    *panic.downcast::<String>().expect("a message")
}

#[test]
fn a_function_that_does_not_fit_its_rule_is_told() {
    let wrong_rank = mistake(|pass| pass.input::<(usize,)>(0));
    assert!(wrong_rank.starts_with(
        "the function of `Made` asks for input 0 as `(usize,)`, but its dimensions are [2, 3]"
    ));
    let wrong_size = mistake(|pass| pass.input::<(usize, Const<4>)>(0));
    assert!(
        wrong_size.contains("but its dimensions are [2, 3]"),
        "{wrong_size}"
    );
    let no_parameter = mistake(|pass| pass.parameter::<(usize, usize)>(0));
    assert_eq!(
        no_parameter,
        "the function of `Made` asks for parameter 0, but the layer has 0"
    );
    let output = mistake(|pass| pass.input::<(usize, Const<3>)>(0).sum::<(usize,), _>());
    assert_eq!(
        output,
        "the function of `Made` gives a tensor of [2], but by its rule the layer gives [2, 3]"
    );
}
