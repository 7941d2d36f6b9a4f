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
    let mut model = Faces::build(&device)?.compile(
        Adam::default(),
        FacesOutputs {
            race: SparseCategoricalCrossentropy::default(),
            glad: BinaryCrossentropy::default(),
        },
        (),
    )?;
    let x = vec![[[[0.0; 3]; 8]; 8]; 4];
    model.fit(&x, &vec![3_u8; 4], FitOptions::default())?;
    Ok(())
}
