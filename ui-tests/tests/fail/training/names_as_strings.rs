use addax::prelude::*;

network! {
    /// Three classes.
    pub Letters: 2 => 3 {
        Dense(3, activation = softmax),
    }
}

fn main() -> addax::Result<()> {
    let model = Letters::build(&Cpu::default())?;
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])?;
    Ok(())
}
