//! What is meant is silenced, one lint at a time, and no lint speaks of what it does not know.

#![deny(warnings)]

use addax::prelude::*;

/// Says nothing of itself.
#[derive(Clone, Copy, Debug)]
pub struct Own {}

mod own {
    use super::Own;
    use addax::dfdx::shapes::Dtype;
    use addax::dfdx::tensor_ops::Device;
    use addax::layers::{Layer, LayerSizes};
    use addax::op::{Backward, Forward, Op};
    use addax::shape::{Outcome, Shape};
    use addax::tape::NoParameters;

    impl Own {
        pub const fn new() -> Self {
            Own {}
        }

        pub const fn output(&self, inputs: &[Shape]) -> Outcome {
            Outcome::ok(inputs[0])
        }
    }

    impl Layer for Own {
        const KIND: &'static str = "Own";
        type Parameters<S: LayerSizes, E: Dtype, D: Device<E>> = NoParameters<E, D>;

        fn op(&self, _: &[Shape], _: Shape) -> Box<dyn Op> {
            Box::new(OwnOp)
        }
    }

    #[derive(Debug)]
    struct OwnOp;

    impl Op for OwnOp {
        fn macs(&self) -> usize {
            0
        }

        fn forward(&self, call: Forward<'_>) {
            call.output.copy_from_slice(call.inputs[0]);
        }

        fn backward(&self, call: Backward<'_>) {
            if let Some(d_input) = &mut call.d_inputs[0] {
                d_input.copy_from_slice(call.d_output);
            }
        }
    }
}

network! {
    /// Each is meant.
    #[allow(addax::channels_first, addax::softmax_inside)]
    #[allow(addax::dense_without_activation, addax::dropout_at_the_end, reason = "a test")]
    pub Meant: (1, 28, 28) => 2 {
        Conv2D(3, 3, padding = same, activation = softmax),
        Flatten(),
        Dense(4),
        Dense(4, activation = softmax),
        Dense(2),
        Dropout(0.5),
    }
}

network! {
    /// All at once.
    #[allow(deprecated)]
    pub All: 3 => 2 {
        Dense(1, activation = softmax),
        Dense(2),
        Dense(2),
        Dropout(0.5),
    }
}

network! {
    /// Nothing is known of the layer in the middle.
    pub Unknown: 3 => 2 {
        Dense(3, activation = softmax),
        Own(),
        Dense(3),
        Own(),
        Dense(2),
    }
}

fn main() -> addax::Result<()> {
    let device = Cpu::seed_from_u64(1);
    let unnamed = network!(#[allow(addax::dense_without_activation)] 3 => 2 { Dense(2), Dense(2) });
    let parameters = Model::new(unnamed, &device)?.count_params()
        + Meant::build(&device)?.count_params()
        + All::build(&device)?.count_params()
        + Unknown::build(&device)?.count_params();
    let meant = (3 * 3 * 28 * 3 + 3) + (84 * 4 + 4) + (4 * 4 + 4) + (4 * 2 + 2);
    let all = (3 + 1) + (2 + 2) + (2 * 2 + 2);
    let unknown = (3 * 3 + 3) + (3 * 3 + 3) + (3 * 2 + 2);
    assert_eq!(
        parameters,
        (3 * 2 + 2) + (2 * 2 + 2) + meant + all + unknown
    );
    Ok(())
}
