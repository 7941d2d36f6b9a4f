use addax::prelude::*;

network! {
    pub Small: 2 => 1 {
        Dense(1, activation = tanh),
    }
}

fn main() -> addax::Result<()> {
    let device = Cpu::default();
    let model = Small::build(&device)?.compile(
        Adam::default(),
        BinaryCrossentropy::default(),
        Accuracy,
    )?;
    println!("{}", model.summary());
    Ok(())
}
