//! Networks that are layers of others.

use addax::dfdx::prelude::*;
use addax::prelude::{
    Accuracy, Adam, Cpu, FitOptions, SparseCategoricalCrossentropy, Verbose, network,
};

network! {
    /// Eight numbers for sixteen.
    pub Encoder: 16 => 8 {
        Dense(8, activation = relu),
        BatchNormalization(),
    }
}

network! {
    /// Adds what it is given.
    pub Block: (x: 8) => (y: 8) {
        let y = Dense(8, activation = tanh)(x) + x;
    }
}

network! {
    /// Compares two vectors.
    pub Compared: (left: 8, right: 8) => (difference: 4) {
        let difference = Dense(4)(left - right);
    }
}

network! {
    /// A list with networks in it.
    pub Deep: 16 => 2 {
        Encoder(),
        3 * Block(),
        last: Block(),
        Dense(2, activation = softmax),
    }
}

network! {
    /// The same encoder for both.
    pub Siamese: (a: 16, b: 16) => (same: 2) {
        let encoder = Encoder();
        let z = Compared()(encoder(a), encoder(b));
        let same = Dense(2, activation = softmax)(z);
    }
}

fn options<'a, X, Y>() -> FitOptions<'a, X, Y> {
    FitOptions {
        epochs: 10,
        verbose: Verbose::Silent,
        ..Default::default()
    }
}

fn main() -> addax::Result<()> {
    let device = Cpu::seed_from_u64(1);
    let x: Vec<[f32; 16]> = (0..40).map(|i| [(i % 2) as f32 - 0.5; 16]).collect();
    let y: Vec<u8> = (0..40).map(|i| i % 2).collect();

    let block = 8 * 8 + 8;
    let encoder = 16 * 8 + 8 + 4 * 8;
    assert_eq!(Deep::PARAMS, encoder + 4 * block + 18);
    let deep = Deep::build(&device)?;
    assert_eq!(deep.count_params(), Deep::PARAMS);
    let mut deep = deep.compile(
        Adam::new(0.01),
        SparseCategoricalCrossentropy::default(),
        Accuracy,
    )?;
    let history = deep.fit(&x, &y, options())?;
    let losses = history.get("loss").expect("a loss for each epoch");
    assert!(losses[9] < losses[0], "{losses:?}");

    // The layers inside are fields of fields, and dfdx runs them as `predict` does.
    let layers = deep.layers()?;
    assert_eq!(layers.encoder.dense.kernel.as_vec().len(), 128);
    assert_eq!(layers.block_2.dense.kernel.as_vec().len(), 64);
    assert_eq!(layers.last.dense.bias.as_vec().len(), 8);
    let batch = Deep::inputs(x.concat())?;
    let on_tape = layers.forward(batch.clone())?.as_vec();
    for (a, b) in on_tape.iter().zip(deep.predict(&batch)?.as_vec()) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }

    let siamese = Siamese::build(&device)?;
    assert_eq!(siamese.count_params(), encoder + 8 * 4 + 4 + 10);
    let mut siamese = siamese.compile(
        Adam::new(0.01),
        SparseCategoricalCrossentropy::default(),
        Accuracy,
    )?;
    let pair = SiameseInputs { a: &x, b: &x };
    let history = siamese.fit(&pair, &y, options())?;
    assert_eq!(history.get("loss").map(|losses| losses.len()), Some(10));
    let layers = siamese.layers()?;
    let gradients = layers.alloc_grads();
    let inputs = SiameseInputs {
        a: batch.clone().traced(gradients.clone()),
        b: batch.traced(gradients),
    };
    let gradients = layers.forward(inputs)?.square().mean().backward();
    let of_kernel = gradients.get(&layers.encoder.dense.kernel).as_vec();
    assert!(of_kernel.iter().all(|value| value.is_finite()));
    Ok(())
}
