//! The forward pass of an LSTM.

use super::super::functions::each;
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

/// A step, and where its inputs and those of the next one lie.
#[derive(Clone, Copy, Debug)]
struct Step {
    number: usize,
    inputs: *mut f32,
    next: Option<*mut f32>,
}

/// So many rows at a time go from their gates to their states.
const TOGETHER: usize = 4;

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
        let (lstm, rows) = (self.lstm, self.rows);
        let (depth, parts) = (lstm.depth(), Parts::new(lstm));
        let blocks = lstm.units.div_ceil(S::LANES);
        let places = self.places::<S>();
        let inputs = |step: usize| {
            let kept = step % places.kept_steps;
            places.inputs.wrapping_add(kept * rows * depth)
        };
        for row in 0..rows {
            let state = inputs(0).wrapping_add(row * depth + lstm.features);
            // SAFETY: the state of a row, behind its first input.
            unsafe { state.write_bytes(0, lstm.units) };
        }
        for number in 0..lstm.steps {
            let step = Step {
                number,
                inputs: inputs(number),
                next: (number + 1 < lstm.steps).then(|| inputs(number + 1)),
            };
            for row in 0..rows {
                let from = row * lstm.input_len() + lstm.taken_at(number) * lstm.features;
                let x = &self.x[from..from + lstm.features];
                // SAFETY: the features of a row.
                unsafe { simd.copy(x.as_ptr(), step.inputs.add(row * depth), x.len()) };
            }
            for block in 0..blocks {
                let first = block * S::LANES;
                let bias = parts.bias + first * GATES;
                let tile = Tile {
                    kind: Kind::Steps,
                    rows,
                    columns: GATES * S::LANES,
                    segments: 1,
                    // Before the first step the state is zero.
                    steps: if number == 0 { lstm.features } else { depth },
                    a: step.inputs,
                    a_stride: depth,
                    a_segment: 0,
                    b: self.packed[parts.weights + first * GATES * depth..].as_ptr(),
                    b_step: GATES * S::LANES,
                    b_segment: 0,
                    c: places.gates.of(number, block, 0),
                    c_stride: places.gates.row,
                    accumulate: false,
                    bias: self.packed[bias..].as_ptr(),
                    relu: false,
                    repeat: Repeat::ONCE,
                };
                // SAFETY: the lengths of all slices have been checked; see `Lstm::forward`.
                unsafe { product(simd, &tile) };
                let together = rows - rows % TOGETHER;
                for row in (0..together).step_by(TOGETHER) {
                    // SAFETY: as above.
                    unsafe { self.units::<S, TOGETHER>(simd, &step, (block, row), &places) };
                }
                for row in together..rows {
                    // SAFETY: as above.
                    unsafe { self.units::<S, 1>(simd, &step, (block, row), &places) };
                }
            }
        }
    }
}

impl<A: Activation, G: Activation> Forward<'_, A, G> {
    /// The cells and states of a block of units in `N` rows, from what the products left of their gates.
    ///
    /// # Safety
    /// The slices must have the lengths that `Lstm::forward` asks for.
    #[inline(always)]
    unsafe fn units<S: Simd, const N: usize>(
        &mut self,
        simd: S,
        step: &Step,
        (block, first_row): (usize, usize),
        places: &Places,
    ) {
        let (lstm, keeps) = (self.lstm, !self.cache.is_empty());
        let first = block * S::LANES;
        let lanes = simd.first((lstm.units - first).min(S::LANES));
        // SAFETY: the caller's promise. A state is written where the next step reads it, and only the lanes of units.
        unsafe {
            let load = |place: &Place, step: usize, number: usize| {
                let mut vectors = [simd.zero(); N];
                for (n, vector) in vectors.iter_mut().enumerate() {
                    let row = place.of(step, block, first_row + n);
                    *vector = simd.load(row.add(number * S::LANES));
                }
                vectors
            };
            let i = self.gate.forward(simd, load(&places.gates, step.number, 0));
            let f = self.gate.forward(simd, load(&places.gates, step.number, 1));
            let g = self
                .activation
                .forward(simd, load(&places.gates, step.number, 2));
            let o = self.gate.forward(simd, load(&places.gates, step.number, 3));
            let mut c = each!(simd, |i, g| simd.mul(i, g));
            if step.number > 0 {
                let before = load(&places.cells, step.number - 1, 0);
                c = each!(simd, |f, before, c| simd.mul_add(f, before, c));
            }
            let active = self.activation.forward(simd, c);
            let h = each!(simd, |o, active| simd.mul(o, active));
            for n in 0..N {
                let row = first_row + n;
                let gates = places.gates.of(step.number, block, row);
                let cell = places.cells.of(step.number, block, row);
                simd.store(cell, c[n]);
                if keeps {
                    for (gate, y) in [i[n], f[n], g[n], o[n]].into_iter().enumerate() {
                        simd.store(gates.add(gate * S::LANES), y);
                    }
                    simd.store(cell.add(S::LANES), active[n]);
                }
                if let Some(next) = step.next {
                    let state = next.add(row * lstm.depth() + lstm.features + first);
                    simd.store_lanes(state, h[n], lanes);
                }
                if let Some(at) = lstm.output_at(row, step.number) {
                    simd.store_lanes(self.output.as_mut_ptr().add(at + first), h[n], lanes);
                }
            }
        }
    }
}
