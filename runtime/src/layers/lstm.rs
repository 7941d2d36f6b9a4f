//! `LSTM`.

use super::lstm_on_gpu::GpuLstm;
use super::padding::is_usual;
use super::{Layer, LayerSizes};
use crate::activations::ActivationFunction;
use crate::error::Result;
use crate::gpu::{RecordBackward, RecordForward, Recorder};
use crate::initializers::Initializer;
use crate::kernels::lstm::{BackwardCall, ForwardCall, Lstm, Packing};
use crate::layer_parameters;
use crate::op::{Backward, Demand, Forward, GpuMemory, Memory, Op, Parameters, Reader};
use crate::shape::{Message, Outcome, Parameter, Reach, Setting, Shape, one_input};
use dfdx::shapes::Dtype;
use dfdx::tensor_ops::Device as DfdxDevice;

/// Long short-term memory: goes through a sequence step by step and remembers what came before.
///
/// With `zᵢ, z_f, z_c, zₒ = xₜ · kernel + hₜ₋₁ · recurrent_kernel + bias`, starting from `h₀ = c₀ = 0`:
///
/// ```text
/// iₜ = recurrent_activation(zᵢ)     how much is taken in
/// fₜ = recurrent_activation(z_f)    how much is kept
/// oₜ = recurrent_activation(zₒ)     how much is shown
/// cₜ = fₜ · cₜ₋₁ + iₜ · activation(z_c)
/// hₜ = oₜ · activation(cₜ)
/// ```
///
/// # Arguments
/// - `units`: numbers of the state `h`, at least 1.
/// - `activation` = `tanh`, `recurrent_activation` = `sigmoid`: any that works on one number at a time, so not `softmax`.
/// - `use_bias` = `true`: add a trainable bias. `unit_forget_bias` = `true`: its part for the gate `f` starts at 1, as
///   Jozefowicz et al. 2015 recommend.
/// - `return_sequences` = `false`: give `h` after the last step; `true`: after each step.
/// - `go_backwards` = `false`; `true`: go from the last step to the first. A sequence is given in the order of going.
/// - `kernel_initializer` = `glorot_uniform`, `recurrent_initializer` = `orthogonal`, `bias_initializer` = `zeros`.
///
/// # Shapes
/// - input: (steps, features)
/// - output: `units`, or (steps, units) with `return_sequences`
///
/// # Parameters
/// The gates stand side by side, in the order `i`, `f`, `c`, `o`.
/// - `kernel`: (features, 4 · units)
/// - `recurrent_kernel`: (units, 4 · units)
/// - `bias`: 4 · units
///
/// # Errors
/// In `network!`: an input that is no sequence, 0 units, `softmax` as one of the activations.
///
/// # Source
/// Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000. Same formula and defaults as
/// `keras.layers.LSTM`, which has `return_state`, `stateful`, `dropout` and `recurrent_dropout` besides.
///
/// # Examples
/// Two recurrent layers: the first gives a sequence to the second.
/// ```
/// use addax::network;
///
/// network! {
///     /// 50 steps of 8 numbers each.
///     pub Weather: (50, 8) => 3 {
///         LSTM(32, return_sequences = true),
///         LSTM(16),
///         Dense(3, activation = softmax),
///     }
/// }
/// # fn main() {}
/// ```
///
/// Was the first number of a sequence above or below zero? The last step must remember.
/// ```
/// use addax::prelude::*;
///
/// network! {
///     /// Eight steps of one number.
///     pub Remember: (8, 1) => 1 {
///         LSTM(8),
///         Dense(1, activation = sigmoid),
///     }
/// }
///
/// # fn main() -> addax::Result<()> {
/// let mut x = Vec::new();
/// let mut y = Vec::new();
/// for i in 0..256_u32 {
///     // The bits of a number as a sequence.
///     let sequence: [[f32; 1]; 8] = std::array::from_fn(|step| [if i >> step & 1 == 1 { 1.0 } else { -1.0 }]);
///     x.push(sequence);
///     y.push((i & 1) as f32);
/// }
/// let model = Remember::build(&Cpu::default())?;
/// let mut model = model.compile(Adam::new(0.02), BinaryCrossentropy::default(), Accuracy)?;
/// let options = FitOptions { epochs: 40, batch_size: 32, verbose: Verbose::Silent, ..FitOptions::default() };
/// let history = model.fit(&x, &y, options)?;
/// let accuracy = history.get("accuracy").and_then(|values| values.last());
/// assert!(accuracy.is_some_and(|&accuracy| accuracy > 0.99));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LSTM {
    /// Numbers of the state.
    pub units: usize,
    /// Applied to what is taken in and to the cell.
    pub activation: ActivationFunction,
    /// Applied to the gates.
    pub recurrent_activation: ActivationFunction,
    /// Whether a bias is added.
    pub use_bias: bool,
    /// First values of the kernel.
    pub kernel_initializer: Initializer,
    /// First values of the recurrent kernel.
    pub recurrent_initializer: Initializer,
    /// First values of the bias.
    pub bias_initializer: Initializer,
    /// Whether the forget gate's part of the bias starts at 1.
    pub unit_forget_bias: bool,
    /// Whether each step gives an output, or only the last.
    pub return_sequences: bool,
    /// Whether the last step of the input comes first.
    pub go_backwards: bool,
}

impl LSTM {
    /// A layer of `units` numbers with Keras' defaults.
    pub const fn new(units: usize) -> Self {
        LSTM {
            units,
            activation: ActivationFunction::Tanh,
            recurrent_activation: ActivationFunction::Sigmoid,
            use_bias: true,
            kernel_initializer: Initializer::GlorotUniform,
            recurrent_initializer: Initializer::Orthogonal,
            bias_initializer: Initializer::Zeros,
            unit_forget_bias: true,
            return_sequences: false,
            go_backwards: false,
        }
    }

    /// The shape rule.
    pub const fn output(&self, inputs: &[Shape]) -> Outcome {
        let unknown = if self.return_sequences {
            Shape::UNKNOWN
        } else {
            Shape::new([self.units])
        };
        let input = match one_input("LSTM", inputs) {
            Ok(input) => input,
            Err(error) => return error.but_assume(unknown),
        };
        if self.units == 0 {
            let message = Message::new("`LSTM` has 0 units, but a layer needs at least 1");
            return Outcome::error(message);
        }
        if let Some(message) = self.impossible_activation() {
            return Outcome::error(message).but_assume(unknown);
        }
        if !input.is_known() {
            return Outcome::ok(unknown);
        }
        if input.rank() != 2 {
            return Outcome::error(takes_a_sequence(input)).but_assume(unknown);
        }
        let [steps, features] = [input.dim(0), input.dim(1)];
        let output = if self.return_sequences {
            Shape::new([steps, self.units])
        } else {
            Shape::new([self.units])
        };
        let Some(macs) = self.macs(input) else {
            let message = Message::new("the kernels of `LSTM(")
                .number(self.units)
                .text(")` for ")
                .number(features)
                .text(" features have more numbers than this machine can count");
            return Outcome::error(message).but_assume(output);
        };
        let columns = 4 * self.units;
        let kernel = Shape::new([features, columns]);
        let recurrent_kernel = Shape::new([self.units, columns]);
        let outcome = Outcome::ok(output)
            .with_macs(macs)
            .with_reach(Reach::All)
            .with_setting("activation", Setting::Word(self.activation.name()))
            .with_setting(
                "recurrent_activation",
                Setting::Word(self.recurrent_activation.name()),
            )
            .with_setting("go_backwards", Setting::Flag(self.go_backwards))
            .with(Parameter::new("kernel", kernel, self.kernel_initializer))
            .with(Parameter::new(
                "recurrent_kernel",
                recurrent_kernel,
                self.recurrent_initializer,
            ));
        let usual = is_usual(&[macs, input.size(), kernel.size(), recurrent_kernel.size()]);
        let outcome = if usual {
            outcome.with_demand(demand(&self.bound(input), true))
        } else {
            outcome
        };
        if !self.use_bias {
            return outcome;
        }
        let bias = Parameter::new("bias", Shape::new([columns]), self.bias_initializer);
        outcome.with(if self.unit_forget_bias {
            bias.with_ones(self.units, 2 * self.units)
        } else {
            bias
        })
    }

    /// Multiplications of one sample, if a `usize` holds them, and the sizes of all parameters with them.
    const fn macs(&self, input: Shape) -> Option<usize> {
        let [steps, features] = [input.dim(0), input.dim(1)];
        let Some(depth) = features.checked_add(self.units) else {
            return None;
        };
        let Some(weights) = Shape::new([depth, 4, self.units]).checked_size() else {
            return None;
        };
        // A state alone might be too large, even for a sequence of no steps.
        match Shape::new([steps, weights]).checked_size() {
            Some(macs) => Some(macs),
            None => None,
        }
    }

    /// What is wrong with the activations, if anything is.
    const fn impossible_activation(&self) -> Option<Message> {
        let option = if matches!(self.activation, ActivationFunction::Softmax) {
            "activation"
        } else if matches!(self.recurrent_activation, ActivationFunction::Softmax) {
            "recurrent_activation"
        } else {
            return None;
        };
        let message = Message::new("the `")
            .text(option)
            .text("` of `LSTM` works on one number at a time, and `softmax` needs all of them")
            .help("leave `")
            .text(option)
            .text("` out, and put `Activation(softmax)` behind the layer if its output should be shares");
        Some(message)
    }

    const fn bound(&self, input: Shape) -> Lstm {
        Lstm {
            steps: input.dim(0),
            features: input.dim(1),
            units: self.units,
            activation: self.activation,
            recurrent_activation: self.recurrent_activation,
            use_bias: self.use_bias,
            return_sequences: self.return_sequences,
            go_backwards: self.go_backwards,
        }
    }
}

/// The message for an input that is not (steps, features).
const fn takes_a_sequence(input: Shape) -> Message {
    let message = Message::new("`LSTM` takes a sequence (steps, features), but ").gives(input);
    if input.rank() == 1 && starts_with(input.from(), "`LSTM") {
        return message
            .help("give ")
            .text(input.from())
            .text(" the option `return_sequences = true`, so that it gives each step");
    }
    if input.rank() == 1 {
        return message
            .help("make steps of it with `Reshape((steps, features))`, such as `Reshape((")
            .number(input.dim(0))
            .text(", 1))`");
    }
    // The first axis becomes the steps, and the rest of them features.
    let mut features = 1_usize;
    let mut axis = 1;
    while axis < input.rank() {
        features = features.saturating_mul(input.dim(axis));
        axis += 1;
    }
    message
        .help("take each row as a step with `Reshape((")
        .number(if input.rank() == 0 { 1 } else { input.dim(0) })
        .text(", ")
        .number(features)
        .text("))`")
}

const fn starts_with(text: &str, start: &str) -> bool {
    let (text, start) = (text.as_bytes(), start.as_bytes());
    if text.len() < start.len() {
        return false;
    }
    let mut i = 0;
    while i < start.len() {
        if text[i] != start[i] {
            return false;
        }
        i += 1;
    }
    true
}

layer_parameters! {
    /// The parameters of an [`LSTM`] layer.
    pub struct LSTMParameters {
        /// (features, 4 · units)
        kernel: S::First,
        /// (units, 4 · units)
        recurrent_kernel: S::Second,
        /// 4 · units
        bias: S::Third,
    }
}

impl Layer for LSTM {
    const KIND: &'static str = "LSTM";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = LSTMParameters<S, E, D>;

    fn op(&self, inputs: &[Shape], _: Shape) -> Box<dyn Op> {
        Box::new(LstmOp(self.bound(inputs[0])))
    }
}

/// What the op asks for.
const fn demand(lstm: &Lstm, training: bool) -> Demand {
    Demand {
        memory: Memory {
            packed: lstm.packed(training),
            cache: if training { lstm.cache() } else { 0 },
            scratch: lstm.scratch(training),
            ..Memory::NONE
        },
        rows: lstm.rows(),
        ..Demand::new(lstm.macs())
    }
}

#[derive(Debug)]
struct LstmOp(Lstm);

impl LstmOp {
    fn on_gpu(&self, rows: usize) -> GpuLstm<'_> {
        GpuLstm {
            lstm: &self.0,
            rows,
        }
    }
}

impl Op for LstmOp {
    fn memory(&self, training: bool) -> Memory {
        demand(&self.0, training).memory
    }

    fn macs(&self) -> usize {
        demand(&self.0, true).macs
    }

    fn rows(&self, training: bool) -> usize {
        demand(&self.0, training).rows
    }

    fn pack(&self, parameters: Parameters<'_>, reader: Reader, packed: &mut [f32]) {
        let parameters = [0, 1, 2].map(|index| parameters.get(index));
        let packing = match reader {
            Reader::Inference => Packing::Gates,
            Reader::Training { d_inputs: false } => Packing::States,
            Reader::Training { d_inputs: true } => Packing::Inputs,
        };
        self.0.pack(parameters, packing, packed);
    }

    fn forward(&self, call: Forward<'_>) {
        self.0.forward(ForwardCall {
            rows: call.rows,
            x: call.inputs[0],
            packed: call.packed,
            cache: call.cache,
            output: call.output,
            scratch: call.scratch,
        });
    }

    fn backward(&self, mut call: Backward<'_>) {
        let gradients: [&mut [f32]; 3] = match &mut call.gradients {
            Some(gradients) => gradients.all(),
            None => Default::default(),
        };
        self.0.backward(BackwardCall {
            rows: call.rows,
            d_output: call.d_output,
            d_x: call.d_inputs[0].as_deref_mut(),
            packed: call.packed,
            cache: call.cache,
            gradients,
            scratch: call.scratch,
        });
    }

    fn gpu_memory(&self, rows: usize, training: bool) -> GpuMemory {
        self.on_gpu(rows).memory(training)
    }

    fn record_forward(&self, call: RecordForward<'_>, to: &mut Recorder) -> Result<()> {
        self.on_gpu(call.rows).forward(call, to);
        Ok(())
    }

    fn record_backward(&self, call: RecordBackward<'_>, to: &mut Recorder) -> Result<()> {
        self.on_gpu(call.rows).backward(call, to);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::trial::{TRAINING, Trial};
    use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

    /// First values of the bias.
    fn bias(layer: LSTM) -> Vec<f32> {
        let outcome = layer.output(&[Shape::new([5, 2])]);
        let bias = outcome.parameter(2).unwrap();
        assert_eq!(bias.name, "bias");
        bias.values(&mut ChaCha8Rng::seed_from_u64(1))
    }

    #[test]
    fn the_bias_of_the_forget_gate_starts_at_one() {
        let of = |bias_initializer, unit_forget_bias| {
            bias(LSTM {
                bias_initializer,
                unit_forget_bias,
                ..LSTM::new(2)
            })
        };
        let (zeros, half) = (Initializer::Zeros, Initializer::Constant(0.5));
        assert_eq!(of(zeros, true), [0., 0., 1., 1., 0., 0., 0., 0.]);
        assert_eq!(of(half, true), [0.5, 0.5, 1., 1., 0.5, 0.5, 0.5, 0.5]);
        assert_eq!(of(half, false), [0.5; 8]);
    }

    #[test]
    fn a_rule_goes_on_after_an_input_that_nobody_knows() {
        let outcome = LSTM::new(7).output(&[Shape::UNKNOWN]);
        assert_eq!(outcome.message(), None);
        assert_eq!(outcome.shape("").dims(), [7]);
        let sequences = LSTM {
            return_sequences: true,
            ..LSTM::new(7)
        };
        assert!(!sequences.output(&[Shape::UNKNOWN]).shape("").is_known());
    }

    /// A row is computed in the same way wherever it stands.
    #[test]
    fn rows_do_not_know_of_each_other() {
        let (layer, input) = (LSTM::new(9), Shape::new([6, 5]));
        let mut trial = Trial::new(layer, input, &layer.output(&[input]));
        let mut generator = ChaCha8Rng::seed_from_u64(2);
        for (parameter, values) in trial.parameters.iter().zip(&mut trial.values) {
            *values = parameter.values(&mut generator);
        }
        let rows = 37;
        let mut numbers =
            |len| Initializer::RandomUniform.values(Shape::new([len]), &mut generator);
        let (x, dy) = (numbers(rows * input.size()), numbers(rows * 9));
        let whole = trial.run(&x, &dy, TRAINING, rows);
        for at_once in [1, 8, 16, 20] {
            let parts = trial.run(&x, &dy, TRAINING, at_once);
            assert_eq!(parts.y, whole.y, "{at_once} rows at once");
            assert_eq!(parts.dx, whole.dx, "{at_once} rows at once");
        }
        assert_eq!(trial.predict(&x), whole.y);
    }
}
