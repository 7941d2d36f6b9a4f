//! One layer on its own, with everything that a plan would lend it: what the tests of layers run.

use super::Layer;
use crate::op::{
    Backward, Demand, Forward, Grain, Memory, Op, Parameters, ParametersMut, Phase, Reader,
    measure_batch, measure_batch_backward,
};
use crate::plan::demand;
use crate::shape::{Outcome, Parameter, Shape};
use std::ops::Range;

/// Training with numbers that mean nothing to a layer without randomness.
pub(crate) const TRAINING: Phase = Phase::Training {
    seed: 1,
    step: 2,
    layer: 3,
};

/// A layer with parameters of its own.
#[derive(Debug)]
pub(crate) struct Trial {
    pub(crate) op: Box<dyn Op>,
    pub(crate) parameters: Vec<Parameter>,
    /// The values of each parameter.
    pub(crate) values: Vec<Vec<f32>>,
    /// Numbers in a sample of each input.
    pub(crate) inputs: Vec<usize>,
    output: usize,
}

/// What a layer did with a batch.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) y: Vec<f32>,
    /// The gradients of all inputs, one after the other.
    pub(crate) dx: Vec<f32>,
    /// The gradient of each trained parameter.
    pub(crate) gradients: Vec<Vec<f32>>,
    /// All parameters after the step.
    pub(crate) after: Vec<Vec<f32>>,
}

/// What memory holds that nobody has written to yet: whoever reads it is found out.
const GARBAGE: f32 = f32::NAN;

impl Trial {
    pub(crate) fn new<L: Layer>(layer: L, input: Shape, outcome: &Outcome) -> Trial {
        Trial::of_several(layer, &[input], outcome)
    }

    /// A layer of several inputs. Where a trial is given `x`, it has all rows of the first, then all of the second, and
    /// so on.
    pub(crate) fn of_several<L: Layer>(layer: L, inputs: &[Shape], outcome: &Outcome) -> Trial {
        let output = outcome.shape("");
        if let Some(said) = outcome.demand() {
            let mut op = layer.op(inputs, output);
            let of_op = Demand {
                is_function: said.is_function,
                ..demand(&*op, true)
            };
            assert_eq!(said, of_op, "what the rule of {layer:?} says of its op");
            op.take_activation();
            assert_eq!(op.is_view(), said.is_view || said.is_function, "{layer:?}");
        }
        let parameters: Vec<Parameter> = outcome.parameters().collect();
        Trial {
            op: layer.op(inputs, output),
            values: parameters
                .iter()
                .map(|p| vec![0.0; p.shape.size()])
                .collect(),
            parameters,
            inputs: inputs.iter().map(|input| input.size()).collect(),
            output: output.size(),
        }
    }

    /// How many rows `x` has.
    fn rows(&self, x: &[f32]) -> usize {
        let sample = self.inputs.iter().sum();
        assert!(x.len().is_multiple_of(sample));
        x.len() / sample
    }

    /// `x` cut into the inputs.
    pub(crate) fn cut<'a>(&self, x: &'a [f32]) -> Vec<&'a [f32]> {
        let (rows, mut rest) = (self.rows(x), x);
        let next = |size: &usize| {
            let (input, others) = rest.split_at(rows * size);
            rest = others;
            input
        };
        self.inputs.iter().map(next).collect()
    }

    /// All parameters in one slice, with gaps between them that must not matter.
    fn arranged(&self) -> (Vec<f32>, Vec<Range<usize>>) {
        let (mut all, mut ranges) = (Vec::new(), Vec::new());
        for values in &self.values {
            ranges.push(all.len()..all.len() + values.len());
            all.extend(values);
            all.resize(all.len().next_multiple_of(16), GARBAGE);
        }
        (all, ranges)
    }

    fn packed(&self, memory: Memory, training: bool) -> Vec<f32> {
        let (all, ranges) = self.arranged();
        let mut packed = vec![GARBAGE; memory.packed];
        self.op.pack(
            Parameters::new(&all, &ranges),
            Reader::of(training),
            &mut packed,
        );
        packed
    }

    /// The output as `predict` computes it, where no backward pass follows.
    pub(crate) fn predict(&self, x: &[f32]) -> Vec<f32> {
        let rows = self.rows(x);
        let (all, ranges) = self.arranged();
        let memory = self.op.memory(false);
        let mut y = vec![GARBAGE; rows * self.output];
        self.op.forward(Forward {
            rows,
            first_row: 0,
            phase: Phase::Inference,
            inputs: &self.cut(x),
            output: &mut y,
            parameters: Parameters::new(&all, &ranges),
            packed: &self.packed(memory, false),
            cache: &mut [],
            shared: &[],
            scratch: &mut vec![GARBAGE; memory.scratch],
        });
        y
    }

    /// Forward and backward, `at_once` rows at a time.
    pub(crate) fn run(&self, x: &[f32], dy: &[f32], phase: Phase, at_once: usize) -> Answer {
        self.run_with(x, dy, phase, at_once, true)
    }

    /// As [`run`](Self::run); without `wanted` nobody needs the gradient of the input.
    pub(crate) fn run_with(
        &self,
        x: &[f32],
        dy: &[f32],
        phase: Phase,
        at_once: usize,
        wanted: bool,
    ) -> Answer {
        self.run_wanting(x, dy, phase, at_once, |_| wanted)
    }

    /// As [`run`](Self::run), for the gradients of some of the inputs.
    pub(crate) fn run_wanting(
        &self,
        x: &[f32],
        dy: &[f32],
        phase: Phase,
        at_once: usize,
        wanted: impl Fn(usize) -> bool,
    ) -> Answer {
        let rows = self.rows(x);
        let whole = self.op.grain(phase != Phase::Inference) == Grain::Batch;
        assert!(
            at_once == rows || !whole,
            "{:?} needs the whole batch",
            self.op
        );
        let (mut all, ranges) = self.arranged();
        let memory = self.op.memory(true);
        let packed = self.packed(memory, true);
        let trained = self.parameters.iter().filter(|p| p.trainable).count();
        let trained = &ranges[..trained];
        let mut shared = vec![GARBAGE; memory.shared];
        let mut cache = vec![GARBAGE; memory.cache * rows];
        let mut y = vec![GARBAGE; rows * self.output];
        let mut dx: Vec<Vec<f32>> = self
            .inputs
            .iter()
            .map(|size| vec![GARBAGE; rows * size])
            .collect();
        // Gradients are added to what is there.
        let mut gradients = vec![1.0; all.len()];
        let parts = || {
            (0..rows)
                .step_by(at_once)
                .map(|first| first..(first + at_once).min(rows))
        };
        let of = |rows: &Range<usize>, size: usize| rows.start * size..rows.end * size;
        let inputs = |rows: &Range<usize>| -> Vec<&[f32]> {
            let sizes = self.inputs.iter();
            let whole = self.cut(x).into_iter();
            whole
                .zip(sizes)
                .map(|(x, &size)| &x[of(rows, size)])
                .collect()
        };
        let all_rows = inputs(&(0..rows));
        let measured = self.op.grain(phase != Phase::Inference) == Grain::Measured;
        if measured {
            measure_batch(&*self.op, rows, &all_rows, &mut shared);
        }
        for part in parts() {
            self.op.forward(Forward {
                rows: part.len(),
                first_row: part.start,
                phase,
                inputs: &inputs(&part),
                output: &mut y[of(&part, self.output)],
                parameters: Parameters::new(&all, &ranges),
                packed: &packed,
                cache: &mut cache[of(&part, memory.cache)],
                shared: &shared,
                scratch: &mut vec![GARBAGE; memory.scratch],
            });
        }
        if measured {
            measure_batch_backward(
                &*self.op,
                rows,
                (&all_rows, dy),
                ParametersMut::new(&mut gradients, trained),
                &mut shared,
            );
        }
        for part in parts() {
            let mut d_inputs: Vec<Option<&mut [f32]>> = (dx.iter_mut().zip(&self.inputs))
                .enumerate()
                .map(|(i, (dx, &size))| wanted(i).then_some(&mut dx[of(&part, size)]))
                .collect();
            self.op.backward(Backward {
                rows: part.len(),
                first_row: part.start,
                phase,
                inputs: &inputs(&part),
                output: &y[of(&part, self.output)],
                d_output: &mut dy[of(&part, self.output)].to_vec(),
                d_inputs: &mut d_inputs,
                parameters: Parameters::new(&all, &ranges),
                gradients: (!measured).then(|| ParametersMut::new(&mut gradients, trained)),
                packed: &packed,
                cache: &cache[of(&part, memory.cache)],
                shared: &shared,
                scratch: &mut vec![GARBAGE; memory.scratch],
            });
        }
        if phase != Phase::Inference {
            self.op
                .after_step(rows, &shared, ParametersMut::new(&mut all, &ranges));
        }
        Answer {
            y,
            dx: dx.concat(),
            gradients: trained
                .iter()
                .map(|r| gradients[r.clone()].iter().map(|g| g - 1.0).collect())
                .collect(),
            after: ranges.iter().map(|r| all[r.clone()].to_vec()).collect(),
        }
    }
}
