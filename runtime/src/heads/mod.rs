//! Heads: what a network ends in, as a type, so that a loss that does not suit it does not compile.
//!
//! The last layer says what it applies to its output ([`Outcome::activation`]); with the shape that makes one of a few
//! kinds of answers. `network!` computes the kind as a number and turns it into a type, [`Network::Head`]; a loss
//! [`Suits`] some of them.
//!
//! | the last layer | `SparseCategorical-` | `CategoricalCrossentropy` | `BinaryCrossentropy` | `MeanSquaredError`, `MeanAbsoluteError` |
//! |---|---|---|---|---|
//! | softmax over a vector of classes | yes | yes | no | yes |
//! | softmax in each place of an image | no | yes | no | yes |
//! | softmax over 1 unit | no | no | no | no |
//! | sigmoid, 1 unit | no | no | yes | yes |
//! | sigmoid, several numbers | no | no | yes | yes |
//! | no activation, a vector | from logits | from logits | from logits | yes |
//! | no activation, an image | no | from logits | from logits | yes |
//! | no activation, 1 unit | no | no | from logits | yes |
//! | `relu`, `tanh` | no | no | no | yes |
//! | a layer that applies nothing, such as `Flatten`, or one of your own | yes | yes | yes | yes |
//!
//! "No" does not compile. "From logits" wants `from_logits: true`, "yes" of a crossentropy `false`; that is a value, so
//! [`compile`](crate::Model::compile) checks it when it runs.
//!
//! [`Network::Head`]: crate::Network::Head

use crate::activations::ActivationFunction;
use crate::shape::Outcome;
use std::marker::PhantomData;

pub mod advice;
mod suits;

pub use suits::{LossOf, SuitedBy, Suits, of_output};

/// Nothing is known about the answers, because the last layer applies no activation of its own (`Flatten`, a layer of the
/// user's own) or because there is a mistake in the network. Every loss suits it.
#[derive(Clone, Copy, Debug)]
pub struct AnyHead;

/// The head of one output. With several, [`Network::Head`](crate::Network::Head) is a struct of them.
#[diagnostic::on_unimplemented(
    message = "this loss is for one output, but the head of the network is `{Self}`",
    label = "does not suit the network",
    note = "a network with several outputs takes a loss for each of them, in the struct of its outputs",
    note = "a function for any network `N` has the condition `L: addax::heads::LossOf<N>` for its loss `L`"
)]
pub trait OneHead {}

impl OneHead for AnyHead {}

macro_rules! heads {
    ($($(#[$doc:meta])* $Head:ident = $number:ident $value:literal;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $Head<Network>(PhantomData<Network>);

            const $number: u8 = $value;

            impl<Network> OneHead for $Head<Network> {}

            impl<Network> AsHead<Network> for HeadKind<$number> {
                type Head = $Head<Network>;
            }
        )+
    };
}
heads! {
    /// A softmax over at least two units: one probability for each class.
    SoftmaxHead = SOFTMAX 1;
    /// A softmax along the last axis of an answer that is no vector.
    SoftmaxMapHead = SOFTMAX_MAP 2;
    /// A softmax over one unit, which is always 1.
    OneSoftmaxHead = ONE_SOFTMAX 3;
    /// A sigmoid for each of several numbers.
    SigmoidHead = SIGMOID 4;
    /// A sigmoid for one number.
    OneSigmoidHead = ONE_SIGMOID 5;
    /// At least two numbers as they are.
    LinearHead = LINEAR 6;
    /// Numbers as they are in an answer that is no vector.
    LinearMapHead = LINEAR_MAP 7;
    /// One number as it is, or one for each place of an image.
    OneLinearHead = ONE_LINEAR 8;
    /// An activation that gives neither probabilities nor all numbers, such as `relu`.
    BentHead = BENT 9;
}

/// The number of [`AnyHead`].
const ANY: u8 = 0;

/// The number of a kind of head, which [`AsHead`] turns into the type.
#[derive(Clone, Copy, Debug)]
pub struct HeadKind<const KIND: u8>;

/// See [`HeadKind`].
pub trait AsHead<Network> {
    /// The head of this network.
    type Head;
}

impl<Network> AsHead<Network> for HeadKind<ANY> {
    type Head = AnyHead;
}

/// The number of the head of a network whose last layer has this outcome. `declared` says whether the network gives what
/// it is declared to give.
pub const fn head_kind(last: &Outcome, declared: &Outcome) -> u8 {
    let shape = last.shape("");
    let Some(activation) = last.activation() else {
        return ANY;
    };
    if !shape.is_known() || last.message().is_some() || declared.message().is_some() {
        return ANY;
    }
    let (one, vector) = (shape.last() == 1, shape.rank() == 1);
    match activation {
        ActivationFunction::Softmax if one => ONE_SOFTMAX,
        ActivationFunction::Softmax if vector => SOFTMAX,
        ActivationFunction::Softmax => SOFTMAX_MAP,
        ActivationFunction::Sigmoid if one && vector => ONE_SIGMOID,
        ActivationFunction::Sigmoid => SIGMOID,
        ActivationFunction::Linear if one => ONE_LINEAR,
        ActivationFunction::Linear if vector => LINEAR,
        ActivationFunction::Linear => LINEAR_MAP,
        ActivationFunction::Relu | ActivationFunction::Tanh => BENT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::{Message, Shape};
    use ActivationFunction::{Linear, Relu, Sigmoid, Softmax, Tanh};

    fn kind<const R: usize>(activation: ActivationFunction, dims: [usize; R]) -> u8 {
        let last = Outcome::ok(Shape::new(dims)).with_activation(activation);
        head_kind(&last, &Outcome::ok(Shape::new(dims)))
    }

    #[test]
    fn activation_and_shape_make_the_kind() {
        assert_eq!(kind(Softmax, [10]), SOFTMAX);
        assert_eq!(kind(Softmax, [4, 4, 10]), SOFTMAX_MAP);
        assert_eq!(kind(Softmax, [1]), ONE_SOFTMAX);
        assert_eq!(kind(Softmax, [4, 4, 1]), ONE_SOFTMAX);
        assert_eq!(kind(Sigmoid, [1]), ONE_SIGMOID);
        assert_eq!(kind(Sigmoid, [5]), SIGMOID);
        assert_eq!(kind(Sigmoid, [4, 4, 1]), SIGMOID);
        assert_eq!(kind(Linear, [1]), ONE_LINEAR);
        assert_eq!(kind(Linear, [4, 4, 1]), ONE_LINEAR);
        assert_eq!(kind(Linear, [2]), LINEAR);
        assert_eq!(kind(Linear, [4, 4, 3]), LINEAR_MAP);
        assert_eq!(kind(Relu, [2]), BENT);
        assert_eq!(kind(Tanh, [1]), BENT);
    }

    #[test]
    fn of_a_mistake_nothing_is_said() {
        let shape = Shape::new([10]);
        let softmax = Outcome::ok(shape).with_activation(Softmax);
        let wrong = Outcome::error(Message::new("wrong")).but_assume(shape);
        assert_eq!(head_kind(&softmax, &Outcome::ok(shape)), SOFTMAX);
        assert_eq!(head_kind(&softmax, &wrong), ANY);
        assert_eq!(head_kind(&wrong.with_activation(Softmax), &softmax), ANY);
        let unknown = Outcome::ok(Shape::UNKNOWN).with_activation(Softmax);
        assert_eq!(head_kind(&unknown, &Outcome::ok(shape)), ANY);
        assert_eq!(head_kind(&Outcome::ok(shape), &Outcome::ok(shape)), ANY);
    }
}
