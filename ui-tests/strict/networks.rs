//! Networks of each kind, and uses of them, for crates with strict lints.

use addax::dfdx::shapes::Const;
use addax::prelude::*;
use addax::tape::TapeTensor;

/// A number that the network below uses.
pub const SIDE: usize = 8;

network! {
    /// Public and documented.
    pub Public: (SIDE, Self::WIDTH, 1) => 3 {
        /// A documented layer.
        Conv2D(4, SIDE / 4, activation = relu),
        MaxPooling2D(2, strides = 2),
        Flatten(),
        hidden: Dense(units = 8, use_bias = false),
        Dropout(rate = 0.5),
        BatchNormalization(),
        Dense(3, activation = softmax),
    }
}

impl Public {
    const WIDTH: usize = 8;
}

network! {
    Private: 2 => 2 {
        unread: Dense(2),
    }
}

network! {
    /// Only this crate sees it.
    #[allow(addax::dropout_at_the_end)]
    pub(crate) Restricted: 2 => 2 {
        Dropout(rate = 0.5),
    }
}

network! {
    /// A graph with several ends.
    pub Faces: (image: (SIDE, SIDE, 1), age: 2, gender: 2) => (race: 3, r#type: 1) {
        /// For both numbers.
        let tower = Dense(4, activation = relu);
        let a = tower(age);
        let b = tower(gender);
        let x = seen: Conv2D(2, 3)(image);
        let x = Flatten()(x);
        let z = Concatenate()([x, a * b - a]);
        let race = Dense(3, activation = softmax)(z);
        let r#type = Dense(1)(z + z);
    }
}

network! {
    Narrow: (x: 2) => (y: 2) {
        let y = x + x;
    }
}

fn double(x: TapeTensor<(usize, Const<1>)>) -> TapeTensor<(usize, Const<1>)> {
    x * 2.0
}

network! {
    Own: (x: 2) => (y: 1) {
        let y = Lambda(double)(Dot(1, normalize = true)(x, x));
    }
}

network! {
    /// Its sizes are parameters.
    pub Sized<Classes, const SIDE: usize = 4>: (image: (SIDE, SIDE, 1)) => (class: Classes) {
        let x = Conv2D(2, 3, activation = relu)(image);
        let x = BatchNormalization()(x);
        let tower = Dense(Classes);
        let class = tower(Flatten()(x));
    }
}

/// Uses all of them.
///
/// # Errors
/// None are expected.
pub fn run() -> addax::Result<usize> {
    let device = Cpu::seed_from_u64(1);
    let unnamed = network!((4, 4, 1) => 3 { Flatten(), Dense(3) });
    let inputs = Public::inputs(vec![0.0; SIDE * SIDE])?;
    let _answers = Public::build(&device)?.predict(&inputs)?;
    let faces = Faces::build(&device)?;
    let _answers = faces.predict(&FacesInputs {
        image: inputs,
        age: vec![[0.0_f32; 2]],
        gender: vec![[1.0_f32; 2]],
    })?;
    let sized = Sized::<Const<2>, 5>::build(&device)?;
    let _answers = sized.predict(&Sized::<Const<2>, 5>::inputs(vec![0.0; 25])?)?;
    Ok(Narrow::build(&device)?.count_params()
        + Own::build(&device)?.count_params()
        + Model::new(unnamed, &device)?.count_params()
        + Private::build(&device)?.count_params()
        + Restricted::build(&device)?.count_params())
}
