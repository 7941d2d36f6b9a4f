use addax::prelude::*;

network! {
    pub Small: (8, 8, 1) => (8, 8, 4) {
        Conv2D(4, 3, padding = same, activation = softmax),
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
