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
        CategoricalCrossentropy::default(),
        Accuracy,
    )?;
    let x = Letters::inputs(vec![0.0; 784])?;
    let classes = vec![3_u8];
    model.fit(&x, &classes, FitOptions::default())?;
    Ok(())
}
