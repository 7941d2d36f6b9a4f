//! The shape rule of a network that is a layer of another one.

use super::{Message, Outcome, Shape};

/// Compares what a network is given as a layer with what its header says. It gives `gives`.
pub const fn nested(network: &str, inputs: &[Shape], takes: &[Shape], gives: Shape) -> Outcome {
    if inputs.len() != takes.len() {
        let message = Message::new("`")
            .text(network)
            .text("` takes ")
            .text(if takes.len() == 1 { "one input" } else { "" });
        let message = if takes.len() == 1 {
            message
        } else {
            message.number(takes.len()).text(" inputs")
        };
        return Outcome::error(message.text(", but is given ").number(inputs.len()))
            .but_assume(gives);
    }
    let mut i = 0;
    while i < inputs.len() {
        let (given, taken) = (inputs[i], takes[i]);
        if given.is_known() && taken.is_known() && !given.same_as(taken) {
            let message = Message::new("`")
                .text(network)
                .text("` takes ")
                .shape(taken);
            let message = if takes.len() == 1 {
                message
            } else {
                message.text(" as ").text(taken.from())
            };
            let message = message
                .text(", but ")
                .gives(given)
                .help("let the layer before it give ")
                .shape(taken)
                .text(", or declare the network for ")
                .shape(given);
            return Outcome::error(message).but_assume(gives);
        }
        i += 1;
    }
    Outcome::ok(gives)
}

/// What a network with parameters says as a layer: with these sizes, its own layers may not fit, and nobody has looked at
/// them before.
pub const fn inside(network: &str, outcomes: &[&Outcome], outside: Outcome) -> Outcome {
    let mut i = 0;
    while i < outcomes.len() && outside.message().is_none() {
        if let Some(problem) = outcomes[i].message() {
            let message = Message::new("inside of `")
                .text(network)
                .text("`, ")
                .text(problem);
            return Outcome::error(message).but_assume(outside.shape(""));
        }
        i += 1;
    }
    outside
}

/// What a network of several outputs says as a layer: a layer gives one value.
pub const fn several_outputs(network: &str, outputs: usize) -> Outcome {
    Outcome::error(
        Message::new("`")
            .text(network)
            .text("` gives ")
            .number(outputs)
            .text(" values, but a layer gives one")
            .help("declare a network of one output for what is needed here"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: Shape = Shape::new([8, 8, 1]).named("the input `image`");
    const AGE: Shape = Shape::new([1]).named("the input `age`");
    const CODE: Shape = Shape::new([4]);

    #[test]
    fn a_network_takes_what_its_header_says() {
        let fits = nested("Encoder", &[AGE], &[AGE], CODE);
        assert_eq!(fits.message(), None);
        assert_eq!(fits.shape(""), CODE);
        assert_eq!(
            nested("Encoder", &[Shape::UNKNOWN], &[AGE], CODE).message(),
            None
        );
        assert_eq!(
            nested("Encoder", &[AGE], &[Shape::UNKNOWN], CODE).message(),
            None
        );
    }

    #[test]
    fn what_does_not_fit_inside_is_said() {
        let fits = Outcome::ok(CODE);
        let does_not = Outcome::error(Message::new("`Dense` has 0 units"));
        let outcome = inside("Block", &[&fits, &does_not], fits);
        assert_eq!(
            outcome.message(),
            Some("inside of `Block`, `Dense` has 0 units")
        );
        assert_eq!(outcome.shape(""), CODE);
        assert_eq!(inside("Block", &[&fits], fits).message(), None);
        assert_eq!(
            inside("Block", &[&does_not], does_not).message(),
            Some("`Dense` has 0 units")
        );
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let given = Shape::new([3]).named("`Dense(3)`");
        assert_eq!(
            nested("Encoder", &[given], &[AGE], CODE).message(),
            Some(
                "`Encoder` takes 1, but `Dense(3)` gives 3\n\
                 help: let the layer before it give 1, or declare the network for 3"
            )
        );
        assert_eq!(
            nested("Encoder", &[IMAGE, given], &[IMAGE, AGE], CODE).message(),
            Some(
                "`Encoder` takes 1 as the input `age`, but `Dense(3)` gives 3\n\
                 help: let the layer before it give 1, or declare the network for 3"
            )
        );
        assert_eq!(
            nested("Encoder", &[IMAGE], &[IMAGE, AGE], CODE).message(),
            Some("`Encoder` takes 2 inputs, but is given 1")
        );
        assert_eq!(
            nested("Encoder", &[IMAGE, AGE], &[AGE], CODE).message(),
            Some("`Encoder` takes one input, but is given 2")
        );
        assert_eq!(
            several_outputs("Faces", 2).message(),
            Some(
                "`Faces` gives 2 values, but a layer gives one\n\
                 help: declare a network of one output for what is needed here"
            )
        );
    }
}
