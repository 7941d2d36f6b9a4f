//! The layers of a network are a dfdx module: forward on a tape, dfdx's loss, dfdx's optimizer.

use addax::dfdx::optim::{Sgd, SgdConfig};
use addax::dfdx::prelude::*;
use addax::network;

network! {
    /// More layers than dfdx's tuples have fields.
    pub Deep: (4, 4, 1) => 2 {
        Conv2D(2, 3, padding = same, activation = tanh),
        MaxPooling2D(),
        Flatten(),
        Dense(4, activation = tanh),
        Dense(4, activation = tanh),
        Dense(4, activation = tanh),
        Dropout(0.1),
        Dense(2),
    }
}

fn main() -> addax::Result<()> {
    let device = Cpu::seed_from_u64(3);
    let mut layers = Deep::build(&device)?.layers()?;
    let x: Tensor<Rank4<3, 4, 4, 1>, f32, Cpu> = device.sample_normal();
    let y: Tensor<Rank2<3, 2>, f32, Cpu> = device.sample_normal();

    let mut sgd = Sgd::new(
        &layers,
        SgdConfig {
            lr: 0.05,
            ..Default::default()
        },
    );
    let mut losses = Vec::new();
    for _ in 0..20 {
        let tape = Gradients::leaky();
        let answer = layers.forward_mut(x.clone().traced(tape))?;
        let loss = mse_loss(answer, y.clone());
        losses.push(loss.array());
        let gradients = loss.backward();
        sgd.update(&mut layers, &gradients)
            .expect("the layers are those of the optimizer");
    }
    assert!(losses[19] < losses[0], "{losses:?}");

    // As a dfdx module, also behind a generic bound.
    fn run<M: Module<X>, X>(module: &M, x: X) -> M::Output {
        module.forward(x)
    }
    let answer: Tensor<Rank2<3, 2>, f32, Cpu> = run(&layers, x.clone());
    assert_eq!(answer.array(), layers.forward(x)?.array());
    assert_eq!(
        layers.num_trainable_params(),
        2 * 9 + 2 + 8 * 4 + 4 + 20 + 20 + 10
    );
    Ok(())
}
