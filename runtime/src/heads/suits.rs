//! Which loss suits which head.

use super::advice::{
    AnswersWithClasses, AnswersYesOrNo, CanLearn, ChoosesOneClass, GivesOneAnswer,
    GivesProbabilities, GivesProbabilitiesOfYes, HasAUnitForEachClass,
};
use super::{
    AnyHead, BentHead, LinearHead, LinearMapHead, OneLinearHead, OneSigmoidHead, OneSoftmaxHead,
    SigmoidHead, SoftmaxHead, SoftmaxMapHead,
};
use crate::error::{Error, Result};
use crate::losses::{
    BinaryCrossentropy, CategoricalCrossentropy, Loss, LossSet, MeanAbsoluteError,
    MeanSquaredError, SparseCategoricalCrossentropy, Weighted,
};
use crate::network::Network;

/// A loss that [`Suits`] the head of `Network`: what [`compile`](crate::Model::compile) asks of it.
///
/// It is one impl for all, which rustc does not list: it shows the condition that fails and nothing else.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a loss for `{Network}`",
    label = "not a loss",
    note = "the arguments of `compile` are an optimizer, a loss and metrics: `compile(Adam::default(), SparseCategoricalCrossentropy::default(), Accuracy)`"
)]
pub trait LossOf<Network>: LossSet + Sized {
    /// See [`Suits::check_head`].
    ///
    /// # Errors
    /// The same.
    fn check_head(&self) -> Result<()>;
}

impl<N: Network, L: Suits<N::Head>> LossOf<N> for L {
    fn check_head(&self) -> Result<()> {
        Suits::check_head(self)
    }
}

/// A loss that can judge what a network with this head gives.
///
/// For several outputs, `Self` and `Head` are the same struct, once of losses and once of heads, and each field suits its
/// own. A loss of one's own says which heads it takes, most often those of all networks with one output:
///
/// ```
/// use addax::heads::{OneHead, Suits};
/// # use addax::losses::{Loss, LossCall};
/// # #[derive(Debug)]
/// # struct Cubed;
/// # impl Loss for Cubed {
/// #     type Target = addax::training::Values;
/// #     fn name(&self) -> &'static str { "cubed" }
/// #     fn run(&self, _: LossCall<'_>) -> f64 { 0.0 }
/// # }
///
/// impl<Head: OneHead> Suits<Head> for Cubed {}
/// # fn check<Head: OneHead>(_: impl Suits<Head>) {}
/// # check::<addax::heads::AnyHead>(Cubed);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a loss for this network",
    label = "not a loss",
    note = "a network with one output takes one loss, and one with several outputs a loss for each, in the struct of its outputs"
)]
pub trait Suits<Head>: LossSet {
    /// Checks what only the values say: `from_logits` against the activation of the last layer.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] with both ways out.
    fn check_head(&self) -> Result<()> {
        Ok(())
    }
}

/// A head whose answers `Loss` can judge: the table behind [`Suits`], by pairs.
#[diagnostic::on_unimplemented(
    message = "`{Loss}` does not suit this network, whose head is `{Self}`",
    label = "does not suit the network",
    note = "a network with several outputs takes a loss for each of them, in the struct of its outputs",
    note = "a function for any network `N` has the condition `{Loss}: addax::heads::LossOf<N>`"
)]
pub trait SuitedBy<Loss> {
    /// What the loss must say in `from_logits`, and both ways out if it says something else.
    const FROM_LOGITS: Option<(bool, &'static str)> = None;
}

/// Whether `from_logits` is what the head says.
fn check<Loss, Head: SuitedBy<Loss>>(from_logits: bool) -> Result<()> {
    match Head::FROM_LOGITS {
        Some((expected, ways_out)) if from_logits != expected => Err(Error::InvalidOption {
            option: "from_logits",
            value: from_logits.to_string(),
            expected: ways_out,
        }),
        _ => Ok(()),
    }
}

/// The same error, of a loss of a network with several outputs: `option` says which.
#[doc(hidden)]
pub fn of_output(error: Error, option: &'static str) -> Error {
    match error {
        Error::InvalidOption {
            value, expected, ..
        } => Error::InvalidOption {
            option,
            value,
            expected,
        },
        error => error,
    }
}

impl<Head: SuitedBy<Self>> Suits<Head> for MeanAbsoluteError {}

impl<Head: SuitedBy<Self>> Suits<Head> for MeanSquaredError {}

impl<Head: SuitedBy<Self>> Suits<Head> for BinaryCrossentropy {
    fn check_head(&self) -> Result<()> {
        check::<Self, Head>(self.from_logits)
    }
}

impl<Head: SuitedBy<Self>> Suits<Head> for CategoricalCrossentropy {
    fn check_head(&self) -> Result<()> {
        check::<Self, Head>(self.from_logits)
    }
}

impl<Head: SuitedBy<Self>> Suits<Head> for SparseCategoricalCrossentropy {
    fn check_head(&self) -> Result<()> {
        check::<Self, Head>(self.from_logits)
    }
}

impl<Head, L: Suits<Head> + Loss + 'static> Suits<Head> for Weighted<L> {
    fn check_head(&self) -> Result<()> {
        self.loss.check_head()
    }
}

/// Pairs that go together, whatever the options.
macro_rules! suits {
    ($($Loss:ident: $($Head:ident)+;)+) => {
        $(
            impl SuitedBy<$Loss> for AnyHead {}
            $(impl<N> SuitedBy<$Loss> for $Head<N> {})+
        )+
    };
}
suits! {
    MeanAbsoluteError: SoftmaxHead SoftmaxMapHead SigmoidHead OneSigmoidHead LinearHead LinearMapHead OneLinearHead BentHead;
    MeanSquaredError: SoftmaxHead SoftmaxMapHead SigmoidHead OneSigmoidHead LinearHead LinearMapHead OneLinearHead BentHead;
}

/// Losses that take probabilities, from a head with their activation, or logits, from one without.
macro_rules! suits_by_logits {
    ($($Loss:ident, $activation:literal: $($Head:ident)+; linear: $($Linear:ident)+;)+) => {
        $(
            impl SuitedBy<$Loss> for AnyHead {}
            $(
                impl<N> SuitedBy<$Loss> for $Head<N> {
                    const FROM_LOGITS: Option<(bool, &'static str)> = Some((false, concat!(
                        "the last layer applies `", $activation, "`, so it gives probabilities: write `",
                        stringify!($Loss), "::default()`, or leave `activation = ", $activation, "` out",
                    )));
                }
            )+
            $(
                impl<N> SuitedBy<$Loss> for $Linear<N> {
                    const FROM_LOGITS: Option<(bool, &'static str)> = Some((true, concat!(
                        "the last layer has no activation, so it gives logits: write `", stringify!($Loss),
                        " { from_logits: true }`, or `activation = ", $activation, "` in the last layer",
                    )));
                }
            )+
        )+
    };
}
suits_by_logits! {
    SparseCategoricalCrossentropy, "softmax": SoftmaxHead; linear: LinearHead;
    CategoricalCrossentropy, "softmax": SoftmaxHead SoftmaxMapHead; linear: LinearHead LinearMapHead;
    BinaryCrossentropy, "sigmoid": SigmoidHead OneSigmoidHead; linear: LinearHead LinearMapHead OneLinearHead;
}

/// Pairs that do not go together. No network meets the condition behind the colon: all it does is to say what would.
macro_rules! does_not_suit {
    ($($Loss:ident, $Head:ident: $Advice:ident;)+) => {
        $(impl<N: $Advice<$Loss>> SuitedBy<$Loss> for $Head<N> {})+
    };
}
does_not_suit! {
    SparseCategoricalCrossentropy, SigmoidHead: ChoosesOneClass;
    SparseCategoricalCrossentropy, OneSigmoidHead: AnswersWithClasses;
    SparseCategoricalCrossentropy, OneSoftmaxHead: CanLearn;
    SparseCategoricalCrossentropy, OneLinearHead: HasAUnitForEachClass;
    SparseCategoricalCrossentropy, SoftmaxMapHead: GivesOneAnswer;
    SparseCategoricalCrossentropy, LinearMapHead: GivesOneAnswer;
    SparseCategoricalCrossentropy, BentHead: GivesProbabilities;

    CategoricalCrossentropy, SigmoidHead: ChoosesOneClass;
    CategoricalCrossentropy, OneSigmoidHead: AnswersWithClasses;
    CategoricalCrossentropy, OneSoftmaxHead: CanLearn;
    CategoricalCrossentropy, OneLinearHead: HasAUnitForEachClass;
    CategoricalCrossentropy, BentHead: GivesProbabilities;

    BinaryCrossentropy, SoftmaxHead: AnswersYesOrNo;
    BinaryCrossentropy, SoftmaxMapHead: AnswersYesOrNo;
    BinaryCrossentropy, OneSoftmaxHead: CanLearn;
    BinaryCrossentropy, BentHead: GivesProbabilitiesOfYes;

    MeanSquaredError, OneSoftmaxHead: CanLearn;
    MeanAbsoluteError, OneSoftmaxHead: CanLearn;
}
