//! What is said of a loss that does not suit a head.
//!
//! Each trait is a condition that no network meets: rustc reports the condition that fails, with its message. They have a
//! parameter for the loss, so that the message names it.

macro_rules! advice {
    ($($(#[$attribute:meta])* $Advice:ident;)+) => {
        $(
            $(#[$attribute])*
            pub trait $Advice<Loss> {}

            // Of a trait without any impl rustc would say that one is missing.
            #[diagnostic::do_not_recommend]
            impl<Loss> $Advice<Loss> for Nobody {}
        )+
    };
}

/// The one type that meets every condition.
#[derive(Clone, Copy, Debug)]
pub struct Nobody;

advice! {
    /// Not one sigmoid, for a loss that judges classes.
    #[diagnostic::on_unimplemented(
        message = "`{Loss}` judges classes, but `{Self}` ends in a sigmoid with 1 unit, which answers yes or no",
        label = "use `BinaryCrossentropy`",
        note = "`BinaryCrossentropy::default()` takes a label of 0.0 or 1.0 for each sample",
        note = "or let the last layer give both classes: `Dense(2, activation = softmax)`"
    )]
    AnswersWithClasses;

    /// Not several sigmoids, for a loss that judges one class of many.
    #[diagnostic::on_unimplemented(
        message = "`{Loss}` judges one class of many, but `{Self}` ends in a sigmoid, which answers yes or no for each of them",
        label = "needs a softmax",
        note = "if each sample has one class, write `activation = softmax` in the last layer",
        note = "if each sample has any number of them, use `BinaryCrossentropy`"
    )]
    ChoosesOneClass;

    /// Not a softmax over one unit.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` ends in a softmax over 1 unit, which is always 1.0",
        label = "there is nothing to train",
        note = "for yes or no, end in `Dense(1, activation = sigmoid)` and use `BinaryCrossentropy`",
        note = "for classes, end in one unit for each of them, and for a number in `Dense(1)` with `MeanSquaredError`"
    )]
    CanLearn;

    /// Not one number, for a loss that judges classes.
    #[diagnostic::on_unimplemented(
        message = "`{Loss}` judges classes, but `{Self}` ends in 1 unit without an activation",
        label = "needs a unit for each class",
        note = "for classes, end in `Dense(2, activation = softmax)`, with as many units as there are classes",
        note = "for yes or no, end in `Dense(1, activation = sigmoid)` and use `BinaryCrossentropy`",
        note = "for a number, use `MeanSquaredError`"
    )]
    HasAUnitForEachClass;

    /// A vector, for a loss that judges one class a sample.
    #[diagnostic::on_unimplemented(
        message = "`{Loss}` judges one class for each sample, but `{Self}` does not end in a vector of classes",
        label = "needs a vector",
        note = "for one class a sample, put `Flatten()` or `GlobalMaxPooling2D()` and `Dense(10, activation = softmax)` at the end",
        note = "for one class in each place, use `CategoricalCrossentropy` with one-hot labels in the shape of the answer"
    )]
    GivesOneAnswer;

    /// Neither `relu` nor `tanh`, for a loss that takes probabilities.
    #[diagnostic::on_unimplemented(
        message = "`{Loss}` needs probabilities, but the activation that `{Self}` ends in does not give any",
        label = "needs a softmax",
        note = "for one class of many, write `activation = softmax` in the last layer",
        note = "for yes or no, write `activation = sigmoid` in the last layer and use `BinaryCrossentropy`"
    )]
    GivesProbabilities;

    /// Neither `relu` nor `tanh`, for a loss that takes probabilities of yes.
    #[diagnostic::on_unimplemented(
        message = "`{Loss}` needs probabilities, but the activation that `{Self}` ends in does not give any",
        label = "needs a sigmoid",
        note = "write `activation = sigmoid` in the last layer",
        note = "or give it no activation, and the loss `from_logits: true`"
    )]
    GivesProbabilitiesOfYes;

    /// Not a softmax, for a loss that takes every number for an answer of its own.
    #[diagnostic::on_unimplemented(
        message = "`{Loss}` judges answers of yes or no, but `{Self}` ends in a softmax, which chooses one of many classes",
        label = "use `SparseCategoricalCrossentropy`, or `CategoricalCrossentropy` for one-hot labels",
        note = "if the answers do not exclude each other, write `activation = sigmoid` in the last layer"
    )]
    AnswersYesOrNo;
}
