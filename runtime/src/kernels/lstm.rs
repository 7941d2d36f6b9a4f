//! `LSTM`: a recurrent layer over all of its steps, forward and backward.
//!
//! The gates of a step are one product: `[x | h] · [kernel; recurrent_kernel]`, the input of the step and the state before
//! it in one row. The weights are packed so that the four gates of as many units as a vector has lanes lie side by side:
//!
//! ```text
//! packed     (block, feature or unit, gate, lane)           lanes of units without a number are zeros
//! gates      (step, block, row, gate, lane)                 gates: i, f, c, o
//! inputs     (step, row, feature or unit)
//! ```
//!
//! So a register [tile](super::tile) holds all gates of its units, the activations follow while these numbers are in the
//! first cache, and the products of the backward pass read the gradients of the gates as they were written. Some rows go
//! through all steps together, so that each step reads the weights once for all of them.

mod backward;
mod forward;
mod functions;
mod pack;

use super::functions::Function;
use super::simd::{self, MAX_LANES};
use crate::activations::ActivationFunction;
use backward::Backward;
use forward::Forward;
use functions::{Sigmoid, Tanh};

/// An LSTM layer bound to its sizes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Lstm {
    /// Steps of a sequence.
    pub(crate) steps: usize,
    /// Numbers of a step.
    pub(crate) features: usize,
    /// Numbers of the state.
    pub(crate) units: usize,
    /// Applied to the candidate and to the cell.
    pub(crate) activation: ActivationFunction,
    /// Applied to the gates.
    pub(crate) recurrent_activation: ActivationFunction,
    /// Whether a bias is added.
    pub(crate) use_bias: bool,
    /// Whether each step gives an output, or only the last.
    pub(crate) return_sequences: bool,
    /// Whether the last step of the input comes first.
    pub(crate) go_backwards: bool,
}

/// The gates, in Keras' order: input, forget, candidate, output.
const GATES: usize = 4;

/// What the forward pass keeps of a unit: its gates, its cell, and the activation of that.
const KEPT: usize = GATES + 2;

/// The most rows that go through the steps together.
const ROWS: usize = 16;

/// So many weights stay in a core's second cache, from which they are read fast enough for half as many rows: then a batch
/// makes work for twice as many threads.
const CACHED_WEIGHTS: usize = 64 * 1024;

/// Rows of gradients, of some steps, after which those of the weights are brought up to date.
const GRADIENT_ROWS: usize = 128;

impl Lstm {
    /// Numbers of a sequence.
    const fn input_len(&self) -> usize {
        self.steps * self.features
    }

    /// Numbers of an answer.
    const fn output_len(&self) -> usize {
        if self.return_sequences {
            self.steps * self.units
        } else {
            self.units
        }
    }

    /// What the gates of a step are made of: the input of the step and the state before it.
    const fn depth(&self) -> usize {
        self.features + self.units
    }

    /// Units in whole vectors of any instruction set.
    const fn padded_units(&self) -> usize {
        self.units.next_multiple_of(MAX_LANES)
    }

    /// Multiplications and additions of the products of one row.
    pub(crate) const fn macs(&self) -> usize {
        self.steps * self.depth() * GATES * self.units
    }

    /// How many rows at a time are worth while.
    pub(crate) const fn rows(&self) -> usize {
        if self.depth() * GATES * self.units > CACHED_WEIGHTS {
            ROWS
        } else {
            ROWS / 2
        }
    }

    /// Numbers of the packed weights: for the gates, and for the gradients of states and inputs.
    pub(crate) const fn packed(&self, training: bool) -> usize {
        let gates = GATES * self.padded_units();
        if training {
            gates * (self.depth() + 1) + gates * (panels(self.units) + panels(self.features))
        } else {
            gates * (self.depth() + 1)
        }
    }

    /// Numbers that the forward pass keeps of each row for the backward pass.
    pub(crate) const fn cache(&self) -> usize {
        self.steps * (KEPT * self.padded_units() + self.depth())
    }

    /// Numbers that a thread works in.
    pub(crate) const fn scratch(&self, training: bool) -> usize {
        let units = self.padded_units();
        if training {
            let gradients = GATES * units * (GRADIENT_ROWS + self.depth());
            gradients + ROWS * (panels(self.units) + units)
        } else {
            ROWS * (2 * self.depth() + GATES * MAX_LANES + units)
        }
    }

    /// Writes the weights as the kernels read them; `packed` has [`Lstm::packed`] numbers, those of training unless only
    /// the gates are wanted.
    pub(crate) fn pack(
        &self,
        [kernel, recurrent_kernel, bias]: [&[f32]; 3],
        packing: Packing,
        packed: &mut [f32],
    ) {
        let columns = GATES * self.units;
        assert_eq!(kernel.len(), self.features * columns);
        assert_eq!(recurrent_kernel.len(), self.units * columns);
        assert_eq!(bias.len(), if self.use_bias { columns } else { 0 });
        assert_eq!(packed.len(), self.packed(packing != Packing::Gates));
        simd::dispatch(pack::Pack {
            lstm: self,
            kernel,
            recurrent_kernel,
            bias,
            packing,
            packed,
        });
    }

    /// The output of some rows. The cache is that of [`Lstm::cache`] for each row, or empty if no backward pass follows;
    /// then the scratch is that of [`Lstm::scratch`].
    pub(crate) fn forward(&self, call: ForwardCall<'_>) {
        let (keeps, per_row) = (!call.cache.is_empty(), self.cache());
        assert_eq!(call.x.len(), call.rows * self.input_len());
        assert_eq!(call.output.len(), call.rows * self.output_len());
        assert!(call.packed.len() >= self.packed(false));
        assert!(keeps || call.scratch.len() >= self.scratch(false));
        assert!(!keeps || call.cache.len() == call.rows * per_row);
        for first in (0..call.rows).step_by(ROWS) {
            let rows = ROWS.min(call.rows - first);
            let of = |len: usize| first * len..(first + rows) * len;
            let cache = if keeps { of(per_row) } else { 0..0 };
            let forward = Forward {
                lstm: self,
                rows,
                x: &call.x[of(self.input_len())],
                packed: call.packed,
                cache: &mut call.cache[cache],
                output: &mut call.output[of(self.output_len())],
                scratch: &mut *call.scratch,
                activation: Tanh,
                gate: Sigmoid,
            };
            match self.functions() {
                (Function::Tanh, Function::Sigmoid) => simd::dispatch(forward),
                (activation, gate) => simd::dispatch(forward.with(activation, gate)),
            }
        }
    }

    /// The gradients of the same rows as in a call of [`Lstm::forward`]. Those of the parameters are added to.
    pub(crate) fn backward(&self, mut call: BackwardCall<'_>) {
        assert_eq!(call.d_output.len(), call.rows * self.output_len());
        assert_eq!(call.packed.len(), self.packed(true));
        assert_eq!(call.cache.len(), call.rows * self.cache());
        assert!(call.scratch.len() >= self.scratch(true));
        let columns = GATES * self.units;
        let lens = [self.features * columns, self.units * columns, columns];
        for (gradient, len) in call.gradients.iter().zip(lens) {
            assert!(gradient.is_empty() || gradient.len() == len);
        }
        if let Some(d_x) = &call.d_x {
            assert_eq!(d_x.len(), call.rows * self.input_len());
        }
        for first in (0..call.rows).step_by(ROWS) {
            let rows = ROWS.min(call.rows - first);
            let of = |len: usize| first * len..(first + rows) * len;
            let backward = Backward {
                lstm: self,
                rows,
                d_output: &call.d_output[of(self.output_len())],
                d_x: call
                    .d_x
                    .as_deref_mut()
                    .map(|d_x| &mut d_x[of(self.input_len())]),
                packed: call.packed,
                cache: &call.cache[of(self.cache())],
                gradients: call.gradients.each_mut().map(|gradient| &mut **gradient),
                scratch: &mut *call.scratch,
                activation: Tanh,
                gate: Sigmoid,
            };
            match self.functions() {
                (Function::Tanh, Function::Sigmoid) => simd::dispatch(backward),
                (activation, gate) => simd::dispatch(backward.with(activation, gate)),
            }
        }
    }

    /// The activations of the candidate and the cell, and of the gates. The usual ones are compiled into the loops.
    ///
    /// # Panics
    /// If one of them is no function of one number.
    fn functions(&self) -> (Function, Function) {
        let chosen = [self.activation, self.recurrent_activation];
        match chosen.map(ActivationFunction::elementwise) {
            [Some(activation), Some(gate)] => (activation, gate),
            _ => panic!("an LSTM with the activations {chosen:?}"),
        }
    }

    /// Which step of the input comes at step `step`.
    fn taken_at(&self, step: usize) -> usize {
        if self.go_backwards {
            self.steps - 1 - step
        } else {
            step
        }
    }

    /// Where the output of a row and a step begins, if that step gives one.
    fn output_at(&self, row: usize, step: usize) -> Option<usize> {
        if self.return_sequences {
            Some((row * self.steps + step) * self.units)
        } else if step + 1 == self.steps {
            Some(row * self.units)
        } else {
            None
        }
    }
}

/// What packed weights are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    /// The forward pass.
    Gates,
    /// And the gradients of states.
    States,
    /// And those of the input.
    Inputs,
}

/// What [`Lstm::forward`] reads and writes.
pub(crate) struct ForwardCall<'a> {
    pub(crate) rows: usize,
    /// (row, step, feature)
    pub(crate) x: &'a [f32],
    pub(crate) packed: &'a [f32],
    pub(crate) cache: &'a mut [f32],
    /// (row, unit), or (row, step, unit)
    pub(crate) output: &'a mut [f32],
    pub(crate) scratch: &'a mut [f32],
}

/// What [`Lstm::backward`] reads and writes.
pub(crate) struct BackwardCall<'a> {
    pub(crate) rows: usize,
    pub(crate) d_output: &'a [f32],
    pub(crate) d_x: Option<&'a mut [f32]>,
    pub(crate) packed: &'a [f32],
    pub(crate) cache: &'a [f32],
    /// Of kernel, recurrent kernel and bias; empty where nobody needs them.
    pub(crate) gradients: [&'a mut [f32]; 3],
    pub(crate) scratch: &'a mut [f32],
}

/// So many columns in whole panels: two vectors of any instruction set.
const fn panels(columns: usize) -> usize {
    columns.next_multiple_of(2 * MAX_LANES)
}

#[cfg(test)]
mod tests;
