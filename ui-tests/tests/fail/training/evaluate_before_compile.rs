use addax::prelude::*;

network! {
    /// Three classes.
    pub Letters: 2 => 3 {
        Dense(3, activation = softmax),
    }
}

fn main() -> addax::Result<()> {
    let model = Letters::build(&Cpu::default())?;
    model.evaluate(&vec![[0.0_f32, 1.0]], &vec![2])?;
    Ok(())
}
