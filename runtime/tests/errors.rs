//! What can be wrong with data and options at run time, and what is then said.

use addax::dfdx::shapes::Const;
use addax::dfdx::tensor::{Tensor, TensorFromVec};
use addax::heads::LossOf;
use addax::metrics::{Metric, MetricCall};
use addax::prelude::*;

network! {
    /// Two numbers, three classes.
    Classes: 2 => 3 {
        Dense(4, activation = tanh),
        Dense(3, activation = softmax),
    }
}

network! {
    /// Yes or no.
    Binary: 2 => 1 {
        Dense(1, activation = sigmoid),
    }
}

network! {
    /// A number.
    Line: 1 => 1 {
        Dense(1, kernel_initializer = ones),
    }
}

const X: [[f32; 2]; 3] = [[0.0, 1.0], [1.0, 0.0], [0.5, 0.5]];
const BAD: [[f32; 2]; 3] = [[0.0, 1.0], [1.0, 0.0], [0.5, f32::NAN]];

fn classes() -> Model<Classes, Cpu, SparseCategoricalCrossentropy> {
    let loss = SparseCategoricalCrossentropy::default();
    Classes::build(&Cpu::seed_from_u64(1))
        .unwrap()
        .compile(Adam::default(), loss, Accuracy)
        .unwrap()
}

fn binary<L: LossOf<Binary>>(loss: L) -> Model<Binary, Cpu, L> {
    Binary::build(&Cpu::seed_from_u64(1))
        .unwrap()
        .compile(Adam::default(), loss, ())
        .unwrap()
}

fn silent<'a, X: ?Sized, Y: ?Sized>() -> FitOptions<'a, X, Y> {
    FitOptions {
        verbose: Verbose::Silent,
        ..FitOptions::default()
    }
}

/// What `fit` and `evaluate` say of some data; it is the same.
fn of_data(x: &[[f32; 2]], y: &[i32]) -> String {
    let mut model = classes();
    let before = model.predict(&X).unwrap().as_vec();
    let message = model.fit(x, y, silent()).unwrap_err().to_string();
    assert_eq!(model.evaluate(x, y).unwrap_err().to_string(), message);
    assert_eq!(
        model.predict(&X).unwrap().as_vec(),
        before,
        "no weight has changed"
    );
    message
}

#[test]
fn no_samples() {
    assert_eq!(of_data(&[], &[]), "x has no samples");
    assert_eq!(
        classes()
            .predict(&[] as &[[f32; 2]])
            .unwrap_err()
            .to_string(),
        "x has no samples"
    );
    let empty: Tensor<(usize, Const<2>), f32, Cpu> =
        Cpu::default().tensor_from_vec(vec![], (0, Const));
    assert_eq!(
        classes().predict(&empty).unwrap_err().to_string(),
        "x has no samples"
    );
}

#[test]
fn labels_of_another_number() {
    assert_eq!(
        of_data(&X, &[0, 1]),
        "x has 3 samples but y has 2; give one label for each sample"
    );
    assert_eq!(
        of_data(&X, &[0, 1, 2, 0]),
        "x has 3 samples but y has 4; give one label for each sample"
    );
}

#[test]
fn labels_outside_the_classes() {
    let says = |label| {
        format!(
            "the label of y[1] is {label}, but the network gives 3 classes: labels go from 0 to 2"
        )
    };
    assert_eq!(of_data(&X, &[0, 3, 1]), says("3"));
    assert_eq!(of_data(&X, &[0, -1, 1]), says("-1"));
}

#[test]
fn numbers_that_are_none() {
    let of = |value| {
        let mut x = X;
        x[2][1] = value;
        of_data(&x, &[0, 1, 2])
    };
    assert_eq!(
        of(f32::NAN),
        "x[2] contains NaN; it would spoil every weight and every answer"
    );
    assert_eq!(
        of(f32::INFINITY),
        "x[2] contains inf; it would spoil every weight and every answer"
    );
    assert_eq!(
        classes().predict(&BAD).unwrap_err().to_string(),
        "x[2] contains NaN; it would spoil every weight and every answer"
    );
    let mut model = binary(MeanSquaredError);
    let message = model
        .fit(&X, &[0.0, f32::NEG_INFINITY, 1.0], silent())
        .unwrap_err()
        .to_string();
    assert_eq!(
        message,
        "y[1] contains -inf; it would spoil every weight and every answer"
    );
}

#[test]
fn targets_outside_the_range_of_the_loss() {
    let mut model = binary(BinaryCrossentropy::default());
    let message = model
        .fit(&X, &[0.0, 1.0, 2.0], silent())
        .unwrap_err()
        .to_string();
    assert_eq!(
        message,
        "y[2] is 2, but binary_crossentropy takes targets from 0 to 1"
    );
    let message = model
        .evaluate(&X, &[0.0, -0.5, 1.0])
        .unwrap_err()
        .to_string();
    assert_eq!(
        message,
        "y[1] is -0.5, but binary_crossentropy takes targets from 0 to 1"
    );
    // Any finite number will do for a distance.
    binary(MeanSquaredError)
        .fit(&X, &[0.0, 1.0, 2.0], silent())
        .unwrap();
}

#[test]
fn validation_data_are_checked_before_training() {
    let of = |x: &[[f32; 2]], y: &[usize]| {
        let mut model = classes();
        let before = model.predict(&X).unwrap().as_vec();
        let options = FitOptions {
            validation_data: Some((x, y)),
            ..silent()
        };
        let message = model
            .fit(&X[..], &[0, 1, 2][..], options)
            .unwrap_err()
            .to_string();
        assert_eq!(
            model.predict(&X).unwrap().as_vec(),
            before,
            "no weight has changed"
        );
        message
    };
    assert_eq!(of(&[], &[]), "validation_data has no samples");
    assert_eq!(
        of(&X, &[0]),
        "validation_data: x has 3 samples but y has 1; give one label for each sample"
    );
    assert_eq!(
        of(&X, &[0, 1, 7]),
        "the label of validation_data[2] is 7, but the network gives 3 classes: labels go from 0 to 2"
    );
    assert_eq!(
        of(&BAD, &[0, 1, 2]),
        "validation_data[2] contains NaN; it would spoil every weight and every answer"
    );
}

#[test]
fn options_of_fit() {
    let of = |options| {
        classes()
            .fit(&X, &[0, 1, 2], options)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        of(FitOptions {
            batch_size: 0,
            ..silent()
        }),
        "batch_size is 0; a step needs at least one sample; a usual batch_size is 32"
    );
    for split in [1.0, -0.1, f64::NAN] {
        assert_eq!(
            of(FitOptions {
                validation_split: split,
                ..silent()
            }),
            format!(
                "validation_split is {split}; it is a share: from 0.0 up to, but not including, 1.0"
            )
        );
    }
    assert_eq!(
        of(FitOptions {
            validation_split: 0.9,
            ..silent()
        }),
        "validation_split = 0.9 of 3 samples leaves no samples for training"
    );
    assert_eq!(
        of(FitOptions {
            validation_split: 1e-18,
            ..silent()
        }),
        "validation_split = 0.000000000000000001 of 3 samples leaves no samples for validation"
    );
}

#[test]
fn options_of_optimizers() {
    let of = |optimizer: Box<dyn FnOnce(Model<Line, Cpu>) -> addax::Result<()>>| {
        optimizer(Line::build(&Cpu::default()).unwrap())
            .unwrap_err()
            .to_string()
    };
    macro_rules! says {
        ($optimizer:expr, $message:literal) => {
            assert_eq!(
                of(Box::new(|model| model
                    .compile($optimizer, MeanSquaredError, ())
                    .map(drop))),
                $message
            );
        };
    }
    says!(
        Adam::new(0.0),
        "learning_rate is 0; a learning rate is above 0, usually between 0.00001 and 1"
    );
    says!(
        SGD::new(f64::NAN),
        "learning_rate is NaN; a learning rate is above 0, usually between 0.00001 and 1"
    );
    says!(
        RMSprop::new(f64::INFINITY),
        "learning_rate is inf; a learning rate is above 0, usually between 0.00001 and 1"
    );
    says!(
        Adam {
            beta_1: 1.0,
            ..Adam::default()
        },
        "beta_1 is 1; it goes from 0 up to, but not including, 1"
    );
    says!(
        Adam {
            beta_2: -0.1,
            ..Adam::default()
        },
        "beta_2 is -0.1; it goes from 0 up to, but not including, 1"
    );
    says!(
        Adam {
            epsilon: 0.0,
            ..Adam::default()
        },
        "epsilon is 0; it must be above 0"
    );
    says!(
        SGD {
            momentum: 1.5,
            ..SGD::default()
        },
        "momentum is 1.5; it goes from 0 up to, but not including, 1"
    );
    says!(
        RMSprop {
            rho: 1.0,
            ..RMSprop::default()
        },
        "rho is 1; it goes from 0 up to, but not including, 1"
    );
}

#[test]
fn a_loss_that_explodes() {
    let x = [[1.0], [2.0], [-3.0]];
    let y = [1.0, 5.0, 2.0];
    let device = Cpu::default();
    // One step in each epoch: the first one has a finite loss, but already spoils the weights.
    for learning_rate in [1e38, 1e10] {
        let mut model = Line::build(&device)
            .unwrap()
            .compile(SGD::new(learning_rate), MeanSquaredError, ())
            .unwrap();
        let options = FitOptions {
            epochs: 50,
            ..silent()
        };
        let message = model.fit(&x, &y, options).unwrap_err().to_string();
        assert!(message.starts_with("the loss is "), "{message}");
        assert!(
            message.ends_with(
                "; a smaller learning rate usually mends it, and the weights are those of the last epoch that ended well"
            ),
            "{message}"
        );
        let kernel = model.layers().unwrap().dense.kernel.as_vec();
        assert!(kernel[0].is_finite(), "{kernel:?}");
    }
}

#[test]
fn after_an_explosion_training_starts_afresh() {
    let x = [[1.0], [2.0], [-3.0]];
    let y = [1.0, 5.0, 2.0];
    let device = Cpu::default();
    let train = |explode: bool| {
        let mut model = Line::build(&device)
            .unwrap()
            .compile(Adam::new(0.1), MeanSquaredError, ())
            .unwrap();
        if explode {
            model.optimizer_mut().unwrap().set_learning_rate(1e300);
            model
                .fit(
                    &x,
                    &y,
                    FitOptions {
                        epochs: 50,
                        ..silent()
                    },
                )
                .unwrap_err();
            model.optimizer_mut().unwrap().set_learning_rate(0.1);
            assert_eq!(model.layers().unwrap().dense.kernel.as_vec(), [1.0]);
        }
        model
            .fit(
                &x,
                &y,
                FitOptions {
                    epochs: 3,
                    shuffle: false,
                    ..silent()
                },
            )
            .unwrap();
        model.layers().unwrap().dense.kernel.as_vec()
    };
    assert_eq!(train(true), train(false));
}

#[test]
fn numbers_that_are_not_whole_samples() {
    let message = Classes::inputs(vec![1.0, 2.0, 3.0])
        .unwrap_err()
        .to_string();
    assert_eq!(
        message,
        "3 numbers are not whole samples of shape 2, which has 2 numbers"
    );
    assert_eq!(
        Classes::inputs(vec![1.0, 2.0, 3.0, 4.0]).unwrap().as_vec(),
        [1.0, 2.0, 3.0, 4.0]
    );
}

/// Counts in more sums than `Accuracy`.
#[derive(Debug)]
struct Sums;

impl Metric for Sums {
    fn name(&self) -> &'static str {
        "sums"
    }

    fn states(&self) -> usize {
        5
    }

    fn update(&self, states: &mut [f64], call: MetricCall<'_>) {
        states[4] += call.rows as f64;
    }

    fn result(&self, states: &[f64]) -> f64 {
        states[4]
    }
}

#[test]
fn a_model_may_be_compiled_again() {
    let model = classes();
    assert_eq!(model.evaluate(&X, &[0, 1, 2]).unwrap().iter().count(), 2);
    let model = model
        .compile(
            SGD::default(),
            SparseCategoricalCrossentropy::default(),
            Sums,
        )
        .unwrap();
    assert_eq!(model.evaluate(&X, &[0, 1, 2]).unwrap()["sums"], 3.0);
    let model = model
        .compile(SGD::default(), CategoricalCrossentropy::default(), ())
        .unwrap();
    let y = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    assert_eq!(model.evaluate(&X, &y).unwrap().iter().count(), 1);
}
