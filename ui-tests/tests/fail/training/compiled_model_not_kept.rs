use addax::prelude::*;

network! {
    /// Three classes.
    pub Letters: 2 => 3 {
        Dense(3, activation = softmax),
    }
}

fn main() -> addax::Result<()> {
    let mut model = Letters::build(&Cpu::default())?;
    model.compile(
        Adam::default(),
        SparseCategoricalCrossentropy::default(),
        Accuracy,
    )?;
    model.fit(&vec![[0.0, 1.0]], &vec![2], FitOptions::default())?;
    Ok(())
}
