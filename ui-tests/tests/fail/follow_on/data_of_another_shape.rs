use addax::prelude::*;

network! {
    /// Two layers.
    pub Letters: (28, 28, 1) => 10 {
        Flatten(),
        Dense(10, activation = softmax),
    }
}

network! {
    /// Color.
    pub Photos: (32, 32, 3) => 10 {
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
    let x = Photos::inputs(vec![0.0; 3072])?;
    model.fit(&x, &[3_u8], FitOptions::default())?;
    Ok(())
}
