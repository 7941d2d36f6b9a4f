//! Graphs: several inputs and outputs, branches, a layer for two values, and all of Model for them.

use addax::prelude::*;

network! {
    /// Two pictures and a number.
    pub Faces: (left: (6, 6, 1), right: (6, 6, 1), age: 1) => (race: 3, glad: 1) {
        /// One eye for both sides.
        let eye = Conv2D(4, 3, activation = relu, padding = same);
        let l = eye(left);
        let r = eye(right);
        let both = l + r * l - r;
        let both = Flatten()(MaxPooling2D(2)(both));
        let z = Concatenate()([both, hidden: Dense(4, activation = tanh)(age)]);
        let z = Dropout(0.1)(z);
        let race = Dense(3, activation = softmax)(z);
        let glad = Dense(1, activation = sigmoid)(Add()(z, z));
    }
}

network! {
    /// One input and one output, under their names.
    pub Residual: (image: 8) => (digit: 2) {
        let x = Dense(8, activation = relu)(image);
        let x = x + image;
        let digit = Dense(2, activation = softmax)(x);
    }
}

fn main() -> addax::Result<()> {
    let device = Cpu::seed_from_u64(3);
    let left: Vec<[[[f32; 1]; 6]; 6]> = (0..32).map(|i| [[[(i % 2) as f32]; 6]; 6]).collect();
    let right = left.clone();
    let age: Vec<f32> = (0..32).map(|i| i as f32 / 32.0).collect();
    let race: Vec<u8> = (0..32).map(|i| i % 2).collect();
    let glad: Vec<f32> = (0..32).map(|i| (i % 2) as f32).collect();

    let mut model = Faces::build(&device)?.compile(
        Adam::new(0.01),
        FacesOutputs {
            race: SparseCategoricalCrossentropy::default(),
            glad: BinaryCrossentropy::default().weighted(0.5),
        },
        FacesOutputs {
            race: Accuracy,
            glad: (),
        },
    )?;
    assert_eq!(model.layers()?.eye.kernel.as_vec().len(), 36);
    let x = FacesInputs {
        left: &left,
        right: &right,
        age: &age,
    };
    let y = FacesOutputs {
        race: &race,
        glad: &glad,
    };
    let options = FitOptions {
        epochs: 20,
        verbose: Verbose::Silent,
        ..Default::default()
    };
    let history = model.fit(&x, &y, options)?;
    let losses = history.get("loss").expect("a loss for each epoch");
    assert!(losses[19] < losses[0], "{losses:?}");
    let answers = model.predict(&x)?;
    assert_eq!(answers.race.as_vec().len(), 96);
    assert_eq!(answers.glad.as_vec().len(), 32);
    println!("{}", model.summary());

    let x = Residual::inputs(vec![0.5; 16])?;
    let residual = Residual::build(&device)?;
    assert_eq!(residual.predict(&x)?.as_vec().len(), 4);
    assert_eq!(residual.layers()?.dense.kernel.as_vec().len(), 64);
    Ok(())
}
