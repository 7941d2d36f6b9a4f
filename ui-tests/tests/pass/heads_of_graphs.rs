//! Each output of a graph has a loss that suits it, weighted or not.

#![deny(warnings)]

use addax::heads::LossOf;
use addax::prelude::*;
use addax::training::{FitsInput, InputData, LabelData};

network! {
    /// The softmax in the middle is an output, too: no lint speaks of it.
    pub Faces: (image: (4, 4, 1), age: 1) => (race: 3, glad: 1, size: 2, years: 1) {
        let x = Flatten()(image);
        let race = Dense(3, activation = softmax)(x);
        let glad = Dense(1, activation = sigmoid)(Concatenate()(race, x));
        let size = Dense(2)(x);
        let years = age;
    }
}

network! {
    pub One: 2 => 3 {
        Dense(3, activation = softmax),
    }
}

/// One condition for the loss and one for each kind of data are enough.
fn train<N, X, Y, L>(network: N, x: &X, y: &Y, loss: L) -> addax::Result<f64>
where
    N: Network,
    X: InputData,
    X::Shapes: FitsInput<N::Input, N>,
    L: LossOf<N>,
    Y: LabelData<L::Target, N::Output>,
{
    let model = Model::new(network, &Cpu::seed_from_u64(1))?;
    let mut model = model.compile(Adam::default(), loss, ())?;
    let options = FitOptions {
        epochs: 2,
        verbose: Verbose::Silent,
        ..FitOptions::default()
    };
    model.fit(x, y, options)?;
    Ok(model.evaluate(x, y)?.loss())
}

fn main() -> addax::Result<()> {
    let images = vec![[[[0.5_f32]; 4]; 4]; 6];
    let ages = vec![1.0_f32; 6];
    let races = vec![0_u8, 1, 2, 0, 1, 2];
    let glads = vec![0.0_f32, 1.0, 0.0, 1.0, 0.0, 1.0];
    let sizes = vec![[1.0_f32, 0.0]; 6];
    let x = FacesInputs {
        image: &images,
        age: &ages,
    };
    let y = FacesOutputs {
        race: &races,
        glad: &glads,
        size: &sizes,
        years: &ages,
    };
    let losses = FacesOutputs {
        race: SparseCategoricalCrossentropy::default().weighted(2.0),
        glad: BinaryCrossentropy::default().weighted(0.5),
        size: CategoricalCrossentropy { from_logits: true },
        // It is the input: every loss suits it.
        years: MeanSquaredError.weighted(0.0),
    };
    assert!(train(Faces, &x, &y, losses)?.is_finite());

    let from_logits = FacesOutputs {
        race: SparseCategoricalCrossentropy { from_logits: true }.weighted(2.0),
        glad: BinaryCrossentropy::default(),
        size: CategoricalCrossentropy { from_logits: true },
        years: MeanSquaredError,
    };
    let error = train(Faces, &x, &y, from_logits).map_err(|error| error.to_string());
    assert_eq!(
        error,
        Err(
            "from_logits of `race` is true; the last layer applies `softmax`, so it gives probabilities: write \
             `SparseCategoricalCrossentropy::default()`, or leave `activation = softmax` out"
                .to_owned()
        )
    );

    let loss = SparseCategoricalCrossentropy::default().weighted(0.5);
    assert!(train(One, &vec![[0.0; 2]; 6], &races, loss)?.is_finite());
    Ok(())
}
