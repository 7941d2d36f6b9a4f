use addax::prelude::*;

network! {
    /// Yes or no.
    pub Spam: 2 => 1 {
        Dense(1, activation = sigmoid),
    }
}

fn main() -> addax::Result<()> {
    let mut model = Spam::build(&Cpu::default())?.compile(
        Adam::default(),
        BinaryCrossentropy::default(),
        Accuracy,
    )?;
    let (x, y) = (vec![[0.0, 1.0]], vec![1_u8]);
    model.fit(&x, &y, FitOptions::default())?;
    Ok(())
}
