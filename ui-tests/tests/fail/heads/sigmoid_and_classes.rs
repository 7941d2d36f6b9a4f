use addax::prelude::*;

network! {
    pub Small: 2 => 3 {
        Dense(3, activation = sigmoid),
    }
}

fn main() -> addax::Result<()> {
    let device = Cpu::default();
    let model = Small::build(&device)?.compile(
        Adam::default(),
        SparseCategoricalCrossentropy::default(),
        Accuracy,
    )?;
    println!("{}", model.summary());
    Ok(())
}
