use addax::prelude::*;

network! {
    pub Letters: (image: (28, 28, 1)) => (digit: 10) {
        let x = Flaten()(image);
        let digit = Dense(10, activation = softmax)(x);
    }
}

fn main() -> addax::Result<()> {
    let device = Cpu::seed_from_u64(1);
    let mut model = Letters::build(&device)?.compile(
        Adam::default(),
        SparseCategoricalCrossentropy::default(),
        Accuracy,
    )?;
    let x = Letters::inputs(vec![0.0; 2 * 784])?;
    let y = vec![3_u8, 7];
    let history = model.fit(&x, &y, FitOptions::default())?;
    let answers = model.predict(&x)?;
    println!("{history:?} {answers:?} {}", model.summary());
    Ok(())
}
