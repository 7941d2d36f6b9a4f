//! A layer with its parameters, ready to run on a batch.

use super::{FlatBatch, LayerParameters};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::kernels::aligned::AlignedVec;
use crate::layers::{Layer, Place};
use crate::network::Weights;
use crate::op::{
    Backward, Forward, Grain, Op, Parameters, ParametersMut, Phase, Reader, measure_batch,
    measure_batch_backward,
};
use crate::shape::{Shape, StaticShape};
use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection};
use dfdx::shapes::{Dim, Dtype};
use dfdx::tensor::{NoneTape, PutTape, SplitTape, Tape, Tensor};
use dfdx::tensor_ops::Device as DfdxDevice;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut, Range};

/// A batch of samples of shape `S` as a dfdx tensor.
pub type BatchOf<S, B, D, T = NoneTape> = Tensor<<S as StaticShape>::Batched<B>, f32, D, T>;

/// The layer at place `S` of a network, with its parameters as tensors of `E` on `D`.
pub type Built<S, E, D> = BuiltLayer<S, <<S as Place>::Layer as Layer>::Parameters<S, E, D>>;

/// See [`Built`]. The parameters are fields: `layers.conv2d.kernel`.
#[derive(Clone, Debug)]
pub struct BuiltLayer<S, P> {
    /// The parameters.
    pub parameters: P,
    /// What is random in training is drawn from these two and the layer's place.
    seed: u64,
    step: u64,
    place: PhantomData<S>,
}

impl<S, P> Deref for BuiltLayer<S, P> {
    type Target = P;

    fn deref(&self) -> &P {
        &self.parameters
    }
}

impl<S, P> DerefMut for BuiltLayer<S, P> {
    fn deref_mut(&mut self) -> &mut P {
        &mut self.parameters
    }
}

/// An op with one copy of its parameters on the host: everything that one pass on the tape needs.
struct Pass {
    op: Box<dyn Op>,
    phase: Phase,
    rows: usize,
    parameters: Vec<f32>,
    ranges: Vec<Range<usize>>,
    packed: AlignedVec,
    cache: AlignedVec,
    shared: AlignedVec,
}

impl Pass {
    fn new(
        op: Box<dyn Op>,
        phase: Phase,
        rows: usize,
        backward: bool,
        read: impl FnOnce(&mut dyn FnMut(Vec<f32>)),
    ) -> Self {
        let (mut parameters, mut ranges) = (Vec::new(), Vec::new());
        read(&mut |values| {
            let start = parameters.len();
            parameters.extend(values);
            ranges.push(start..parameters.len());
        });
        let memory = op.memory(phase != Phase::Inference || backward);
        let mut packed = AlignedVec::new(memory.packed);
        let reader = Reader::of(backward);
        op.pack(Parameters::new(&parameters, &ranges), reader, &mut packed);
        Pass {
            op,
            phase,
            rows,
            parameters,
            ranges,
            packed,
            cache: AlignedVec::new(memory.cache * rows),
            shared: AlignedVec::new(memory.shared),
        }
    }

    fn scratch(&self) -> AlignedVec {
        AlignedVec::new(self.op.memory(true).scratch)
    }

    fn forward(&mut self, inputs: &[&[f32]], output: &mut [f32]) {
        let mut scratch = self.scratch();
        if self.op.grain(self.phase != Phase::Inference) == Grain::Measured {
            measure_batch(&*self.op, self.rows, inputs, &mut self.shared);
        }
        self.op.forward(Forward {
            rows: self.rows,
            first_row: 0,
            phase: self.phase,
            inputs,
            output,
            parameters: Parameters::new(&self.parameters, &self.ranges),
            packed: &self.packed,
            cache: &mut self.cache,
            shared: &self.shared,
            scratch: &mut scratch,
        });
    }

    /// The gradients of the inputs and of all parameters, those that are not trained included (as zeros).
    fn backward(
        &mut self,
        inputs: &[&[f32]],
        output: &[f32],
        d_output: &mut [f32],
    ) -> (Vec<Vec<f32>>, Vec<f32>) {
        let mut scratch = self.scratch();
        let mut d_inputs: Vec<Vec<f32>> = inputs.iter().map(|x| vec![0.0; x.len()]).collect();
        let mut places: Vec<Option<&mut [f32]>> = d_inputs
            .iter_mut()
            .map(|d| Some(d.as_mut_slice()))
            .collect();
        let mut gradients = vec![0.0; self.parameters.len()];
        let measured = self.op.grain(self.phase != Phase::Inference) == Grain::Measured;
        if measured {
            measure_batch_backward(
                &*self.op,
                self.rows,
                (inputs, d_output),
                ParametersMut::new(&mut gradients, &self.ranges),
                &mut self.shared,
            );
        }
        self.op.backward(Backward {
            rows: self.rows,
            first_row: 0,
            phase: self.phase,
            inputs,
            output,
            d_output,
            d_inputs: &mut places,
            parameters: Parameters::new(&self.parameters, &self.ranges),
            gradients: (!measured).then(|| ParametersMut::new(&mut gradients, &self.ranges)),
            packed: &self.packed,
            cache: &self.cache,
            shared: &self.shared,
            scratch: &mut scratch,
        });
        (d_inputs, gradients)
    }

    /// The values of all parameters after the step, if the layer itself changes any.
    fn after_step(&self) -> Option<Vec<Vec<f32>>> {
        let mut values = self.parameters.clone();
        let parameters = ParametersMut::new(&mut values, &self.ranges);
        self.op.after_step(self.rows, &self.shared, parameters);
        (values != self.parameters).then(|| {
            self.ranges
                .iter()
                .map(|range| values[range.clone()].to_vec())
                .collect()
        })
    }
}

impl<S: Place, P: LayerParameters> BuiltLayer<S, P> {
    /// The layer with the next weights.
    #[doc(hidden)]
    pub fn assemble(device: &P::Device, weights: &mut Weights) -> Result<Self> {
        Ok(BuiltLayer {
            parameters: P::assemble(device, weights)?,
            seed: weights.seed(),
            step: weights.step(),
            place: PhantomData,
        })
    }

    /// Shows the values of each parameter in turn.
    #[doc(hidden)]
    pub fn visit(&self, visitor: &mut dyn FnMut(Vec<f32>)) {
        self.parameters.read(visitor);
    }

    /// Runs the layer as `predict` does.
    ///
    /// # Errors
    /// [`Error::Device`] if the device fails.
    pub fn forward<B: Dim, T: Tape<f32, P::Device>>(
        &self,
        input: BatchOf<S::Input, B, P::Device, T>,
    ) -> Result<BatchOf<S::Output, B, P::Device, T>> {
        let input = FlatBatch::new::<S::Input, B>(input)?.of_shape(S::INPUT);
        self.call([input], S::OUTPUT)?.typed::<S::Output, B>()
    }

    /// Runs the layer as `fit` does: it draws what is random anew in each call and follows moving averages.
    ///
    /// # Errors
    /// [`Error::Device`] if the device fails.
    pub fn forward_mut<B: Dim, T: Tape<f32, P::Device>>(
        &mut self,
        input: BatchOf<S::Input, B, P::Device, T>,
    ) -> Result<BatchOf<S::Output, B, P::Device, T>> {
        let input = FlatBatch::new::<S::Input, B>(input)?.of_shape(S::INPUT);
        self.call_mut([input], S::OUTPUT)?.typed::<S::Output, B>()
    }

    /// [`BuiltLayer::forward`] of any number of inputs, for an output of this shape.
    ///
    /// # Errors
    /// [`Error::Device`] if the device fails.
    #[doc(hidden)]
    pub fn call<T: Tape<f32, P::Device>, const N: usize>(
        &self,
        inputs: [FlatBatch<P::Device, T>; N],
        output: Shape,
    ) -> Result<FlatBatch<P::Device, T>> {
        let inputs = Vec::from(inputs);
        if P::IS_NETWORK {
            return self.parameters.call_network(inputs);
        }
        let call = (&S::LAYER, Phase::Inference, output);
        run(&self.parameters, call, inputs, |_| {})
    }

    /// [`BuiltLayer::forward_mut`] of any number of inputs, for an output of this shape.
    ///
    /// # Errors
    /// [`Error::Device`] if the device fails.
    #[doc(hidden)]
    pub fn call_mut<T: Tape<f32, P::Device>, const N: usize>(
        &mut self,
        inputs: [FlatBatch<P::Device, T>; N],
        output: Shape,
    ) -> Result<FlatBatch<P::Device, T>> {
        let inputs = Vec::from(inputs);
        if P::IS_NETWORK {
            return self.parameters.call_network_mut(inputs);
        }
        let (seed, step, layer) = (self.seed, self.step, S::INDEX);
        self.step += 1;
        let call = (&S::LAYER, Phase::Training { seed, step, layer }, output);
        let mut changed = None;
        let output = run(&self.parameters, call, inputs, |pass| {
            changed = pass.after_step();
        })?;
        if let Some(values) = changed {
            let mut values = values.into_iter();
            self.parameters
                .write(&mut || values.next().unwrap_or_default());
        }
        Ok(output)
    }
}

/// Runs the op of a layer, shows `inspect` the pass, and puts the way back on the tape.
fn run<L: Layer, P: LayerParameters, T: Tape<f32, P::Device>>(
    parameters: &P,
    (layer, phase, shape): (&L, Phase, Shape),
    inputs: Vec<FlatBatch<P::Device, T>>,
    inspect: impl FnOnce(&Pass),
) -> Result<FlatBatch<P::Device, T>> {
    let shapes: Vec<Shape> = inputs.iter().map(|input| input.shape).collect();
    let rows = inputs.iter().map(FlatBatch::rows).min().unwrap_or(0);
    let mut pass = Pass::new(
        layer.op(&shapes, shape),
        phase,
        rows,
        T::OWNS_TAPE,
        |visitor| {
            parameters.read(visitor);
        },
    );
    let (tensors, tapes): (Vec<_>, Vec<_>) = inputs
        .into_iter()
        .map(|input| input.tensor.split_tape())
        .unzip();
    let mut tape = tapes.into_iter().reduce(T::merge).unwrap_or_default();
    let values: Vec<Vec<f32>> = tensors.iter().map(P::Device::read).collect();
    let mut result = vec![0.0; rows * shape.size()];
    pass.forward(&slices(&values), &mut result);
    inspect(&pass);
    let device = tensors[0].device();
    let write = |result| {
        device
            .write(result, (rows, shape.size()))
            .map_err(Error::device)
    };
    if !T::OWNS_TAPE {
        let tensor = write(result)?.put_tape(tape);
        return Ok(FlatBatch { tensor, shape });
    }
    let output = write(result.clone())?;
    let input_ghosts: Vec<_> = tensors.iter().map(|tensor| tensor.ghost()).collect();
    let output_ghost = output.ghost();
    let parameters = parameters.clone();
    tape.add_backward_op(move |gradients| {
        let mut d_output = P::Device::read_gradient(gradients.get_or_alloc_mut(&output_ghost)?)?;
        let (d_inputs, d_parameters) = pass.backward(&slices(&values), &result, &mut d_output);
        for (ghost, d_input) in input_ghosts.iter().zip(&d_inputs) {
            P::Device::add_gradient(gradients.get_or_alloc_mut(ghost)?, d_input)?;
        }
        // The trained parameters stand first, and only they are asked for.
        let mut parts = pass
            .ranges
            .iter()
            .map(|range| d_parameters[range.clone()].to_vec());
        parameters.add_gradients(gradients, &mut || parts.next().unwrap_or_default())
    });
    let tensor = output.put_tape(tape);
    Ok(FlatBatch { tensor, shape })
}

fn slices(values: &[Vec<f32>]) -> Vec<&[f32]> {
    values.iter().map(Vec::as_slice).collect()
}

impl<S, P, E, D> TensorCollection<E, D> for BuiltLayer<S, P>
where
    S: Place,
    E: Dtype,
    D: DfdxDevice<E>,
    P: TensorCollection<E, D>,
{
    type To<E2: Dtype, D2: DfdxDevice<E2>> = BuiltLayer<S, P::To<E2, D2>>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            Self::module("parameters", |s| &s.parameters, |s| &mut s.parameters),
            |parameters| BuiltLayer {
                parameters,
                seed: 0,
                step: 0,
                place: PhantomData,
            },
        )
    }
}
