//! `Dense`.

use super::{Layer, LayerSizes};
use crate::activations::ActivationFunction;
use crate::error::Result;
use crate::gpu::Product as GpuProduct;
use crate::gpu::command::column_sums_scratch;
use crate::gpu::{RecordBackward, RecordForward, Recorder};
use crate::initializers::Initializer;
use crate::kernels::elementwise::sum_columns;
use crate::kernels::gemm::{Matrix, Product};
use crate::kernels::transpose::transpose_parallel;
use crate::layer_parameters;
use crate::op::{
    Affine, Backward, Demand, Forward, GpuMemory, GradientSink, Grain, Memory, Op, Parameters,
    Reader,
};
use crate::shape::{Message, Outcome, Parameter, Reach, Role, Shape, one_input};
use dfdx::shapes::Dtype;
use dfdx::tensor_ops::Device as DfdxDevice;
use rayon::prelude::*;

/// Fully connected layer: `y = activation(x · kernel + bias)`.
///
/// # Arguments
/// - `units`: number of outputs, at least 1.
/// - `activation` = `linear`: applied to the output.
/// - `use_bias` = `true`: add a trainable bias.
/// - `kernel_initializer` = `glorot_uniform`, `bias_initializer` = `zeros`.
///
/// # Shapes
/// - input: `features`
/// - output: `units`
///
/// # Parameters
/// - `kernel`: (features, units)
/// - `bias`: units
///
/// # Errors
/// In `network!`: an input that is not a vector ("put `Flatten()` before it"), 0 units.
///
/// # Source
/// Same formula and defaults as `keras.layers.Dense`, but Keras maps the last axis of an input of any rank; that is
/// most often a forgotten `Flatten`, so here it is an error.
///
/// # Examples
/// ```
/// use addax::network;
///
/// network! {
///     /// Two layers.
///     pub Mlp: 784 => 10 {
///         Dense(128, activation = tanh),
///         Dense(10, activation = softmax),
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Dense {
    /// Number of outputs.
    pub units: usize,
    /// Applied to the output.
    pub activation: ActivationFunction,
    /// Whether a bias is added.
    pub use_bias: bool,
    /// First values of the kernel.
    pub kernel_initializer: Initializer,
    /// First values of the bias.
    pub bias_initializer: Initializer,
}

impl Dense {
    /// A layer of `units` outputs with Keras' defaults.
    pub const fn new(units: usize) -> Self {
        Dense {
            units,
            activation: ActivationFunction::Linear,
            use_bias: true,
            kernel_initializer: Initializer::GlorotUniform,
            bias_initializer: Initializer::Zeros,
        }
    }

    /// The shape rule.
    pub const fn output(&self, inputs: &[Shape]) -> Outcome {
        let output = Shape::new([self.units]);
        let input = match one_input("Dense", inputs) {
            Ok(input) => input,
            Err(error) => return error.but_assume(output),
        };
        if self.units == 0 {
            let message = Message::new("`Dense` has 0 units, but a layer needs at least 1");
            return Outcome::error(message).but_assume(Shape::UNKNOWN);
        }
        if !input.is_known() {
            return Outcome::ok(output);
        }
        if input.rank() != 1 {
            let message = Message::new("`Dense` takes a vector, but ")
                .gives(input)
                .help("put `Flatten()` before it, which makes ")
                .number(input.size())
                .text(" numbers of it");
            return Outcome::error(message).but_assume(output);
        }
        let kernel = Shape::new([input.size(), self.units]);
        if kernel.checked_size().is_none() {
            let message = Message::new("the kernel of `Dense`, ")
                .shape(kernel)
                .text(", has more numbers than this machine can count");
            return Outcome::error(message).but_assume(output);
        }
        let outcome = Outcome::ok(output)
            .with_macs(kernel.size())
            .with_activation(self.activation)
            .with_reach(Reach::All)
            .with_role(Role::Connected)
            .with_demand(self.bound(input).demand(true))
            .with(Parameter::new("kernel", kernel, self.kernel_initializer));
        if self.use_bias {
            outcome.with(Parameter::new("bias", output, self.bias_initializer))
        } else {
            outcome
        }
    }

    const fn bound(&self, input: Shape) -> DenseOp {
        DenseOp {
            features: input.size(),
            units: self.units,
            activation: self.activation,
        }
    }
}

layer_parameters! {
    /// The parameters of a [`Dense`] layer.
    pub struct DenseParameters {
        /// (features, units)
        kernel: S::First,
        /// units
        bias: S::Second,
    }
}

impl Layer for Dense {
    const KIND: &'static str = "Dense";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = DenseParameters<S, E, D>;

    fn op(&self, inputs: &[Shape], _: Shape) -> Box<dyn Op> {
        Box::new(self.bound(inputs[0]))
    }
}

/// Above this, a kernel is not worth reading and writing once per micro-batch for its gradient.
const DEFERRED_WEIGHTS: usize = 100_000;

/// So many rows share the reading of such a kernel. In training, where everything is kept for the backward pass, more rows
/// would drive as much out of the cache as they save.
const SHARING_ROWS: usize = 4;
const SHARING_ROWS_IN_TRAINING: usize = 2;

/// Above this, a kernel does not stay in a core's cache, and the whole batch goes through it at once.
const BATCH_WEIGHTS: usize = 1_500_000;

/// Numbers of such a batch that an activation looks at in one task.
const TASK_NUMBERS: usize = 32 * 1024;

#[derive(Debug)]
struct DenseOp {
    features: usize,
    units: usize,
    activation: ActivationFunction,
}

impl DenseOp {
    const fn weights(&self) -> usize {
        self.features * self.units
    }

    const fn whole_batch(&self) -> bool {
        self.weights() > BATCH_WEIGHTS
    }

    /// The transposed kernel is remade once a step where micro-batches would otherwise each read it crosswise.
    const fn packs(&self, training: bool) -> bool {
        training && !self.whole_batch()
    }

    const fn demand(&self, training: bool) -> Demand {
        Demand {
            memory: Memory {
                packed: if self.packs(training) {
                    self.weights()
                } else {
                    0
                },
                ..Memory::NONE
            },
            grain: if self.whole_batch() {
                Grain::Batch
            } else {
                Grain::Rows
            },
            deferred: self.weights() > DEFERRED_WEIGHTS,
            rows: match training {
                _ if self.weights() <= DEFERRED_WEIGHTS => 1,
                true => SHARING_ROWS_IN_TRAINING,
                false => SHARING_ROWS,
            },
            ..Demand::new(self.weights())
        }
    }

    /// Does something to all rows, or to some at a time on all threads. It is told which number is the first.
    fn for_rows(&self, rows: &mut [f32], work: impl Fn(usize, &mut [f32]) + Sync) {
        if self.whole_batch() {
            let len = TASK_NUMBERS.next_multiple_of(self.units);
            let parts = rows.par_chunks_mut(len).enumerate();
            parts.for_each(|(i, part)| work(i * len, part));
        } else {
            work(0, rows);
        }
    }

    fn run(&self, product: Product<'_>, c: &mut [f32], columns: usize) {
        if self.whole_batch() {
            product.run_parallel(c, columns);
        } else {
            product.run(c, columns);
        }
    }
}

impl Op for DenseOp {
    fn memory(&self, training: bool) -> Memory {
        self.demand(training).memory
    }

    fn grain(&self, training: bool) -> Grain {
        self.demand(training).grain
    }

    fn macs(&self) -> usize {
        self.demand(true).macs
    }

    fn rows(&self, training: bool) -> usize {
        self.demand(training).rows
    }

    fn affine(&self) -> Option<Affine> {
        Some(Affine {
            features: self.features,
            units: self.units,
            activation: self.activation,
        })
    }

    fn overwrites_gradients(&self) -> bool {
        self.whole_batch()
    }

    fn take_activation(&mut self) -> ActivationFunction {
        std::mem::take(&mut self.activation)
    }

    fn pack(&self, parameters: Parameters<'_>, reader: Reader, packed: &mut [f32]) {
        if self.packs(reader == Reader::Training { d_inputs: true }) {
            transpose_parallel(parameters.get(0), self.units, packed);
        }
    }

    fn forward(&self, call: Forward<'_>) {
        let relu = self.activation == ActivationFunction::Relu;
        let bias = call.parameters.get(1);
        let x = Matrix::new(call.inputs[0], call.rows, self.features);
        let kernel = Matrix::new(call.parameters.get(0), self.features, self.units);
        let product = Product {
            bias: (!bias.is_empty()).then_some(bias),
            relu,
            ..Product::new(x, kernel)
        };
        self.run(product, call.output, self.units);
        if !relu {
            self.for_rows(call.output, |_, y| self.activation.forward(y, self.units));
        }
    }

    fn backward(&self, mut call: Backward<'_>) {
        self.for_rows(call.d_output, |first, dy| {
            let y = &call.output[first..first + dy.len()];
            self.activation.backward(y, dy, self.units);
        });
        let d_output = Matrix::new(call.d_output, call.rows, self.units);
        if let Some(gradients) = &mut call.gradients {
            let [d_kernel, d_bias] = gradients.all();
            let x = Matrix::new(call.inputs[0], call.rows, self.features);
            let product = Product {
                accumulate: !self.whole_batch(),
                ..Product::new(x.t(), d_output)
            };
            self.run(product, d_kernel, self.units);
            if !d_bias.is_empty() {
                if self.whole_batch() {
                    d_bias.fill(0.0);
                }
                sum_columns(call.d_output, d_bias);
            }
        }
        if let Some(d_input) = &mut call.d_inputs[0] {
            let transposed = if self.packs(true) {
                Matrix::new(call.packed, self.units, self.features)
            } else {
                Matrix::new(call.parameters.get(0), self.features, self.units).t()
            };
            self.run(Product::new(d_output, transposed), d_input, self.features);
        }
    }

    fn gpu_memory(&self, rows: usize, training: bool) -> GpuMemory {
        GpuMemory {
            shared: 0,
            scratch: if training {
                column_sums_scratch(rows, self.units)
            } else {
                0
            },
        }
    }

    fn record_forward(&self, call: RecordForward<'_>, to: &mut Recorder) -> Result<()> {
        let RecordForward { rows, output, .. } = call;
        to.product(GpuProduct {
            a: call.inputs[0],
            b: call.parameters[0],
            c: output,
            m: rows,
            n: self.units,
            k: self.features,
            ..GpuProduct::default()
        });
        let bias = call.parameters.get(1).copied();
        to.bias_activate(bias, self.activation, output, rows, self.units);
        Ok(())
    }

    fn record_backward(&self, call: RecordBackward<'_>, to: &mut Recorder) -> Result<()> {
        let RecordBackward { rows, d_output, .. } = call;
        to.activate_backward(self.activation, call.output, d_output, rows, self.units);
        to.product(GpuProduct {
            a: call.inputs[0],
            b: d_output,
            c: call.gradients[0],
            m: self.features,
            n: self.units,
            k: rows,
            transpose_a: true,
            ..GpuProduct::default()
        });
        if let Some(&d_bias) = call.gradients.get(1) {
            to.column_sums(d_output, d_bias, rows, self.units, call.scratch);
        }
        if let Some(d_input) = call.d_inputs[0] {
            to.product(GpuProduct {
                a: d_output,
                b: call.parameters[0],
                c: d_input,
                m: rows,
                n: self.features,
                k: self.units,
                transpose_b: true,
                ..GpuProduct::default()
            });
        }
        Ok(())
    }

    fn deferred(&self) -> bool {
        self.demand(true).deferred
    }

    fn deferred_gradients(
        &self,
        rows: usize,
        input: &[f32],
        d_output: &[f32],
        gradients: &mut GradientSink<'_>,
    ) {
        let x = Matrix::new(input, rows, self.features);
        let d_z = Matrix::new(d_output, rows, self.units);
        gradients.take_product(0, &Product::new(x.t(), d_z));
        if gradients.has(1) {
            gradients.take_column_sums(1, d_output);
        }
    }
}
