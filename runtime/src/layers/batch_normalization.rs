//! `BatchNormalization`.

use super::{Layer, LayerSizes};
use crate::error::Result;
use crate::gpu::command::column_splits;
use crate::gpu::{Pointer, RecordBackward, RecordForward, Recorder};
use crate::initializers::Initializer;
use crate::kernels::normalization::{Moments, Normalizer};
use crate::layer_parameters;
use crate::op::{
    Backward, Demand, Forward, GpuMemory, Grain, Measure, MeasureBackward, Measured,
    MeasuredBackward, Memory, Op, Parameters, ParametersMut, Phase, Reader,
};
use crate::shape::{LastOf, Message, Outcome, Parameter, Reach, Setting, Shape, one_input};
use dfdx::shapes::Dtype;
use dfdx::tensor_ops::Device as DfdxDevice;

/// Normalizes each feature (of a vector) or channel (of an image): `y = (x - mean) / √(variance + epsilon) · gamma + beta`.
///
/// While training, mean and variance are those of the whole batch, and the moving averages follow them:
/// `moving = moving · momentum + batch · (1 - momentum)`. In `predict` and `evaluate` the moving averages are used.
///
/// # Arguments
/// - `momentum` = `0.99`: how slowly the moving averages follow, from 0 to 1.
/// - `epsilon` = `0.001`: keeps the divisor away from 0.
/// - `center` = `true`: learn `beta`. `scale` = `true`: learn `gamma`.
///
/// # Shapes
/// - input: any, at least one dimension
/// - output: the same
///
/// # Parameters
/// All have the length of the last axis. `gamma` (ones), `beta` (zeros); not trained: `moving_mean` (zeros),
/// `moving_variance` (ones).
///
/// # Errors
/// In `network!`: a momentum outside 0 to 1, an epsilon that is not above 0.
///
/// # Source
/// Ioffe and Szegedy 2015. Same as `keras.layers.BatchNormalization` over the last axis; the variance of the batch is
/// the biased one (divided by n), also in the moving average, as in Keras.
///
/// # Examples
/// ```
/// use addax::network;
///
/// network! {
///     /// Normalizes the channels.
///     pub Steady: (28, 28, 1) => (26, 26, 16) {
///         Conv2D(16, 3, activation = relu),
///         BatchNormalization(),
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BatchNormalization {
    /// How slowly the moving averages follow.
    pub momentum: f64,
    /// Keeps the divisor away from 0.
    pub epsilon: f64,
    /// Whether `beta` is learned.
    pub center: bool,
    /// Whether `gamma` is learned.
    pub scale: bool,
}

impl BatchNormalization {
    /// The layer with Keras' defaults.
    #[allow(
        clippy::new_without_default,
        reason = "a layer is made by `network!`, in const context"
    )]
    pub const fn new() -> Self {
        BatchNormalization {
            momentum: 0.99,
            epsilon: 1e-3,
            center: true,
            scale: true,
        }
    }

    /// The shape rule.
    pub const fn output(&self, inputs: &[Shape]) -> Outcome {
        let input = match one_input("BatchNormalization", inputs) {
            Ok(input) => input,
            Err(error) => return error,
        };
        if !(self.momentum >= 0.0 && self.momentum <= 1.0) {
            let message = Message::new(
                "the momentum of `BatchNormalization` is a share: from 0.0 to 1.0, and the default is 0.99",
            );
            return Outcome::error(message).but_assume(input);
        }
        if self.epsilon <= 0.0 || self.epsilon.is_nan() {
            let message = Message::new(
                "the epsilon of `BatchNormalization` must be above 0, or a constant feature would be divided by 0",
            )
            .help("leave it out for the default, 0.001");
            return Outcome::error(message).but_assume(input);
        }
        if !input.is_known() {
            return Outcome::ok(input);
        }
        let vector = Shape::new([input.last()]);
        let absent = Shape::new([0]);
        // All four are always there, so that their places stay the same; what is not learned has length 0.
        Outcome::ok(input)
            .with_reach(Reach::Place)
            .with_demand(demand(input.last(), true))
            .with_setting("epsilon", Setting::Real(self.epsilon))
            .with(Parameter::new(
                "gamma",
                if self.scale { vector } else { absent },
                Initializer::Ones,
            ))
            .with(Parameter::new(
                "beta",
                if self.center { vector } else { absent },
                Initializer::Zeros,
            ))
            .with(Parameter::fixed("moving_mean", vector, Initializer::Zeros))
            .with(Parameter::fixed(
                "moving_variance",
                vector,
                Initializer::Ones,
            ))
    }
}

layer_parameters! {
    /// The parameters of a [`BatchNormalization`] layer.
    pub struct BatchNormalizationParameters {
        /// The learned scale.
        gamma: S::First,
        /// The learned offset.
        beta: S::Second,
        /// The moving average of the means.
        fixed moving_mean: LastOf<S::Input>,
        /// The moving average of the variances.
        fixed moving_variance: LastOf<S::Input>,
    }
}

impl Layer for BatchNormalization {
    const KIND: &'static str = "BatchNormalization";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> =
        BatchNormalizationParameters<S, E, D>;

    fn op(&self, inputs: &[Shape], _: Shape) -> Box<dyn Op> {
        let channels = inputs[0].last();
        Box::new(BatchNormalizationOp {
            size: inputs[0].size(),
            channels,
            momentum: self.momentum as f32,
            epsilon: self.epsilon as f32,
        })
    }
}

/// What the op of so many channels asks for.
const fn demand(channels: usize, training: bool) -> Demand {
    Demand {
        memory: Memory {
            packed: channels,
            shared: if training {
                channels.saturating_mul(5)
            } else {
                0
            },
            sums: if training { Moments::len(channels) } else { 0 },
            ..Memory::NONE
        },
        grain: if training {
            Grain::Measured
        } else {
            Grain::Rows
        },
        ..Demand::new(channels)
    }
}

#[derive(Debug)]
struct BatchNormalizationOp {
    size: usize,
    channels: usize,
    momentum: f32,
    epsilon: f32,
}

/// The parameters, or their gradients, in order; null for what is not there.
fn parameters<const N: usize>(pointers: &[Pointer]) -> [Pointer; N] {
    std::array::from_fn(|i| pointers.get(i).copied().unwrap_or(Pointer::NULL))
}

impl BatchNormalizationOp {
    /// Pixels of a batch; for vectors, its samples.
    fn pixels(&self, rows: usize) -> usize {
        rows * self.size / self.channels.max(1)
    }

    /// Mean, inverse deviation, variance, and two spare sums in a GPU's memory.
    fn places(&self, shared: Pointer) -> [Pointer; 5] {
        std::array::from_fn(|i| shared.floats(i * self.channels))
    }

    /// Mean, inverse deviation and variance of the batch, and the means of `dy` and of `dy · x_hat`, as they stand in
    /// `shared`.
    fn split<'s>(&self, shared: &'s [f32]) -> [&'s [f32]; 5] {
        std::array::from_fn(|i| &shared[i * self.channels..(i + 1) * self.channels])
    }

    /// What `y` is made with in this phase.
    fn normalizer<'s>(
        &self,
        phase: Phase,
        parameters: Parameters<'s>,
        packed: &'s [f32],
        shared: &'s [f32],
    ) -> Normalizer<'s> {
        let (mean, inverse_deviation) = match phase {
            Phase::Inference => (parameters.get(2), packed),
            Phase::Training { .. } => {
                let [mean, inverse_deviation, ..] = self.split(shared);
                (mean, inverse_deviation)
            }
        };
        let present = |p: &'s [f32]| (!p.is_empty()).then_some(p);
        Normalizer {
            mean,
            inverse_deviation,
            gamma: present(parameters.get(0)),
            beta: present(parameters.get(1)),
        }
    }

    /// Adds the sums of `dy` and of `dy · x_hat` to `sums`, in this order.
    fn add_sums(&self, normalizer: &Normalizer<'_>, x: &[f32], dy: &[f32], sums: &mut [f64]) {
        let (plain, weighted) = sums.split_at_mut(self.channels);
        normalizer.backward_sums(x, dy, plain, weighted);
    }

    /// Adds such sums to the gradients.
    fn add_gradients(&self, sums: &[f64], gradients: &mut ParametersMut<'_>) {
        let (plain, weighted) = sums.split_at(self.channels);
        let [d_gamma, d_beta] = gradients.all();
        for (gradient, sums) in [(d_gamma, weighted), (d_beta, plain)] {
            for (d, sum) in gradient.iter_mut().zip(sums) {
                *d += *sum as f32;
            }
        }
    }
}

impl Op for BatchNormalizationOp {
    fn memory(&self, training: bool) -> Memory {
        demand(self.channels, training).memory
    }

    fn grain(&self, training: bool) -> Grain {
        demand(self.channels, training).grain
    }

    fn macs(&self) -> usize {
        demand(self.channels, true).macs
    }

    /// The inverse deviation of the moving variance.
    fn pack(&self, parameters: Parameters<'_>, _: Reader, packed: &mut [f32]) {
        for (inverse, variance) in packed.iter_mut().zip(parameters.get(3)) {
            *inverse = 1.0 / (variance + self.epsilon).sqrt();
        }
    }

    /// The moments of some rows.
    fn measure(&self, call: Measure<'_>) {
        Moments::of(call.sums, self.channels).update(call.inputs[0]);
    }

    /// Mean and variance of the batch.
    fn measured(&self, Measured { sums, shared, .. }: Measured<'_>) {
        let Some((total, others)) = sums.split_first_mut() else {
            return;
        };
        let mut total = Moments::of(total, self.channels);
        others.iter().for_each(|part| total.merge(part));
        for channel in 0..self.channels {
            let variance = total.variance(channel);
            shared[channel] = total.mean[channel] as f32;
            shared[self.channels + channel] =
                (1.0 / (variance + f64::from(self.epsilon)).sqrt()) as f32;
            shared[2 * self.channels + channel] = variance as f32;
        }
    }

    fn measure_backward(&self, call: MeasureBackward<'_>) {
        let [mean, inverse_deviation, ..] = self.split(call.shared);
        let normalizer = Normalizer {
            mean,
            inverse_deviation,
            gamma: None,
            beta: None,
        };
        let sums = &mut call.sums[..2 * self.channels];
        self.add_sums(&normalizer, call.inputs[0], call.d_output, sums);
    }

    /// The gradients of gamma and beta, and the means that the gradient of the input is made with.
    fn measured_backward(&self, mut call: MeasuredBackward<'_>) {
        let Some((total, others)) = call.sums.split_first_mut() else {
            return;
        };
        let total = &mut total[..2 * self.channels];
        for part in others {
            let pairs = total.iter_mut().zip(&**part);
            pairs.for_each(|(sum, part)| *sum += part);
        }
        self.add_gradients(total, &mut call.gradients);
        let pixels = self.pixels(call.rows) as f64;
        let means = &mut call.shared[3 * self.channels..];
        for (mean, sum) in means.iter_mut().zip(&*total) {
            *mean = (sum / pixels) as f32;
        }
    }

    fn forward(&self, call: Forward<'_>) {
        let normalizer = self.normalizer(call.phase, call.parameters, call.packed, call.shared);
        normalizer.forward(call.inputs[0], call.output);
    }

    fn backward(&self, mut call: Backward<'_>) {
        let x = call.inputs[0];
        let dy = &*call.d_output;
        let normalizer = self.normalizer(call.phase, call.parameters, call.packed, call.shared);
        if let Some(gradients) = &mut call.gradients {
            // Moving averages are fixed numbers, and no look at the batch came before.
            let mut sums = vec![0.0; 2 * self.channels];
            self.add_sums(&normalizer, x, dy, &mut sums);
            self.add_gradients(&sums, gradients);
        }
        if let Some(d_input) = &mut call.d_inputs[0] {
            let zeros;
            let means = if call.phase == Phase::Inference {
                zeros = vec![0.0; self.channels];
                (&zeros[..], &zeros[..])
            } else {
                let [.., dy, dy_x_hat] = self.split(call.shared);
                (dy, dy_x_hat)
            };
            normalizer.backward(x, dy, means, d_input);
        }
    }

    fn gpu_memory(&self, rows: usize, training: bool) -> GpuMemory {
        if !training {
            return GpuMemory::default();
        }
        let splits = column_splits(self.pixels(rows), self.channels);
        GpuMemory {
            // Mean, inverse deviation, variance, and the sums of the backward pass where no parameter takes them.
            shared: 5 * self.channels,
            // Two doubles for each channel of each part.
            scratch: 4 * splits * self.channels,
        }
    }

    fn record_forward(&self, call: RecordForward<'_>, to: &mut Recorder) -> Result<()> {
        let (pixels, channels) = (self.pixels(call.rows), self.channels);
        let n = pixels * channels;
        let [gamma, beta, moving_mean, moving_variance] = parameters(call.parameters);
        if !call.training {
            let arguments = [
                call.inputs[0].into(),
                call.output.into(),
                moving_mean.into(),
                moving_variance.into(),
                gamma.into(),
                beta.into(),
                self.epsilon.into(),
                n.into(),
                channels.into(),
            ];
            to.elements("batch_normalize_moving", n, arguments);
            return Ok(());
        }
        let splits = column_splits(pixels, channels);
        let [mean, inverse_deviation, variance, ..] = self.places(call.shared);
        let arguments = [
            call.inputs[0].into(),
            call.scratch.into(),
            pixels.into(),
            channels.into(),
            splits.into(),
        ];
        to.launch(
            "batch_moment_sums",
            [channels.div_ceil(256), splits, 1],
            arguments,
        );
        let arguments = [
            call.inputs[0].into(),
            call.scratch.into(),
            mean.into(),
            inverse_deviation.into(),
            variance.into(),
            moving_mean.into(),
            moving_variance.into(),
            pixels.into(),
            channels.into(),
            splits.into(),
            self.epsilon.into(),
            self.momentum.into(),
        ];
        to.launch("batch_moments", [channels.div_ceil(32), 1, 1], arguments);
        let arguments = [
            call.inputs[0].into(),
            call.output.into(),
            mean.into(),
            inverse_deviation.into(),
            gamma.into(),
            beta.into(),
            n.into(),
            channels.into(),
        ];
        to.elements("batch_normalize", n, arguments);
        Ok(())
    }

    fn record_backward(&self, call: RecordBackward<'_>, to: &mut Recorder) -> Result<()> {
        let (pixels, channels) = (self.pixels(call.rows), self.channels);
        let splits = column_splits(pixels, channels);
        let [gamma] = parameters(call.parameters);
        let [mean, inverse_deviation, _, spare_dy, spare_dy_x_hat] = self.places(call.shared);
        let [d_gamma, d_beta] = parameters(call.gradients);
        let or = |gradient: Pointer, spare| {
            if gradient == Pointer::NULL {
                spare
            } else {
                gradient
            }
        };
        let (sum_dy, sum_dy_x_hat) = (or(d_beta, spare_dy), or(d_gamma, spare_dy_x_hat));
        let arguments = [
            call.inputs[0].into(),
            call.d_output.into(),
            mean.into(),
            inverse_deviation.into(),
            call.scratch.into(),
            pixels.into(),
            channels.into(),
            splits.into(),
        ];
        let grid = [channels.div_ceil(256), splits, 1];
        to.launch("batch_normalize_part_sums", grid, arguments);
        let arguments = [
            call.scratch.into(),
            sum_dy.into(),
            sum_dy_x_hat.into(),
            channels.into(),
            splits.into(),
        ];
        to.launch(
            "batch_normalize_sums",
            [channels.div_ceil(32), 1, 1],
            arguments,
        );
        if let Some(d_input) = call.d_inputs[0] {
            let arguments = [
                call.inputs[0].into(),
                call.d_output.into(),
                mean.into(),
                inverse_deviation.into(),
                gamma.into(),
                sum_dy.into(),
                sum_dy_x_hat.into(),
                d_input.into(),
                pixels.into(),
                channels.into(),
            ];
            to.elements("batch_normalize_backward", pixels * channels, arguments);
        }
        Ok(())
    }

    fn after_step(&self, _: usize, shared: &[f32], mut parameters: ParametersMut<'_>) {
        if shared.is_empty() {
            return;
        }
        let [mean, _, variance, ..] = self.split(shared);
        for (index, batch) in [(2, mean), (3, variance)] {
            for (moving, &batch) in parameters.get(index).iter_mut().zip(batch) {
                *moving = *moving * self.momentum + batch * (1.0 - self.momentum);
            }
        }
    }
}
