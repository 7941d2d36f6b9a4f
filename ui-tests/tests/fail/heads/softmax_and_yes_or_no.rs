use addax::prelude::*;

network! {
    pub Small: 2 => 3 {
        Dense(3, activation = softmax),
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
