use addax::prelude::*;

network! {
    pub Faces: (image: (8, 8, 3)) => (race: 5, glad: 1) {
        let x = Flatten()(image);
        let race = Dense(5, activation = softmax)(x);
        let glad = Dense(1, activation = sigmoid)(x);
    }
}

fn main() -> addax::Result<()> {
    let device = Cpu::default();
    let model = Faces::build(&device)?.compile(
        Adam::default(),
        SparseCategoricalCrossentropy::default(),
        (),
    )?;
    println!("{}", model.summary());
    Ok(())
}
