//! Networks with parameters.

use addax::dfdx::shapes::Const;
use addax::prelude::*;
use addax::shape::N;
use addax::typenum::{Prod, U2, U5, U12, Unsigned};
use std::ops::Mul;

network! {
    /// A size is a number.
    pub Convnet<const SIDE: usize = 8, const CLASSES: usize = 10>: (SIDE, SIDE, 1) => CLASSES {
        Conv2D(4, 3, activation = relu),
        BatchNormalization(),
        MaxPooling2D(2),
        Flatten(),
        hidden: Dense(4 * CLASSES, activation = relu),
        Dropout(0.2),
        Dense(CLASSES, activation = softmax),
    }
}

network! {
    /// A size is a dimension of dfdx.
    pub Mlp<In, Classes>: In => Classes {
        Dense(In / 2, activation = relu),
        Dense(Classes, activation = softmax),
    }
}

network! {
    /// A graph, which is a layer of the next one.
    pub Block<const WIDTH: usize>: (x: WIDTH, y: WIDTH) => (z: WIDTH) {
        let tower = Dense(WIDTH, activation = tanh);
        let z = tower(x) + tower(y);
    }
}

network! {
    /// Several of both.
    pub Two<Width, const CLASSES: usize>: (a: Width, b: Width) => (sum: Width, classes: CLASSES) {
        let sum = a + b;
        let classes = Dense(CLASSES, activation = softmax)(Concatenate()(a, sum));
    }
}

network! {
    /// With numbers in it.
    pub Outer: (left: 6, right: 6) => (z: 2) {
        let both = Block::<6>()(left, right);
        let z = Dense(2)(both);
    }
}

/// What const generics cannot say on stable Rust.
fn twice<C>(device: &Cpu) -> addax::Result<Model<Mlp<N<U12>, N<Prod<C, U2>>>, Cpu>>
where
    C: Unsigned + Mul<U2> + 'static,
    Prod<C, U2>: Unsigned + 'static,
{
    Mlp::build(device)
}

fn main() -> addax::Result<()> {
    let device = Cpu::seed_from_u64(5);
    let x: Vec<[[[f32; 1]; 8]; 8]> = (0..20).map(|i| [[[(i % 2) as f32]; 8]; 8]).collect();
    let y: Vec<u8> = (0..20).map(|i| i % 2).collect();
    let mut model = <Convnet>::build(&device)?.compile(
        Adam::new(0.01),
        SparseCategoricalCrossentropy::default(),
        Accuracy,
    )?;
    assert_eq!(model.count_params(), <Convnet>::PARAMS);
    assert_eq!(<Convnet>::PARAMS, 40 + 16 + 36 * 40 + 40 + 410);
    let options = FitOptions {
        epochs: 5,
        verbose: Verbose::Silent,
        ..Default::default()
    };
    let history = model.fit(&x, &y, options)?;
    assert_eq!(history.get("loss").map(|losses| losses.len()), Some(5));
    let batch = Convnet::<8, 10>::inputs(vec![0.5; 128])?;
    let layers = model.layers()?;
    assert_eq!(layers.hidden.kernel.as_vec().len(), 36 * 40);
    let on_tape = layers.forward(batch.clone())?.as_vec();
    for (a, b) in on_tape.iter().zip(model.predict(&batch)?.as_vec()) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }

    let large = Convnet::<28, 26>::build(&device)?;
    assert_eq!(large.count_params(), Convnet::<28, 26>::PARAMS);
    let mlp = Mlp::<Const<4>, Const<3>>::build(&device)?;
    assert_eq!(mlp.count_params(), 4 * 2 + 2 + 2 * 3 + 3);
    assert_eq!(twice::<U5>(&device)?.count_params(), 12 * 6 + 6 + 6 * 10 + 10);

    let two = Two::<Const<6>, 3>::build(&device)?;
    let answers = two.predict(&TwoInputs {
        a: vec![[1.0_f32; 6]; 2],
        b: vec![[2.0_f32; 6]; 2],
    })?;
    assert_eq!(answers.sum.as_vec(), [3.0; 12]);
    assert_eq!(answers.classes.as_vec().len(), 6);
    assert_eq!(Outer::build(&device)?.count_params(), 42 + 14);
    Ok(())
}
