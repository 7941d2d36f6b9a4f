//! What a shape rule says.

use super::{Message, Role, Shape};
use crate::activations::ActivationFunction;
use crate::initializers::Initializer;

/// A layer has at most this many parameters.
pub const MAX_PARAMETERS: usize = 4;

/// One parameter of a layer: its name, shape, first values, and whether training changes it.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Keras' name: `kernel`, `bias`, `gamma`, `moving_mean`, ...
    pub name: &'static str,
    /// The shape, as Keras stores it.
    pub shape: Shape,
    /// Where the first values come from.
    pub initializer: Initializer,
    /// Whether the optimizer changes it. Moving averages are kept by the layer itself.
    pub trainable: bool,
}

impl Parameter {
    /// A trainable parameter.
    pub const fn new(name: &'static str, shape: Shape, initializer: Initializer) -> Self {
        Parameter {
            name,
            shape,
            initializer,
            trainable: true,
        }
    }

    /// A parameter that the optimizer leaves alone.
    pub const fn fixed(name: &'static str, shape: Shape, initializer: Initializer) -> Self {
        Parameter {
            name,
            shape,
            initializer,
            trainable: false,
        }
    }
}

/// What a layer makes of its inputs: the shape it gives and the parameters it needs, plus the message if the
/// inputs do not fit.
///
/// After a mistake the shape is what the layer would most likely give, or [`Shape::UNKNOWN`], so that the layers
/// behind it are still checked and one mistake gives one message.
///
/// ```
/// use addax::shape::{Message, Outcome, Shape};
///
/// /// Halves a vector.
/// const fn halve(input: Shape) -> Outcome {
///     if input.last() % 2 == 1 {
///         return Outcome::error(Message::new("`Halve` takes an even length, but ").gives(input));
///     }
///     Outcome::ok(Shape::new([input.last() / 2]))
/// }
/// const FITS: Outcome = halve(Shape::new([8]));
/// assert_eq!(FITS.shape("`Halve()`").dims(), [4]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    shape: Shape,
    parameters: [Option<Parameter>; MAX_PARAMETERS],
    macs: usize,
    activation: Option<ActivationFunction>,
    role: Role,
    error: Option<Message>,
}

impl Outcome {
    /// The inputs fit and the layer gives `shape`.
    pub const fn ok(shape: Shape) -> Self {
        Outcome {
            shape,
            parameters: [None; MAX_PARAMETERS],
            macs: 0,
            activation: None,
            role: Role::Other,
            error: None,
        }
    }

    /// The inputs do not fit. What the layer gives is unknown unless [`Outcome::but_assume`] says more.
    pub const fn error(message: Message) -> Self {
        Outcome {
            shape: Shape::UNKNOWN,
            parameters: [None; MAX_PARAMETERS],
            macs: 0,
            activation: None,
            role: Role::Other,
            error: Some(message),
        }
    }

    /// Goes on with this shape after an error.
    pub const fn but_assume(mut self, shape: Shape) -> Self {
        self.shape = shape;
        self
    }

    /// Adds a parameter.
    pub const fn with(mut self, parameter: Parameter) -> Self {
        let mut i = 0;
        while i < MAX_PARAMETERS {
            if self.parameters[i].is_none() {
                self.parameters[i] = Some(parameter);
                return self;
            }
            i += 1;
        }
        panic!("a layer has at most 4 parameters")
    }

    /// Says how many multiplications with an addition the layer makes for one sample.
    pub const fn with_macs(mut self, macs: usize) -> Self {
        self.macs = macs;
        self
    }

    /// Says which activation the layer applies to its output.
    pub const fn with_activation(mut self, activation: ActivationFunction) -> Self {
        self.activation = Some(activation);
        self
    }

    /// Says what the layer does to its input.
    pub const fn with_role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// What the layer does to its input, as far as it says so.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Multiplications with an addition for one sample.
    pub const fn macs(&self) -> usize {
        self.macs
    }

    /// The activation of the output; `None` for a layer that has none.
    pub const fn activation(&self) -> Option<ActivationFunction> {
        self.activation
    }

    /// The shape that the layer gives, with the words for the layer.
    pub const fn shape(&self, from: &'static str) -> Shape {
        self.shape.named(from)
    }

    /// The parameters in order.
    pub fn parameters(&self) -> impl Iterator<Item = Parameter> + '_ {
        self.parameters.iter().flatten().copied()
    }

    /// The shape of one parameter; a vector of length 0 where there is none.
    pub const fn parameter_shape(&self, index: usize) -> Shape {
        match self.parameters[index] {
            Some(parameter) if parameter.shape.is_known() => parameter.shape,
            _ => Shape::new([0]),
        }
    }

    /// What is wrong, if anything is.
    pub const fn message(&self) -> Option<&str> {
        match &self.error {
            Some(message) => Some(message.as_str()),
            None => None,
        }
    }
}

/// Reports a mistake as a compile error at the place of the call, which `network!` gives the layer's own tokens.
#[track_caller]
pub const fn report(outcome: &Outcome) {
    if let Some(message) = outcome.message() {
        panic!("{}", message)
    }
}

/// The one input of a layer that takes one, or the message that it is given another number of them.
pub const fn one_input(layer: &str, inputs: &[Shape]) -> Result<Shape, Outcome> {
    if inputs.len() == 1 {
        return Ok(inputs[0]);
    }
    Err(Outcome::error(
        Message::new("`")
            .text(layer)
            .text("` takes one input, but is given ")
            .number(inputs.len()),
    ))
}

/// Compares what the network gives with what was declared.
pub const fn declared(given: Shape, declared: Shape) -> Outcome {
    if !given.is_known() || given.same_as(declared) {
        return Outcome::ok(declared);
    }
    let message = Message::new("this network is declared to give ")
        .shape(declared)
        .text(", but ")
        .gives(given)
        .help("declare `=> ")
        .shape(given)
        .text("`, or let the last layer give ")
        .shape(declared);
    Outcome::error(message).but_assume(declared)
}
