use addax::prelude::*;

network! {
    pub Letters<const SIDE: usize>: (SIDE, SIDE, 1) => 10 {
        Flatten(),
        Dense(10, activation = softmax),
    }
}

fn main() -> addax::Result<()> {
    let device = Cpu::seed_from_u64(1);
    let mut model = Letters::<28>::build(&device)?.compile(
        Adam::default(),
        SparseCategoricalCrossentropy::default(),
        Accuracy,
    )?;
    let x = Letters::<28>::inputs(vec![0.0; 2 * 784])?;
    let y = vec![3_u8, 7];
    let history = model.fit(
        &x,
        &y,
        FitOptions {
            epochs: 2,
            ..Default::default()
        },
    )?;
    let answers = model.predict(&x)?;
    println!("{history:?} {answers:?} {}", model.summary());
    Ok(())
}
