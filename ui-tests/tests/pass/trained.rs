//! A network from its declaration to its answers.

use addax::prelude::*;

network! {
    /// Which of two numbers is larger?
    pub Larger: Self::NUMBERS => 2 {
        Dense(8, activation = tanh),
        BatchNormalization(),
        Dense(2, activation = softmax),
    }
}

impl Larger {
    const NUMBERS: usize = 2;
}

fn main() -> addax::Result<()> {
    let numbers = [
        [0.1, 0.9],
        [0.8, 0.3],
        [0.2, 0.4],
        [0.7, 0.6],
        [0.3, 0.5],
        [0.9, 0.1],
    ];
    let x = numbers.repeat(10);
    let y: Vec<u8> = x.iter().map(|pair| u8::from(pair[1] > pair[0])).collect();

    let mut model = Larger::build(&Cpu::seed_from_u64(7))?.compile(
        Adam::default(),
        SparseCategoricalCrossentropy::default(),
        Accuracy,
    )?;
    let options = FitOptions {
        epochs: 20,
        verbose: Verbose::Silent,
        ..Default::default()
    };
    let history = model.fit(&x, &y, options)?;
    let losses = history.get("loss").expect("a loss for each epoch");
    assert!(losses[19] < losses[0], "{losses:?}");

    let same = Larger::inputs(x.concat())?;
    assert_eq!(model.predict(&x)?.as_vec(), model.predict(&same)?.as_vec());
    Ok(())
}
