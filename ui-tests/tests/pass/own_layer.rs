//! A layer of the user's own, also one that is called as a layer of Addax is.

use addax::dfdx::shapes::Dtype;
use addax::dfdx::tensor_ops::Device as DfdxDevice;
use addax::layers::{Layer, LayerSizes};
use addax::op::{Backward, Forward, Op};
use addax::prelude::*;
use addax::shape::{Message, Outcome, Shape, one_input};
use addax::tape::NoParameters;

/// Adds up `BY` neighbours, times a factor.
#[derive(Clone, Copy, Debug)]
pub struct SumOf<const BY: usize> {
    pub factor: f32,
}

impl<const BY: usize> SumOf<BY> {
    pub const fn new() -> Self {
        SumOf { factor: 1.0 }
    }

    pub const fn output(&self, inputs: &[Shape]) -> Outcome {
        match one_input("SumOf", inputs) {
            Ok(input) if input.last() % BY == 0 => Outcome::ok(Shape::new([input.last() / BY])),
            Ok(input) => {
                Outcome::error(Message::new("`SumOf` leaves something over: ").gives(input))
            }
            Err(error) => error,
        }
    }
}

impl<const BY: usize> Layer for SumOf<BY> {
    const KIND: &'static str = "SumOf";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = NoParameters<E, D>;

    fn op(&self, _: &[Shape], _: Shape) -> Box<dyn Op> {
        Box::new(SumOfOp {
            by: BY,
            factor: self.factor,
        })
    }
}

#[derive(Debug)]
struct SumOfOp {
    by: usize,
    factor: f32,
}

impl Op for SumOfOp {
    fn macs(&self) -> usize {
        0
    }

    fn forward(&self, call: Forward<'_>) {
        for (sum, values) in call.output.iter_mut().zip(call.inputs[0].chunks(self.by)) {
            *sum = self.factor * values.iter().sum::<f32>();
        }
    }

    fn backward(&self, call: Backward<'_>) {
        if let Some(d_input) = &mut call.d_inputs[0] {
            for (d_values, d_sum) in d_input.chunks_mut(self.by).zip(call.d_output.iter()) {
                d_values.fill(self.factor * d_sum);
            }
        }
    }
}

/// Named as a layer of Addax; a path tells them apart.
type Flatten = SumOf<2>;

network! {
    /// Twelve numbers become one.
    pub Sums: 12 => 1 {
        SumOf::<2>(factor = 2.0),
        self::SumOf<3>(),
        self::Flatten(),
        Flatten(),
    }
}

fn main() -> addax::Result<()> {
    let model = Sums::build(&Cpu::default())?;
    let answers = model.predict(&vec![[1.0_f32; 12]])?;
    assert_eq!(answers.as_vec(), [24.0]);
    Ok(())
}
