use addax::prelude::*;

network! {
    /// Three classes.
    pub Letters: 2 => 3 {
        Dense(3, activation = softmax),
    }
}

fn main() -> addax::Result<()> {
    let model = Letters::build(&Cpu::default())?;
    let sgd = SGD {
        lr: 0.01,
        decay: 1e-6,
        ..SGD::default()
    };
    model.compile(sgd, SparseCategoricalCrossentropy::default(), Accuracy)?;
    Ok(())
}
