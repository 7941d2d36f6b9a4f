use addax::prelude::*;

network! {
    #[allow(addax::softmax_of_one)]
    pub Small: 2 => 1 {
        Dense(1, activation = softmax),
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
