//! What a layer does, on plain slices.
//!
//! An [`Op`] is a layer bound to its sizes. It is written once per layer and used twice: by the planned training step
//! (`fit` runs it) and by the layer as an ordinary dfdx module on the tape ([`crate::tape`]). So both always give the
//! same numbers.
//!
//! The rows of a batch are independent for nearly every layer. Such an op works on any number of rows, and the plan
//! sends micro-batches through it on several threads. An op that needs the whole batch at once says so ([`Grain`]).
//!
//! An op may have kernels for a GPU ([`Op::record_forward`], [`Op::record_backward`]). One that has none works there all
//! the same: the host runs it in the middle of each step. That costs copies both ways, and such a step is not captured.

use crate::activations::ActivationFunction;
use crate::error::Result;
use crate::gpu::command::not_on_a_gpu;
use crate::gpu::{RecordBackward, RecordForward, Recorder};
use crate::kernels::elementwise::take_column_sums;
use crate::kernels::gemm::{Along, Product, Take};
use smallvec::SmallVec;
use std::fmt::{self, Debug};
use std::ops::Range;

/// How the work of an op may be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// Any rows at a time, on any thread.
    Rows,
    /// The same, but the forward and the backward pass need sums over the whole batch first: [`Op::measure`],
    /// [`Op::measure_backward`]. The backward pass is not given the output, and the forward pass may run twice.
    Measured,
    /// The whole batch in one call, which may use all threads itself.
    Batch,
}

/// What a pass is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// `predict` and `evaluate`.
    Inference,
    /// `fit`: what is random is drawn from these three numbers and the place of a value, and from nothing else, so
    /// that neither threads nor micro-batches change it.
    Training {
        /// The seed of the training run.
        seed: u64,
        /// Which step of the run, from 0.
        step: u64,
        /// Which layer of the network, from 0.
        layer: u32,
    },
}

/// Who reads packed weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A forward pass only.
    Inference,
    /// A forward and a backward pass.
    Training {
        /// Whether the backward pass makes gradients of the inputs.
        d_inputs: bool,
    },
}

/// The memory that an op asks for, counted in `f32`s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Weights in the order that the kernels like, remade once a step by [`Op::pack`].
    pub packed: usize,
    /// For each row: what the forward pass leaves for the backward pass. That is given the same rows at a time, so rows
    /// may be mixed in it.
    pub cache: usize,
    /// For the batch: what [`Op::measured`] and [`Op::measured_backward`] leave for the passes and for [`Op::after_step`].
    pub shared: usize,
    /// For each thread: room to work in. Its contents mean nothing between calls.
    pub scratch: usize,
    /// Doubles for each thread: what [`Op::measure`] and [`Op::measure_backward`] sum.
    pub sums: usize,
}

impl Reader {
    /// For ops that make all gradients in a backward pass.
    pub(crate) fn of(training: bool) -> Self {
        if training {
            Reader::Training { d_inputs: true }
        } else {
            Reader::Inference
        }
    }
}

impl Memory {
    /// No memory.
    pub const NONE: Memory = Memory {
        packed: 0,
        cache: 0,
        shared: 0,
        scratch: 0,
        sums: 0,
    };
}

/// What an op asks of a training step, in numbers.
///
/// A layer's shape rule says it, with [`Outcome::with_demand`](crate::shape::Outcome::with_demand), so that the compiler
/// knows how many bytes training takes. It is what the layer's [`Op`] says of training at run time; a layer takes both from
/// one `const fn`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// See [`Op::is_view`].
    pub is_view: bool,
    /// Whether it is nothing but its activation: such an op is a view once a loss has taken that
    /// ([`Op::take_activation`]).
    pub is_function: bool,
    /// See [`Op::memory`].
    pub memory: Memory,
    /// See [`Op::grain`].
    pub grain: Grain,
    /// See [`Op::deferred`].
    pub deferred: bool,
    /// See [`Op::macs`].
    pub macs: usize,
    /// See [`Op::rows`].
    pub rows: usize,
}

impl Demand {
    /// An op that asks for no memory, whose rows can be taken any number at a time.
    pub const fn new(macs: usize) -> Self {
        Demand {
            is_view: false,
            is_function: false,
            memory: Memory::NONE,
            grain: Grain::Rows,
            deferred: false,
            macs,
            rows: 1,
        }
    }

    /// An op whose output is its input under another shape.
    pub const fn view() -> Self {
        Demand {
            is_view: true,
            ..Demand::new(0)
        }
    }
}

/// An op that is `activation(x · kernel + bias)` of vectors, with the parameters `kernel` and perhaps `bias`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Affine {
    /// Numbers that go in.
    pub features: usize,
    /// Numbers that come out.
    pub units: usize,
    /// Applied to the output.
    pub activation: ActivationFunction,
}

/// The memory that an op asks for on a GPU, for a whole batch, counted in `f32`s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GpuMemory {
    /// What the forward pass leaves for the backward pass.
    pub shared: usize,
    /// Room to work in.
    pub scratch: usize,
}

/// The parameters of one layer (or their gradients), one after another in one slice.
#[derive(Clone, Copy, Debug)]
pub struct Parameters<'a> {
    values: &'a [f32],
    ranges: &'a [Range<usize>],
}

impl<'a> Parameters<'a> {
    /// Parameters at `ranges` of `values`.
    pub fn new(values: &'a [f32], ranges: &'a [Range<usize>]) -> Self {
        Parameters { values, ranges }
    }

    /// One parameter; empty if the layer has fewer.
    pub fn get(&self, index: usize) -> &'a [f32] {
        match self.ranges.get(index) {
            Some(range) => &self.values[range.clone()],
            None => &[],
        }
    }
}

/// The same to write to.
#[derive(Debug)]
pub struct ParametersMut<'a> {
    values: &'a mut [f32],
    ranges: &'a [Range<usize>],
}

impl<'a> ParametersMut<'a> {
    /// Parameters at ascending `ranges` of `values`.
    pub fn new(values: &'a mut [f32], ranges: &'a [Range<usize>]) -> Self {
        debug_assert!(ranges.windows(2).all(|w| w[0].end <= w[1].start));
        ParametersMut { values, ranges }
    }

    /// One parameter; empty if the layer has fewer.
    pub fn get(&mut self, index: usize) -> &mut [f32] {
        match self.ranges.get(index) {
            Some(range) => &mut self.values[range.clone()],
            None => &mut [],
        }
    }

    /// The first `N` parameters at once; those that the layer does not have are empty.
    pub fn all<const N: usize>(&mut self) -> [&mut [f32]; N] {
        let mut rest = &mut *self.values;
        let mut taken = 0;
        let mut ranges = self.ranges.iter();
        std::array::from_fn(|_| match ranges.next() {
            Some(range) => {
                let (_, tail) = std::mem::take(&mut rest).split_at_mut(range.start - taken);
                let (this, tail) = tail.split_at_mut(range.len());
                rest = tail;
                taken = range.end;
                this
            }
            None => &mut [],
        })
    }
}

/// Takes the gradients of a layer's parameters in pieces, as they are made: they are used up at once, so there need not be
/// room for all of them.
pub struct GradientSink<'a> {
    ranges: &'a [Range<usize>],
    along: &'a [Along],
    take: &'a Take<'a>,
}

impl<'a> GradientSink<'a> {
    /// For parameters at `ranges`. `take` is given some gradients and the place of the first one, on any thread but never the
    /// same place on two threads at once, and uses `along` with them.
    pub(crate) fn new(ranges: &'a [Range<usize>], along: &'a [Along], take: &'a Take<'a>) -> Self {
        GradientSink {
            ranges,
            along,
            take,
        }
    }

    /// Whether the layer has this parameter.
    pub fn has(&self, parameter: usize) -> bool {
        self.ranges.get(parameter).is_some_and(|r| !r.is_empty())
    }

    /// Takes gradients of a parameter, from the `start`-th on. Each must be given once.
    ///
    /// # Panics
    /// If the layer does not have the parameter, or it has fewer numbers.
    pub fn take(&mut self, parameter: usize, start: usize, gradients: &[f32]) {
        let range = &self.ranges[parameter];
        let rest = range.len().checked_sub(start);
        assert!(
            rest.is_some_and(|rest| gradients.len() <= rest),
            "more gradients than parameter {parameter} has numbers"
        );
        (self.take)(range.start + start, gradients);
    }

    /// Takes all gradients of a parameter, each part by the thread that has just made it.
    pub(crate) fn take_product(&mut self, parameter: usize, product: &Product<'_>) {
        let range = &self.ranges[parameter];
        assert_eq!(product.len(), range.len(), "numbers of the parameter");
        let along = self.along.iter().map(|along| along.at(range.start));
        let along: SmallVec<[Along; 5]> = along.collect();
        product.run_in_blocks(&along, &|start, values| {
            (self.take)(range.start + start, values)
        });
    }

    /// The same, of a parameter that was added to each row of what has these gradients.
    pub(crate) fn take_column_sums(&mut self, parameter: usize, rows: &[f32]) {
        let range = &self.ranges[parameter];
        take_column_sums(rows, range.len(), &|start, sums| {
            (self.take)(range.start + start, sums)
        });
    }
}

impl Debug for GradientSink<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GradientSink")
            .field("ranges", &self.ranges)
            .finish_non_exhaustive()
    }
}

/// One forward call.
#[derive(Debug)]
pub struct Forward<'a> {
    /// How many rows.
    pub rows: usize,
    /// Where the first of them stands in the batch.
    pub first_row: usize,
    /// What the pass is for.
    pub phase: Phase,
    /// The rows of each input.
    pub inputs: &'a [&'a [f32]],
    /// Where the rows of the output go.
    pub output: &'a mut [f32],
    /// The layer's parameters.
    pub parameters: Parameters<'a>,
    /// See [`Memory::packed`].
    pub packed: &'a [f32],
    /// See [`Memory::cache`]. Empty in inference.
    pub cache: &'a mut [f32],
    /// See [`Memory::shared`]. Empty in inference.
    pub shared: &'a [f32],
    /// See [`Memory::scratch`].
    pub scratch: &'a mut [f32],
}

/// A look at some rows before a forward pass.
#[derive(Debug)]
pub struct Measure<'a> {
    /// How many rows.
    pub rows: usize,
    /// The rows of each input.
    pub inputs: &'a [&'a [f32]],
    /// See [`Memory::sums`]. Zeros at first.
    pub sums: &'a mut [f64],
}

/// The sums over a batch before a forward pass.
#[derive(Debug)]
pub struct Measured<'a> {
    /// How many rows.
    pub rows: usize,
    /// The sums of each part of them, of which there is at least one. The op may use them as it likes.
    pub sums: &'a mut [&'a mut [f64]],
    /// See [`Memory::shared`].
    pub shared: &'a mut [f32],
}

/// A look at some rows before a backward pass.
#[derive(Debug)]
pub struct MeasureBackward<'a> {
    /// How many rows.
    pub rows: usize,
    /// The rows of each input.
    pub inputs: &'a [&'a [f32]],
    /// The gradient of the output.
    pub d_output: &'a [f32],
    /// See [`Memory::shared`].
    pub shared: &'a [f32],
    /// See [`Memory::sums`]. Zeros at first.
    pub sums: &'a mut [f64],
}

/// The sums over a batch before a backward pass.
#[derive(Debug)]
pub struct MeasuredBackward<'a> {
    /// How many rows.
    pub rows: usize,
    /// The sums of each part of them, of which there is at least one. The op may use them as it likes.
    pub sums: &'a mut [&'a mut [f64]],
    /// The gradients of the trainable parameters, to add to.
    pub gradients: ParametersMut<'a>,
    /// See [`Memory::shared`].
    pub shared: &'a mut [f32],
}

/// One backward call.
#[derive(Debug)]
pub struct Backward<'a> {
    /// How many rows.
    pub rows: usize,
    /// Where the first of them stands in the batch.
    pub first_row: usize,
    /// What the forward pass was for.
    pub phase: Phase,
    /// The rows of each input.
    pub inputs: &'a [&'a [f32]],
    /// The rows of the output.
    pub output: &'a [f32],
    /// The gradient of the output. The op may use it as it likes, except a [`Op::deferred`] one: it leaves the gradient
    /// before the activation here.
    pub d_output: &'a mut [f32],
    /// Where the gradients of the inputs go, overwriting what is there. `None` where nobody needs one.
    pub d_inputs: &'a mut [Option<&'a mut [f32]>],
    /// The layer's parameters.
    pub parameters: Parameters<'a>,
    /// The gradients of the trainable parameters, to add to (but see [`Op::overwrites_gradients`]). `None` where
    /// [`Op::deferred_gradients`] or [`Op::measured_backward`] makes them.
    pub gradients: Option<ParametersMut<'a>>,
    /// See [`Memory::packed`].
    pub packed: &'a [f32],
    /// See [`Memory::cache`].
    pub cache: &'a [f32],
    /// See [`Memory::shared`]. Empty in inference.
    pub shared: &'a [f32],
    /// See [`Memory::scratch`].
    pub scratch: &'a mut [f32],
}

/// A layer bound to its sizes: see the [module](self).
pub trait Op: Debug + Send + Sync {
    /// The memory that it needs in this phase.
    fn memory(&self, training: bool) -> Memory {
        let _ = training;
        Memory::default()
    }

    /// How its work may be cut.
    fn grain(&self, training: bool) -> Grain {
        let _ = training;
        Grain::Rows
    }

    /// Multiplications and additions for one row, to tell work worth threads from work that is not.
    fn macs(&self) -> usize {
        0
    }

    /// How many rows at a time are worth while, where a batch has them: more than one if each call reads weights many times
    /// and all rows share them.
    fn rows(&self, training: bool) -> usize {
        let _ = training;
        1
    }

    /// Whether the output is the input under another shape. Such an op is never called.
    fn is_view(&self) -> bool {
        false
    }

    /// What the op is if it is nothing but this: narrow ones are then run otherwise, and much faster.
    fn affine(&self) -> Option<Affine> {
        None
    }

    /// Takes the activation off the op, because a loss computes it together with itself.
    fn take_activation(&mut self) -> ActivationFunction {
        ActivationFunction::Linear
    }

    /// Remakes the packed weights.
    fn pack(&self, parameters: Parameters<'_>, reader: Reader, packed: &mut [f32]) {
        let _ = (parameters, reader, packed);
    }

    /// Adds some rows to the sums that [`Grain::Measured`] asks for before the forward pass.
    fn measure(&self, call: Measure<'_>) {
        let _ = call;
    }

    /// Takes all sums.
    fn measured(&self, call: Measured<'_>) {
        let _ = call;
    }

    /// Adds some rows to the sums before the backward pass.
    fn measure_backward(&self, call: MeasureBackward<'_>) {
        let _ = call;
    }

    /// Takes all sums. Here, and not in [`Op::backward`], such an op makes the gradients of its parameters.
    fn measured_backward(&self, call: MeasuredBackward<'_>) {
        let _ = call;
    }

    /// The output of some rows.
    fn forward(&self, call: Forward<'_>);

    /// The gradients of some rows.
    fn backward(&self, call: Backward<'_>);

    /// Whether [`Op::backward`] overwrites the gradients of the parameters instead of adding to them: saves writing and
    /// reading zeros where a [`Grain::Batch`] op has many.
    fn overwrites_gradients(&self) -> bool {
        false
    }

    /// Whether the gradients of the parameters come from one product over the whole batch, after the backward pass: right
    /// for a large kernel, whose gradients would have to be read and written once per micro-batch. So its weights can be
    /// updated while they are made.
    fn deferred(&self) -> bool {
        false
    }

    /// That product, on all threads: `input` and `d_output` (before the activation) of all rows.
    fn deferred_gradients(
        &self,
        rows: usize,
        input: &[f32],
        d_output: &[f32],
        gradients: &mut GradientSink<'_>,
    ) {
        let _ = (rows, input, d_output, gradients);
    }

    /// The memory that it needs on a GPU for a batch of so many rows.
    fn gpu_memory(&self, rows: usize, training: bool) -> GpuMemory {
        let _ = (rows, training);
        GpuMemory::default()
    }

    /// The forward pass as commands for a GPU, what [`Op::after_step`] does included.
    ///
    /// # Errors
    /// [`Error::NotOnDevice`](crate::Error::NotOnDevice) if there are no kernels for it. Then both passes run on the host.
    fn record_forward(&self, call: RecordForward<'_>, to: &mut Recorder) -> Result<()> {
        let _ = (call, to);
        not_on_a_gpu(self)
    }

    /// The backward pass as commands for a GPU. Gradients of parameters are overwritten.
    ///
    /// # Errors
    /// [`Error::NotOnDevice`](crate::Error::NotOnDevice) if there are kernels for the forward pass only.
    fn record_backward(&self, call: RecordBackward<'_>, to: &mut Recorder) -> Result<()> {
        let _ = (call, to);
        not_on_a_gpu(self)
    }

    /// Changes parameters that the optimizer does not, such as moving averages, after each training step.
    fn after_step(&self, rows: usize, shared: &[f32], parameters: ParametersMut<'_>) {
        let _ = (rows, shared, parameters);
    }
}

/// The op of a layer that only names the shape anew.
#[derive(Debug)]
pub(crate) struct View;

impl Op for View {
    fn is_view(&self) -> bool {
        true
    }

    fn record_forward(&self, _: RecordForward<'_>, _: &mut Recorder) -> Result<()> {
        Ok(())
    }

    fn record_backward(&self, _: RecordBackward<'_>, _: &mut Recorder) -> Result<()> {
        Ok(())
    }

    fn forward(&self, call: Forward<'_>) {
        call.output.copy_from_slice(call.inputs[0]);
    }

    fn backward(&self, call: Backward<'_>) {
        if let Some(d_input) = &mut call.d_inputs[0] {
            d_input.copy_from_slice(call.d_output);
        }
    }
}

/// Measures a whole batch at once, for those who do not cut it.
pub(crate) fn measure_batch(op: &dyn Op, rows: usize, inputs: &[&[f32]], shared: &mut [f32]) {
    let mut sums = vec![0.0; op.memory(true).sums];
    op.measure(Measure {
        rows,
        inputs,
        sums: &mut sums,
    });
    op.measured(Measured {
        rows,
        sums: &mut [&mut sums],
        shared,
    });
}

/// The same before the backward pass.
pub(crate) fn measure_batch_backward(
    op: &dyn Op,
    rows: usize,
    (inputs, d_output): (&[&[f32]], &[f32]),
    gradients: ParametersMut<'_>,
    shared: &mut [f32],
) {
    let mut sums = vec![0.0; op.memory(true).sums];
    op.measure_backward(MeasureBackward {
        rows,
        inputs,
        d_output,
        shared,
        sums: &mut sums,
    });
    op.measured_backward(MeasuredBackward {
        rows,
        sums: &mut [&mut sums],
        gradients,
        shared,
    });
}
