//! Lints: networks that run, but most often are a mistake.
//!
//! Each is a warning of rustc at the layer's own tokens. The compiler finds it in what the layers say of themselves
//! ([`Outcome`]): what each does, its activation, and who takes what from whom.
//!
//! | lint | what it finds |
//! |---|---|
//! | [`softmax_inside`] | a softmax that another layer with a kernel takes |
//! | [`softmax_of_one`] | a softmax over one unit, which is always 1 |
//! | [`dense_without_activation`] | two `Dense` layers with nothing between them that is not linear |
//! | [`channels_first`] | an input such as (1, 28, 28) that goes into a convolution |
//! | [`dropout_at_the_end`] | a network that ends in `Dropout` |
//!
//! `#[allow(addax::softmax_inside)]` in front of a network silences one of them there, `#[allow(deprecated)]` all, and
//! `#![deny(warnings)]` makes errors of them: a macro on stable Rust has no warnings of its own, so each is the use of an
//! item that is deprecated.
//!
//! A layer of one's own, a network as a layer, and what only they take or give trigger none.
//!
//! ```
//! use addax::network;
//!
//! network! {
//!     /// A mixture of ten experts: the softmax is meant.
//!     #[allow(addax::softmax_inside)]
//!     pub Mixture: 20 => 5 {
//!         Dense(10, activation = softmax),
//!         Dense(5),
//!     }
//! }
//! # fn main() {}
//! ```

use crate::activations::ActivationFunction;
use crate::layers::are_channels_first;
use crate::shape::{Outcome, Role, Shape};

/// The calls of a network in order, as the lints see them.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Calls<'a> {
    /// The shapes of the network's inputs.
    pub inputs: &'a [Shape],
    /// Each call comes behind those that it takes something from.
    pub calls: &'a [Call<'a>],
    /// The outputs of the network.
    pub outputs: &'a [Source],
}

/// One call of a layer.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The number of the layer: calls of one layer share its weights.
    pub layer: usize,
    /// What the layer's shape rule says.
    pub outcome: &'a Outcome,
    /// What it takes.
    pub from: &'a [Source],
}

/// Where a value comes from.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// An input of the network.
    Input(usize),
    /// An earlier call.
    Call(usize),
    /// Nobody knows.
    Unknown,
}

/// The number of a lint, which [`AsLint`] turns into the item to use.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Lint<const NUMBER: u32>;

/// See [`Lint`].
#[doc(hidden)]
pub trait AsLint {
    /// The lint, or [`Fine`].
    type Found;
}

/// There is nothing to say.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Fine;

impl Fine {
    /// Not deprecated.
    pub const FOUND: () = ();
}

impl AsLint for Lint<FINE> {
    type Found = Fine;
}

const FINE: u32 = 0;

macro_rules! lints {
    ($($(#[$doc:meta])* $number:literal $lint:ident: $note:expr;)+) => {
        $(
            $(#[$doc])*
            #[allow(non_camel_case_types, reason = "lints have small letters")]
            #[derive(Clone, Copy, Debug)]
            pub struct $lint;

            impl $lint {
                #[doc(hidden)]
                pub const NUMBER: u32 = $number;
                /// The bit of the lint among those that are silenced.
                #[doc(hidden)]
                pub const BIT: u32 = 1 << $number;
                /// Using it is the warning.
                #[doc(hidden)]
                #[deprecated(note = $note)]
                pub const FOUND: () = ();
            }

            impl AsLint for Lint<$number> {
                type Found = $lint;
            }
        )+
    };
}
lints! {
    /// A softmax whose probabilities another `Dense` or convolution takes: they are so close together that hardly anything
    /// is learned through them. The last layer is the place of a softmax.
    ///
    /// Not found in a network that gives these probabilities as an output too.
    1 softmax_inside: "another layer takes the probabilities of this softmax, and learns little through them\n\
        help: write `activation = relu` here; a softmax belongs to the last layer\n\
        help: if it is meant, silence this with `#[allow(addax::softmax_inside)]` in front of the network";
    /// A softmax over one unit: e^x / e^x is 1 whatever the layers before it give.
    2 softmax_of_one: "a softmax over 1 unit is always 1.0\n\
        help: for yes or no, write `activation = sigmoid`; for several classes, give each of them a unit\n\
        help: if it is meant, silence this with `#[allow(addax::softmax_of_one)]` in front of the network";
    /// Two `Dense` layers one behind the other, the first without an activation: together they do no more than one.
    /// Dropout and a new shape between them change nothing in that.
    ///
    /// Not found of a layer that is called several times: its weights serve the other calls, too.
    3 dense_without_activation: "with no activation between them, this `Dense` and the next do no more than one of them would\n\
        help: write `activation = relu` here\n\
        help: if it is meant, silence this with `#[allow(addax::dense_without_activation)]` in front of the network";
    /// An input of one or three rows, and a convolution that takes it: images are (height, width, channels) here, and
    /// (channels, height, width) elsewhere.
    ///
    /// Only of inputs that are at least 8 wide and have at least 8 channels, under a kernel of more than one row.
    4 channels_first: "this is an image of 1 or 3 rows with many channels, since images are (height, width, channels)\n\
        help: write the channels last: `(28, 28, 1)`\n\
        help: if it is meant, silence this with `#[allow(addax::channels_first)]` in front of the network";
    /// `Dropout` as the last layer: it drops answers while training.
    5 dropout_at_the_end: "this `Dropout` drops answers of the network, since it is the last layer\n\
        help: put it in front of the last layer that has a kernel, or take it out\n\
        help: if it is meant, silence this with `#[allow(addax::dropout_at_the_end)]` in front of the network";
}

/// The number of the lint that call `i` triggers, except for those that are silenced.
#[doc(hidden)]
pub const fn of_call(network: &Calls<'_>, i: usize, silenced: u32) -> u32 {
    if softmax_of_one::BIT & silenced == 0 && is_softmax_of_one(network, i) {
        softmax_of_one::NUMBER
    } else if softmax_inside::BIT & silenced == 0 && is_softmax_inside(network, i) {
        softmax_inside::NUMBER
    } else if dense_without_activation::BIT & silenced == 0
        && is_dense_without_activation(network, i)
    {
        dense_without_activation::NUMBER
    } else if dropout_at_the_end::BIT & silenced == 0 && is_dropout_at_the_end(network, i) {
        dropout_at_the_end::NUMBER
    } else {
        FINE
    }
}

/// The number of the lint that input `i` triggers, except for those that are silenced.
#[doc(hidden)]
pub const fn of_input(network: &Calls<'_>, i: usize, silenced: u32) -> u32 {
    if channels_first::BIT & silenced == 0 && is_channels_first(network, i) {
        channels_first::NUMBER
    } else {
        FINE
    }
}

const fn is_softmax_of_one(network: &Calls<'_>, i: usize) -> bool {
    let outcome = network.calls[i].outcome;
    let shape = outcome.shape("");
    applies_softmax(outcome) && shape.is_known() && shape.last() == 1
}

const fn is_softmax_inside(network: &Calls<'_>, i: usize) -> bool {
    let mut j = i;
    if !applies_softmax(network.calls[i].outcome) {
        return false;
    }
    loop {
        let Some(taker) = only_taker(network, j) else {
            return false;
        };
        match network.calls[taker].outcome.role() {
            Role::Connected | Role::Convolution => return true,
            Role::Noise | Role::View => j = taker,
            Role::Function | Role::Other => return false,
        }
    }
}

const fn is_dense_without_activation(network: &Calls<'_>, i: usize) -> bool {
    let outcome = network.calls[i].outcome;
    let mut j = i;
    if !matches!(outcome.role(), Role::Connected)
        || !matches!(outcome.activation(), Some(ActivationFunction::Linear))
        || is_shared(network, i)
    {
        return false;
    }
    loop {
        let Some(taker) = only_taker(network, j) else {
            return false;
        };
        match network.calls[taker].outcome.role() {
            Role::Connected => return !is_shared(network, taker),
            Role::Noise | Role::View => j = taker,
            Role::Convolution | Role::Function | Role::Other => return false,
        }
    }
}

const fn is_dropout_at_the_end(network: &Calls<'_>, i: usize) -> bool {
    matches!(network.calls[i].outcome.role(), Role::Noise) && is_output(network, i)
}

const fn is_channels_first(network: &Calls<'_>, i: usize) -> bool {
    let looks_so = are_channels_first(network.inputs[i]);
    let mut j = 0;
    while looks_so && j < network.calls.len() {
        let call = network.calls[j];
        let kernel = call.outcome.parameter_shape(0);
        if matches!(call.outcome.role(), Role::Convolution)
            && kernel.dim(0) > 1
            && matches!(call.from, [Source::Input(input)] if *input == i)
        {
            return true;
        }
        j += 1;
    }
    false
}

/// A network as a layer may end in a softmax too, but what it is for, nobody knows here.
const fn applies_softmax(outcome: &Outcome) -> bool {
    !matches!(outcome.role(), Role::Other)
        && matches!(outcome.activation(), Some(ActivationFunction::Softmax))
}

/// Whether the layer of call `i` is called elsewhere, too.
const fn is_shared(network: &Calls<'_>, i: usize) -> bool {
    let mut j = 0;
    while j < network.calls.len() {
        if j != i && network.calls[j].layer == network.calls[i].layer {
            return true;
        }
        j += 1;
    }
    false
}

const fn is_output(network: &Calls<'_>, i: usize) -> bool {
    let mut k = 0;
    while k < network.outputs.len() {
        if matches!(network.outputs[k], Source::Call(call) if call == i) {
            return true;
        }
        k += 1;
    }
    false
}

/// The one call that takes what call `i` gives; `None` if there are others, or if it is an output.
const fn only_taker(network: &Calls<'_>, i: usize) -> Option<usize> {
    if is_output(network, i) {
        return None;
    }
    let mut taker = None;
    let mut j = i + 1;
    while j < network.calls.len() {
        let from = network.calls[j].from;
        let mut k = 0;
        while k < from.len() {
            if matches!(from[k], Source::Call(call) if call == i) {
                if taker.is_some() {
                    return None;
                }
                taker = Some(j);
            }
            k += 1;
        }
        j += 1;
    }
    taker
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::{Activation, Add, Conv2D, Conv2DTranspose, Dense, Dropout, Flatten};

    /// A layer of a list, by its shape rule.
    type Rule<'a> = &'a dyn Fn(&[Shape]) -> Outcome;

    /// What the lints say of the input and of each layer of a list.
    fn lint<const R: usize>(input: [usize; R], layers: &[Rule<'_>], silenced: u32) -> Vec<u32> {
        let input = Shape::new(input);
        let mut before = input;
        let outcomes: Vec<Outcome> = layers
            .iter()
            .map(|rule| {
                let outcome = rule(&[before]);
                before = outcome.shape("");
                outcome
            })
            .collect();
        let sources: Vec<[Source; 1]> = (0..layers.len())
            .map(|i| [i.checked_sub(1).map_or(Source::Input(0), Source::Call)])
            .collect();
        let calls: Vec<Call<'_>> = outcomes
            .iter()
            .zip(&sources)
            .enumerate()
            .map(|(layer, (outcome, from))| Call {
                layer,
                outcome,
                from,
            })
            .collect();
        let network = Calls {
            inputs: &[input],
            calls: &calls,
            outputs: &[Source::Call(calls.len() - 1)],
        };
        std::iter::once(of_input(&network, 0, silenced))
            .chain((0..calls.len()).map(|i| of_call(&network, i, silenced)))
            .collect()
    }

    fn dense(units: usize, activation: ActivationFunction) -> impl Fn(&[Shape]) -> Outcome {
        move |inputs| {
            let layer = Dense {
                activation,
                ..Dense::new(units)
            };
            layer.output(inputs)
        }
    }

    use ActivationFunction::{Linear, Relu, Sigmoid, Softmax};

    const DROPOUT: Rule<'_> = &|inputs| Dropout::new(0.5).output(inputs);
    const FLATTEN: Rule<'_> = &|inputs| Flatten::new().output(inputs);

    #[test]
    fn a_softmax_inside() {
        let (inside, last) = (dense(3, Softmax), dense(2, Softmax));
        let found = softmax_inside::NUMBER;
        assert_eq!(lint([4], &[&inside, &last], 0), [0, found, 0]);
        assert_eq!(lint([4], &[&inside, DROPOUT, &last], 0), [0, found, 0, 0]);
        assert_eq!(lint([4], &[&inside], 0), [0, 0]);
        assert_eq!(lint([4], &[&inside, FLATTEN], 0), [0, 0, 0]);
        let image: Rule<'_> = &|inputs| {
            let layer = Conv2D {
                activation: Softmax,
                ..Conv2D::new(2, [1, 1])
            };
            layer.output(inputs)
        };
        let larger: Rule<'_> = &|inputs| Conv2DTranspose::new(2, [3, 3]).output(inputs);
        assert_eq!(lint([4, 4, 1], &[image, larger], 0), [0, found, 0]);
        let sum: Rule<'_> = &|inputs| Add::new().output(&[inputs[0], inputs[0]]);
        assert_eq!(lint([4], &[&inside, sum, &last], 0), [0, 0, 0, 0]);
        let apart: Rule<'_> = &|inputs| Activation::new(Softmax).output(inputs);
        assert_eq!(lint([4], &[apart, &last], 0), [0, found, 0]);
        assert_eq!(lint([4], &[&inside, &last], softmax_inside::BIT), [0, 0, 0]);
    }

    #[test]
    fn a_softmax_over_one_unit() {
        let found = softmax_of_one::NUMBER;
        assert_eq!(lint([4], &[&dense(1, Softmax)], 0), [0, found]);
        assert_eq!(lint([4], &[&dense(1, Sigmoid)], 0), [0, 0]);
        let (one, last) = (dense(1, Softmax), dense(2, Softmax));
        assert_eq!(lint([4], &[&one, &last], 0), [0, found, 0]);
        // What is silenced does not hide what is not.
        let inside = softmax_inside::NUMBER;
        assert_eq!(
            lint([4], &[&one, &last], softmax_of_one::BIT),
            [0, inside, 0]
        );
    }

    #[test]
    fn two_linear_layers() {
        let found = dense_without_activation::NUMBER;
        let (linear, bent) = (dense(3, Linear), dense(3, Relu));
        assert_eq!(lint([4], &[&linear, &linear], 0), [0, found, 0]);
        assert_eq!(lint([4], &[&linear, &bent], 0), [0, found, 0]);
        assert_eq!(lint([4], &[&bent, &linear], 0), [0, 0, 0]);
        assert_eq!(
            lint([4], &[&linear, DROPOUT, FLATTEN, &bent], 0),
            [0, found, 0, 0, 0]
        );
        let relu: Rule<'_> = &|inputs| Activation::new(Relu).output(inputs);
        assert_eq!(lint([4], &[&linear, relu, &bent], 0), [0, 0, 0, 0]);
        let nothing: Rule<'_> = &|inputs| Activation::new(Linear).output(inputs);
        assert_eq!(lint([4], &[&linear, nothing, &bent], 0), [0, found, 0, 0]);
    }

    #[test]
    fn channels_in_front() {
        let found = channels_first::NUMBER;
        let kernel = |size: [usize; 2]| {
            move |inputs: &[Shape]| {
                let layer = Conv2D {
                    padding: crate::layers::Padding::Same,
                    ..Conv2D::new(4, size)
                };
                layer.output(inputs)
            }
        };
        let convolution = kernel([3, 3]);
        assert_eq!(lint([1, 28, 28], &[&convolution], 0), [found, 0]);
        assert_eq!(lint([3, 32, 48], &[&convolution], 0), [found, 0]);
        assert_eq!(lint([28, 28, 1], &[&convolution], 0), [0, 0]);
        assert_eq!(lint([3, 3, 64], &[&convolution], 0), [0, 0]);
        // A series of vectors: the kernel has one row because the input has.
        assert_eq!(lint([1, 100, 64], &[&kernel([1, 5])], 0), [0, 0]);
        assert_eq!(lint([1, 28, 28], &[FLATTEN], 0), [0, 0]);
        let bit = channels_first::BIT;
        assert_eq!(lint([1, 28, 28], &[&convolution], bit), [0, 0]);
    }

    #[test]
    fn dropout_that_drops_answers() {
        let found = dropout_at_the_end::NUMBER;
        let last = dense(2, Softmax);
        assert_eq!(lint([4], &[&last, DROPOUT], 0), [0, 0, found]);
        assert_eq!(lint([4], &[DROPOUT, &last], 0), [0, 0, 0]);
    }

    #[test]
    fn what_is_unknown_triggers_nothing() {
        let own: Rule<'_> = &|inputs| Outcome::ok(inputs[0]);
        let (linear, softmax) = (dense(3, Linear), dense(3, Softmax));
        assert_eq!(lint([4], &[&linear, own, &linear], 0), [0, 0, 0, 0]);
        assert_eq!(lint([4], &[&softmax, own, &linear], 0), [0, 0, 0, 0]);
        let nested: Rule<'_> = &|_| Outcome::ok(Shape::new([1])).with_activation(Softmax);
        assert_eq!(lint([4], &[nested, &linear], 0), [0, 0, 0]);
    }

    /// `a` goes into a sum as well as into the layer behind it.
    #[test]
    fn what_two_layers_take_is_not_lost() {
        let linear = Outcome::ok(Shape::new([3]))
            .with_role(Role::Connected)
            .with_activation(Linear);
        let sum = Outcome::ok(Shape::new([3]));
        let (one, two): (&[Source], &[Source]) =
            (&[Source::Call(0)], &[Source::Call(0), Source::Call(1)]);
        let mut calls = [
            Call {
                layer: 0,
                outcome: &linear,
                from: &[Source::Input(0)],
            },
            Call {
                layer: 1,
                outcome: &linear,
                from: one,
            },
            Call {
                layer: 2,
                outcome: &sum,
                from: two,
            },
        ];
        let of_first = |calls: &[Call<'_>], outputs: &[Source]| {
            let inputs = &[Shape::new([3])];
            of_call(
                &Calls {
                    inputs,
                    calls,
                    outputs,
                },
                0,
                0,
            )
        };
        assert_eq!(of_first(&calls, &[Source::Call(2)]), 0);
        calls[2].from = &[Source::Call(1)];
        assert_eq!(
            of_first(&calls, &[Source::Call(2)]),
            dense_without_activation::NUMBER
        );
        assert_eq!(of_first(&calls, &[Source::Call(2), Source::Call(0)]), 0);
        calls[0].layer = calls[1].layer;
        assert_eq!(of_first(&calls, &[Source::Call(2)]), 0);
    }
}
