//! What a network ends in and the loss that judges it: what the types cannot see is checked by `compile`.

use addax::dfdx::tensor::{Tensor, TensorFromVec};
use addax::heads::LossOf;
use addax::prelude::*;

network! {
    /// Probabilities of three classes.
    Softmax: 2 => 3 {
        Dense(3, activation = softmax),
    }
}

network! {
    /// Three logits.
    Logits: 2 => 3 {
        Dense(3),
    }
}

network! {
    /// Yes or no.
    Sigmoid: 2 => 1 {
        Dense(1, activation = sigmoid),
    }
}

network! {
    /// One number.
    Line: 2 => 1 {
        Dense(1, kernel_initializer = ones),
    }
}

network! {
    /// The last layer applies nothing, so every loss suits it.
    Flat: (2, 2, 1) => 4 {
        Conv2D(1, 1, activation = sigmoid),
        Flatten(),
    }
}

network! {
    /// The second layer applies nothing: what is known of the first is not known of this network.
    Same: 2 => 3 {
        Dense(3, activation = softmax),
        Activation(linear),
    }
}

fn compile<N: Network, L: LossOf<N>>(network: N, loss: L) -> Result<(), String> {
    let model = Model::new(network, &Cpu::seed_from_u64(1)).unwrap();
    model
        .compile(SGD::default(), loss, ())
        .map(|_| ())
        .map_err(|error| error.to_string())
}

#[test]
fn logits_need_from_logits() {
    let from_logits = false;
    assert_eq!(
        compile(Logits, SparseCategoricalCrossentropy { from_logits }).unwrap_err(),
        "from_logits is false; the last layer has no activation, so it gives logits: write \
         `SparseCategoricalCrossentropy { from_logits: true }`, or `activation = softmax` in the last layer"
    );
    assert_eq!(
        compile(Logits, CategoricalCrossentropy { from_logits }).unwrap_err(),
        "from_logits is false; the last layer has no activation, so it gives logits: write \
         `CategoricalCrossentropy { from_logits: true }`, or `activation = softmax` in the last layer"
    );
    assert_eq!(
        compile(Line, BinaryCrossentropy { from_logits }).unwrap_err(),
        "from_logits is false; the last layer has no activation, so it gives logits: write \
         `BinaryCrossentropy { from_logits: true }`, or `activation = sigmoid` in the last layer"
    );
}

#[test]
fn probabilities_are_no_logits() {
    let from_logits = true;
    assert_eq!(
        compile(Softmax, SparseCategoricalCrossentropy { from_logits }).unwrap_err(),
        "from_logits is true; the last layer applies `softmax`, so it gives probabilities: write \
         `SparseCategoricalCrossentropy::default()`, or leave `activation = softmax` out"
    );
    assert_eq!(
        compile(Softmax, CategoricalCrossentropy { from_logits }).unwrap_err(),
        "from_logits is true; the last layer applies `softmax`, so it gives probabilities: write \
         `CategoricalCrossentropy::default()`, or leave `activation = softmax` out"
    );
    assert_eq!(
        compile(Sigmoid, BinaryCrossentropy { from_logits }).unwrap_err(),
        "from_logits is true; the last layer applies `sigmoid`, so it gives probabilities: write \
         `BinaryCrossentropy::default()`, or leave `activation = sigmoid` out"
    );
}

#[test]
fn a_loss_that_suits_is_taken() {
    let (yes, no) = (true, false);
    compile(Logits, SparseCategoricalCrossentropy { from_logits: yes }).unwrap();
    compile(Logits, CategoricalCrossentropy { from_logits: yes }).unwrap();
    compile(Logits, BinaryCrossentropy { from_logits: yes }).unwrap();
    compile(Line, BinaryCrossentropy { from_logits: yes }).unwrap();
    compile(Softmax, SparseCategoricalCrossentropy { from_logits: no }).unwrap();
    compile(Softmax, CategoricalCrossentropy { from_logits: no }).unwrap();
    compile(Sigmoid, BinaryCrossentropy { from_logits: no }).unwrap();
    compile(Softmax, MeanSquaredError).unwrap();
    compile(Sigmoid, MeanAbsoluteError).unwrap();
}

#[test]
fn of_a_last_layer_without_an_activation_nothing_is_said() {
    for from_logits in [false, true] {
        compile(Flat, SparseCategoricalCrossentropy { from_logits }).unwrap();
        compile(Flat, BinaryCrossentropy { from_logits }).unwrap();
        compile(Same, CategoricalCrossentropy { from_logits }).unwrap();
    }
}

/// Labels of shape (N,) and of shape (N, 1) are the same for one output, whatever they are kept in.
#[test]
fn one_number_a_sample_is_a_row_of_length_one() {
    let device = Cpu::seed_from_u64(1);
    let model = Line::build(&device)
        .unwrap()
        .compile(SGD::default(), MeanSquaredError, ())
        .unwrap();
    let x = [[1.0, 2.0], [3.0, 4.0]];
    let flat = vec![1.0_f32, 2.0];
    let rows = vec![[1.0_f32], [2.0]];
    let flat_tensor: Tensor<(usize,), f32, Cpu> = device.tensor_from_vec(flat.clone(), (2,));
    let tensor: Tensor<(usize, addax::dfdx::shapes::Const<1>), f32, Cpu> =
        device.tensor_from_vec(flat.clone(), (2, Default::default()));
    let expected = (4.0 + 25.0) / 2.0;
    assert_eq!(model.evaluate(&x, &flat).unwrap().loss(), expected);
    assert_eq!(model.evaluate(&x, &rows).unwrap().loss(), expected);
    assert_eq!(model.evaluate(&x, &flat_tensor).unwrap().loss(), expected);
    assert_eq!(model.evaluate(&x, &tensor).unwrap().loss(), expected);
}
