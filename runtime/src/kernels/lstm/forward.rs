//! The forward pass of an LSTM.

use super::super::simd::{Simd, Vectorized};
use super::super::tile::{Kind, Repeat, Tile};
use super::functions::Activation;
use super::pack::Parts;
use super::{GATES, KEPT, Lstm, ROWS, product};

/// Some rows, at most [`ROWS`], through all steps.
pub(super) struct Forward<'a, A, G> {
    pub(super) lstm: &'a Lstm,
    pub(super) rows: usize,
    pub(super) x: &'a [f32],
    pub(super) packed: &'a [f32],
    /// What is kept for the backward pass, or empty.
    pub(super) cache: &'a mut [f32],
    pub(super) output: &'a mut [f32],
    pub(super) scratch: &'a mut [f32],
    pub(super) activation: A,
    pub(super) gate: G,
}

/// Where numbers of a step, a block of units and a row lie.
#[derive(Clone, Copy, Debug)]
struct Place {
    start: *mut f32,
    step: usize,
    block: usize,
    row: usize,
}

impl Place {
    #[inline(always)]
    fn of(&self, step: usize, block: usize, row: usize) -> *mut f32 {
        let distance = step * self.step + block * self.block + row * self.row;
        self.start.wrapping_add(distance)
    }
}

/// Where the forward pass works.
#[derive(Clone, Copy, Debug)]
struct Places {
    /// The input of a step and the state before it, for as many steps as there is room for.
    inputs: *mut f32,
    kept_steps: usize,
    gates: Place,
    cells: Place,
}

impl<'a, A, G> Forward<'a, A, G> {
    /// The same with other activations.
    pub(super) fn with<B, H>(self, activation: B, gate: H) -> Forward<'a, B, H> {
        let Forward {
            lstm,
            rows,
            x,
            packed,
            cache,
            output,
            scratch,
            ..
        } = self;
        Forward {
            lstm,
            rows,
            x,
            packed,
            cache,
            output,
            scratch,
            activation,
            gate,
        }
    }

    /// In training everything is kept. Otherwise a step overwrites the one before, and only the cells stay.
    #[inline(always)]
    fn places<S: Simd>(&mut self) -> Places {
        let (lstm, rows) = (self.lstm, self.rows);
        let blocks = lstm.units.div_ceil(S::LANES);
        if self.cache.is_empty() {
            let (inputs, rest) = self.scratch.split_at_mut(2 * ROWS * lstm.depth());
            let (gates, cells) = rest.split_at_mut(ROWS * GATES * S::LANES);
            return Places {
                inputs: inputs.as_mut_ptr(),
                kept_steps: 2,
                gates: Place {
                    start: gates.as_mut_ptr(),
                    step: 0,
                    block: 0,
                    row: GATES * S::LANES,
                },
                cells: Place {
                    start: cells.as_mut_ptr(),
                    step: 0,
                    block: rows * S::LANES,
                    row: S::LANES,
                },
            };
        }
        let kept = rows * lstm.steps * KEPT * lstm.padded_units();
        let (gates, inputs) = self.cache.split_at_mut(kept);
        let gates = Place {
            start: gates.as_mut_ptr(),
            step: blocks * rows * KEPT * S::LANES,
            block: rows * KEPT * S::LANES,
            row: KEPT * S::LANES,
        };
        Places {
            inputs: inputs.as_mut_ptr(),
            kept_steps: lstm.steps,
            gates,
            cells: Place {
                start: gates.start.wrapping_add(GATES * S::LANES),
                ..gates
            },
        }
    }
}

impl<A: Activation, G: Activation> Vectorized for Forward<'_, A, G> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let (lstm, rows, keeps) = (self.lstm, self.rows, !self.cache.is_empty());
        let (depth, parts) = (lstm.depth(), Parts::new(lstm));
        let blocks = lstm.units.div_ceil(S::LANES);
        let places = self.places::<S>();
        let inputs = |step: usize, row: usize| {
            let step = step % places.kept_steps;
            places.inputs.wrapping_add((step * rows + row) * depth)
        };
        let output = self.output.as_mut_ptr();
        for row in 0..rows {
            // SAFETY: the state of a row, behind its first input.
            unsafe { inputs(0, row).add(lstm.features).write_bytes(0, lstm.units) };
        }
        for step in 0..lstm.steps {
            for row in 0..rows {
                let from = row * lstm.input_len() + lstm.taken_at(step) * lstm.features;
                let x = &self.x[from..from + lstm.features];
                // SAFETY: the features of a row.
                unsafe { inputs(step, row).copy_from_nonoverlapping(x.as_ptr(), x.len()) };
            }
            let next = inputs(step + 1, 0);
            for block in 0..blocks {
                let first = block * S::LANES;
                let lanes = simd.first((lstm.units - first).min(S::LANES));
                let bias = parts.bias + first * GATES;
                let tile = Tile {
                    kind: Kind::Steps,
                    rows,
                    columns: GATES * S::LANES,
                    segments: 1,
                    steps: depth,
                    a: inputs(step, 0),
                    a_stride: depth,
                    a_segment: 0,
                    b: self.packed[parts.weights + first * GATES * depth..].as_ptr(),
                    b_step: GATES * S::LANES,
                    b_segment: 0,
                    c: places.gates.of(step, block, 0),
                    c_stride: places.gates.row,
                    accumulate: false,
                    bias: self.packed[bias..].as_ptr(),
                    relu: false,
                    repeat: Repeat::ONCE,
                };
                // SAFETY: the lengths of all slices have been checked; see `Lstm::forward`.
                unsafe { product(simd, &tile) };
                for row in 0..rows {
                    let gates = places.gates.of(step, block, row);
                    let cell = places.cells.of(step, block, row);
                    // SAFETY: as above. A state is written where the next step reads it, and only the lanes of units.
                    unsafe {
                        let load = |gate: usize| simd.load(gates.add(gate * S::LANES));
                        let i = self.gate.forward(simd, load(0));
                        let f = self.gate.forward(simd, load(1));
                        let g = self.activation.forward(simd, load(2));
                        let o = self.gate.forward(simd, load(3));
                        let mut c = simd.mul(i, g);
                        if step > 0 {
                            let before = simd.load(places.cells.of(step - 1, block, row));
                            c = simd.mul_add(f, before, c);
                        }
                        let active = self.activation.forward(simd, c);
                        let h = simd.mul(o, active);
                        simd.store(cell, c);
                        if keeps {
                            for (gate, y) in [i, f, g, o].into_iter().enumerate() {
                                simd.store(gates.add(gate * S::LANES), y);
                            }
                            simd.store(cell.add(S::LANES), active);
                        }
                        if step + 1 < lstm.steps {
                            let state = next.add(row * depth + lstm.features + first);
                            simd.store_lanes(state, h, lanes);
                        }
                        if let Some(at) = lstm.output_at(row, step) {
                            simd.store_lanes(output.add(at + first), h, lanes);
                        }
                    }
                }
            }
        }
    }
}
