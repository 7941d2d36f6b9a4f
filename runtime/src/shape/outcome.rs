//! What a shape rule says.

use super::{Message, Reach, Role, Setting, Shape, Window};
use crate::activations::ActivationFunction;
use crate::facts::Blueprint;
use crate::initializers::Initializer;
use crate::op::Demand;
use rand::Rng;

/// A layer has at most this many parameters.
pub const MAX_PARAMETERS: usize = 4;

/// A layer names at most this many options that decide what its weights mean.
pub const MAX_SETTINGS: usize = 4;

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
    /// The part of its numbers, from the first to behind the last, that starts at 1 whatever the initializer says: of a
    /// bias, the part of a forget gate.
    pub ones: Option<(usize, usize)>,
}

impl Parameter {
    /// A trainable parameter.
    pub const fn new(name: &'static str, shape: Shape, initializer: Initializer) -> Self {
        Parameter {
            name,
            shape,
            initializer,
            trainable: true,
            ones: None,
        }
    }

    /// A parameter that the optimizer leaves alone.
    pub const fn fixed(name: &'static str, shape: Shape, initializer: Initializer) -> Self {
        Parameter {
            name,
            shape,
            initializer,
            trainable: false,
            ones: None,
        }
    }

    /// Lets the numbers from `start` up to `end` start at 1.
    pub const fn with_ones(mut self, start: usize, end: usize) -> Self {
        self.ones = Some((start, end));
        self
    }

    /// First values for all of its numbers.
    pub(crate) fn values(&self, generator: &mut impl Rng) -> Vec<f32> {
        let mut values = self.initializer.values(self.shape, generator);
        if let Some((start, end)) = self.ones {
            values[start..end].fill(1.0);
        }
        values
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
    reach: Reach,
    role: Role,
    settings: [Option<(&'static str, Setting)>; MAX_SETTINGS],
    network: Option<Totals>,
    demand: Option<Demand>,
    error: Option<Message>,
}

/// What a network costs that is a layer of another one.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Totals {
    /// How many numbers its parameters have.
    pub params: usize,
    /// How many of them the optimizer leaves alone.
    pub non_trainable_params: usize,
    /// Multiplications with an addition for one sample.
    pub macs: usize,
    /// How many numbers its layers give for one sample.
    pub activations: usize,
    /// Its architecture as one number.
    pub fingerprint: u64,
    /// Which part of its image one number of the output depends on.
    pub reach: Reach,
    /// The smallest (height, width) of its image for which all windows fit.
    pub min_input: Option<(usize, usize)>,
    /// What all of this is computed from.
    #[doc(hidden)]
    pub blueprint: &'static Blueprint,
}

impl Outcome {
    /// The inputs fit and the layer gives `shape`.
    pub const fn ok(shape: Shape) -> Self {
        Outcome {
            shape,
            parameters: [None; MAX_PARAMETERS],
            macs: 0,
            activation: None,
            reach: Reach::Unknown,
            role: Role::Other,
            settings: [None; MAX_SETTINGS],
            network: None,
            demand: None,
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
            reach: Reach::Unknown,
            role: Role::Other,
            settings: [None; MAX_SETTINGS],
            network: None,
            demand: None,
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

    /// Says what the layer does to its input, for the lints.
    pub const fn with_role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// Says which part of its input one number of the output depends on. Without it, nothing is known of the receptive
    /// field from this layer on.
    pub const fn with_reach(mut self, reach: Reach) -> Self {
        self.reach = reach;
        self
    }

    /// Says that the layer looks at its input through a window.
    pub const fn with_window(self, window: Window) -> Self {
        self.with_reach(Reach::Window(window))
    }

    /// Names an option that decides what the weights mean and that shows neither in the shapes nor in the window nor in
    /// the activation: [`Model::load_weights`](crate::Model::load_weights) refuses weights of another value.
    pub const fn with_setting(mut self, name: &'static str, value: Setting) -> Self {
        let mut i = 0;
        while i < MAX_SETTINGS {
            if self.settings[i].is_none() {
                self.settings[i] = Some((name, value));
                return self;
            }
            i += 1;
        }
        panic!("a layer has at most 4 settings")
    }

    /// Says what the layer's [`Op`](crate::op::Op) asks of a training step: with it the compiler knows how many bytes
    /// [training takes](crate::facts::train_bytes).
    pub const fn with_demand(mut self, demand: Demand) -> Self {
        self.demand = Some(demand);
        self
    }

    /// Says that the layer is a network, and what that costs.
    pub const fn with_network(mut self, totals: Totals) -> Self {
        self.network = Some(totals);
        self.reach = totals.reach;
        self
    }

    /// Multiplications with an addition for one sample.
    pub const fn macs(&self) -> usize {
        match &self.network {
            Some(totals) => totals.macs,
            None => self.macs,
        }
    }

    /// Which part of its input one number of the output depends on.
    pub const fn reach(&self) -> Reach {
        self.reach
    }

    /// What the layer does to its input, as far as it says so.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// The options that decide what the weights mean, in order.
    pub const fn settings(&self) -> &[Option<(&'static str, Setting)>] {
        &self.settings
    }

    /// What the layer asks of a training step, if it says so.
    pub const fn demand(&self) -> Option<Demand> {
        self.demand
    }

    /// What the layer costs if it is a network.
    pub const fn network(&self) -> Option<Totals> {
        self.network
    }

    /// How many numbers the parameters have that the optimizer changes, or those that it leaves alone. A rule has
    /// made sure that a `usize` holds the size of each.
    pub const fn params(&self, trainable: bool) -> usize {
        if let Some(totals) = &self.network {
            return if trainable {
                totals.params - totals.non_trainable_params
            } else {
                totals.non_trainable_params
            };
        }
        let mut params = 0_usize;
        let mut i = 0;
        while i < MAX_PARAMETERS {
            if let Some(parameter) = &self.parameters[i]
                && parameter.trainable == trainable
            {
                params = params.saturating_add(parameter.shape.size());
            }
            i += 1;
        }
        params
    }

    /// The activation of the output; `None` for a layer that has none.
    pub const fn activation(&self) -> Option<ActivationFunction> {
        self.activation
    }

    /// The shape that the layer gives, with the words for the layer.
    pub const fn shape(&self, from: &'static str) -> Shape {
        self.shape.named(from)
    }

    /// One parameter.
    pub const fn parameter(&self, index: usize) -> Option<Parameter> {
        if index < MAX_PARAMETERS {
            self.parameters[index]
        } else {
            None
        }
    }

    /// What the rule of a layer says of one more call of it: its parameters are those of the first call, so they must have
    /// the same shapes. `layer` is what the user calls it.
    pub const fn shared_with(self, first: &Outcome, layer: &str) -> Self {
        if self.error.is_some() || first.error.is_some() {
            return self;
        }
        let mut i = 0;
        while i < MAX_PARAMETERS {
            let (before, now) = (first.parameter_shape(i), self.parameter_shape(i));
            if !before.same_as(now)
                && let Some(parameter) = first.parameters[i]
            {
                let message = Message::new("`")
                    .text(layer)
                    .text("` is called again, but its ")
                    .text(parameter.name)
                    .text(" is ")
                    .shape(before)
                    .text(" from its first call and would be ")
                    .shape(now)
                    .text(" here")
                    .help("give both calls inputs of the same size, or use another layer here");
                return Outcome::error(message).but_assume(self.shape);
            }
            i += 1;
        }
        self
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

/// Compares what a graph gives under a name with what was declared of that output.
pub const fn declared_output(name: &str, given: Shape, declared: Shape) -> Outcome {
    if !given.is_known() || given.same_as(declared) {
        return Outcome::ok(declared);
    }
    let message = Message::new("the output `")
        .text(name)
        .text("` is declared to be ")
        .shape(declared)
        .text(", but ")
        .gives(given)
        .help("declare `")
        .text(name)
        .text(": ")
        .shape(given)
        .text("`, or let the layer that makes it give ")
        .shape(declared);
    Outcome::error(message).but_assume(declared)
}
