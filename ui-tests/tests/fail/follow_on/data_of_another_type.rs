use addax::prelude::*;

network! {
    /// Two layers.
    pub Letters: (28, 28, 1) => 10 {
        Flatten(),
        Dense(10, activation = softmax),
    }
}

fn main() -> addax::Result<()> {
    let device = Cpu::default();
    let mut model = Letters::build(&device)?.compile(
        Adam::default(),
        SparseCategoricalCrossentropy::default(),
        Accuracy,
    )?;
    let x = vec![0.0_f64; 784];
    model.fit(&x, &[3_u8], FitOptions::default())?;
    Ok(())
}
