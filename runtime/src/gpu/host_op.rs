//! Layers that have no kernels for a GPU: the host carries them out as it does on the CPU.

use super::command::{Pointer, Recorder};
use super::host::{Floats, HostCall, HostWork};
use crate::op::{
    Backward, Forward, Grain, Memory, Op, Parameters, ParametersMut, Phase, Reader, measure_batch,
    measure_batch_backward,
};
use crate::plan::Block;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A call of a layer that the host carries out.
#[derive(Debug)]
pub(super) struct HostOp {
    op: Arc<dyn Op>,
    rows: usize,
    training: bool,
    /// Which call it is, among all of the network.
    node: u32,
    block: Block,
    left: Mutex<Left>,
}

/// What the forward pass leaves for the backward pass.
#[derive(Debug, Default)]
struct Left {
    phase: Option<Phase>,
    inputs: Vec<Vec<f32>>,
    output: Vec<f32>,
    parameters: Vec<f32>,
    packed: Vec<f32>,
    cache: Vec<f32>,
    shared: Vec<f32>,
}

/// Where a call of a layer finds its numbers on the device.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places<'a> {
    pub(super) inputs: &'a [Floats],
    pub(super) output: Floats,
    /// The first of the layer's parameters, which lie as its block says.
    pub(super) parameters: Pointer,
    /// The seed and the number of the step: the structure `StepState`.
    pub(super) state: Pointer,
}

/// Words of `StepState` that matter here: the seed, and how many steps have begun.
const STATE_WORDS: usize = 3;

impl HostOp {
    pub(super) fn new(
        op: &Arc<dyn Op>,
        (rows, training): (usize, bool),
        node: u32,
        block: &Block,
    ) -> Arc<Self> {
        Arc::new(HostOp {
            op: Arc::clone(op),
            rows,
            training,
            node,
            block: block.clone(),
            left: Mutex::default(),
        })
    }

    /// The parameters that the optimizer does not change, for which the layer itself may have a rule.
    fn fixed(&self) -> Range<usize> {
        self.block.trained.len()..self.block.all.len()
    }

    pub(super) fn record_forward(self: &Arc<Self>, places: Places<'_>, to: &mut Recorder) {
        let floats = |start, count| Floats { start, count };
        let mut reads = vec![
            floats(places.state, STATE_WORDS),
            floats(places.parameters, self.block.all.len()),
        ];
        reads.extend(places.inputs);
        let mut writes = vec![places.output];
        if self.training {
            let fixed = self.fixed();
            writes.push(floats(places.parameters.floats(fixed.start), fixed.len()));
        }
        to.host(HostCall {
            reads,
            writes,
            work: Arc::new(ForwardOnHost(Arc::clone(self))),
        });
    }

    /// `d_inputs` as in [`Backward`]; `gradients` is where those of the trained parameters go.
    pub(super) fn record_backward(
        self: &Arc<Self>,
        d_output: Floats,
        d_inputs: &[Option<Floats>],
        gradients: Pointer,
        to: &mut Recorder,
    ) {
        let mut writes = vec![Floats {
            start: gradients,
            count: self.block.trained.len(),
        }];
        writes.extend(d_inputs.iter().flatten());
        to.host(HostCall {
            reads: vec![d_output],
            writes,
            work: Arc::new(BackwardOnHost {
                op: Arc::clone(self),
                wanted: d_inputs.iter().map(Option::is_some).collect(),
            }),
        });
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn memory(&self) -> Memory {
        self.op.memory(self.training)
    }
}

/// The forward pass: the state, the parameters and the inputs become the output and, in training, the fixed parameters
/// after the step.
#[derive(Debug)]
struct ForwardOnHost(Arc<HostOp>);

impl HostWork for ForwardOnHost {
    fn run(&self, reads: &[Vec<f32>], writes: &mut [Vec<f32>]) {
        let this = &*self.0;
        let [state, parameters, inputs @ ..] = reads else {
            return;
        };
        let [output, fixed @ ..] = writes else { return };
        let memory = this.memory();
        let (cache, shared) = match this.training {
            true => (this.rows * memory.cache, memory.shared),
            false => (0, 0),
        };
        let phase = match this.training {
            true => phase(state, this.node),
            false => Phase::Inference,
        };
        let mut left = Left {
            phase: Some(phase),
            inputs: inputs.to_vec(),
            output: Vec::new(),
            parameters: parameters.clone(),
            packed: vec![0.0; memory.packed],
            cache: vec![0.0; cache],
            shared: vec![0.0; shared],
        };
        let of_layer = Parameters::new(parameters, &this.block.ranges);
        let reader = Reader::of(this.training);
        this.op.pack(of_layer, reader, &mut left.packed);
        let inputs: Vec<&[f32]> = inputs.iter().map(Vec::as_slice).collect();
        let measured = this.training && this.op.grain(true) == Grain::Measured;
        if measured {
            measure_batch(&*this.op, this.rows, &inputs, &mut left.shared);
        }
        this.op.forward(Forward {
            rows: this.rows,
            first_row: 0,
            phase,
            inputs: &inputs,
            output,
            parameters: of_layer,
            packed: &left.packed,
            cache: &mut left.cache,
            shared: &left.shared,
            scratch: &mut vec![0.0; memory.scratch],
        });
        if let [fixed] = fixed {
            let mut after = parameters.clone();
            let of_layer = ParametersMut::new(&mut after, &this.block.ranges);
            this.op.after_step(this.rows, &left.shared, of_layer);
            fixed.copy_from_slice(&after[this.fixed()]);
            left.output.clone_from(output);
            *this.left() = left;
        }
    }
}

/// What randomness is drawn from, as the device counts it.
fn phase(state: &[f32], layer: u32) -> Phase {
    // These are words under the name of floats, which no arithmetic has touched.
    let word = |i: usize| state.get(i).copied().map_or(0, f32::to_bits);
    Phase::Training {
        seed: u64::from(word(0)) | u64::from(word(1)) << 32,
        // It is counted when it begins.
        step: u64::from(word(2).wrapping_sub(1)),
        layer,
    }
}

/// The backward pass: the gradient of the output becomes those of the trained parameters and of the wanted inputs.
#[derive(Debug)]
struct BackwardOnHost {
    op: Arc<HostOp>,
    wanted: Vec<bool>,
}

impl HostWork for BackwardOnHost {
    fn run(&self, reads: &[Vec<f32>], writes: &mut [Vec<f32>]) {
        let this = &*self.op;
        let [d_output] = reads else { return };
        let [gradients, d_inputs @ ..] = writes else {
            return;
        };
        let mut left = this.left();
        // The forward pass comes first in every step.
        let Some(phase) = left.phase else { return };
        let left = &mut *left;
        let inputs: Vec<&[f32]> = left.inputs.iter().map(Vec::as_slice).collect();
        let mut d_inputs = d_inputs.iter_mut();
        let mut d_inputs: Vec<Option<&mut [f32]>> = self
            .wanted
            .iter()
            .map(|wanted| wanted.then(|| d_inputs.next()).flatten())
            .map(|d_input| d_input.map(Vec::as_mut_slice))
            .collect();
        let block = &this.block;
        let measured = this.op.grain(true) == Grain::Measured;
        if measured {
            measure_batch_backward(
                &*this.op,
                this.rows,
                (&inputs, d_output),
                ParametersMut::new(gradients, &block.trained_ranges),
                &mut left.shared,
            );
        }
        this.op.backward(Backward {
            rows: this.rows,
            first_row: 0,
            phase,
            inputs: &inputs,
            output: &left.output,
            d_output: &mut d_output.clone(),
            d_inputs: &mut d_inputs,
            parameters: Parameters::new(&left.parameters, &block.ranges),
            gradients: (!measured).then(|| ParametersMut::new(gradients, &block.trained_ranges)),
            packed: &left.packed,
            cache: &left.cache,
            shared: &left.shared,
            scratch: &mut vec![0.0; this.memory().scratch],
        });
    }
}
