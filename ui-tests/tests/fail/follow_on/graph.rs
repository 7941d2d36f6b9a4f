use addax::prelude::*;

network! {
    pub Faces: (image: (8, 8, 1), age: 1) => (race: 5, glad: 1) {
        let x = Flatten()(imag);
        let z = Concatenate()(x, age);
        let race = Dense(6, activation = softmax)(z);
        let glad = Dense(1, activation = sigmoid)(z);
    }
}

network! {
    pub Unread: (image: (8, 8, 1), age: 1) => (race: 5, glad: 1) {}
}

fn main() -> addax::Result<()> {
    let device = Cpu::seed_from_u64(1);
    let mut model = Faces::build(&device)?.compile(
        Adam::default(),
        FacesOutputs {
            race: SparseCategoricalCrossentropy::default(),
            glad: BinaryCrossentropy::default(),
        },
        FacesOutputs {
            race: Accuracy,
            glad: (),
        },
    )?;
    let (images, ages) = (vec![[[[0.0_f32; 1]; 8]; 8]; 2], vec![1.0_f32, 2.0]);
    let (races, glads) = (vec![3_u8, 4], vec![0.0_f32, 1.0]);
    let x = FacesInputs {
        image: &images,
        age: &ages,
    };
    let y = FacesOutputs {
        race: &races,
        glad: &glads,
    };
    let history = model.fit(&x, &y, FitOptions::default())?;
    let answers = model.predict(&x)?;
    println!("{history:?} {answers:?} {}", model.summary());
    println!("{:?}", model.layers()?.dense.kernel);

    let model = Unread::build(&device)?;
    println!("{}", model.summary());
    let x = UnreadInputs { image: 1, age: 2 };
    let y = UnreadOutputs { race: 1, glad: 2 };
    println!("{x:?} {y:?}");
    Ok(())
}
