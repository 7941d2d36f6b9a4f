//! XOR of the signs of three numbers: not linear, so a single layer cannot learn it.
//!
//! `cargo run --release --example xor`

use addax::prelude::*;

network! {
    /// The lecture's network: 4, 3 and 2 neurons.
    pub Xor: 3 => 2 {
        Dense(4, activation = tanh),
        Dense(3, activation = tanh),
        Dense(2, activation = softmax),
    }
}

fn main() -> addax::Result<()> {
    let (x, y) = addax_examples::xor(10_000, 1);
    for (x, y) in x.iter().zip(&y).take(3) {
        println!("{:5.2} xor {:5.2} xor {:5.2} equals {y}", x[0], x[1], x[2]);
    }
    let device = Cpu::seed_from_u64(42);
    let mut model = Xor::build(&device)?.compile(
        Adam::new(0.01),
        SparseCategoricalCrossentropy::default(),
        Accuracy,
    )?;
    println!("{}", model.summary());
    let options = FitOptions {
        epochs: 10,
        validation_split: 0.1,
        ..FitOptions::default()
    };
    let history = model.fit(&x, &y, options)?;
    println!("validation accuracy: {:.4}", history["val_acc"][9]);
    Ok(())
}
