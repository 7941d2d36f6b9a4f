use addax::prelude::*;

network! {
    /// Three classes.
    pub Letters: 2 => 3 {
        Dense(3, activation = softmax),
    }
}

fn main() -> addax::Result<()> {
    let mut model = Letters::build(&Cpu::default())?.compile(
        Adam::default(),
        SparseCategoricalCrossentropy::default(),
        Accuracy,
    )?;
    let (x, y) = (vec![[0.0, 1.0]], vec![[0.0_f32, 0.0, 1.0]]);
    model.fit(&x, &y, FitOptions::default())?;
    Ok(())
}
