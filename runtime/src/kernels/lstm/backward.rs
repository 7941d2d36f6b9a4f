//! The backward pass of an LSTM, from the last step to the first.

use super::super::simd::{Simd, Vectorized};
use super::super::tile::{Kind, Repeat, Tile};
use super::functions::Activation;
use super::pack::Parts;
use super::{GATES, GRADIENT_ROWS, KEPT, Lstm, ROWS, panels};

/// Some rows, at most [`ROWS`], back through all steps.
pub(super) struct Backward<'a, A, G> {
    pub(super) lstm: &'a Lstm,
    pub(super) rows: usize,
    pub(super) d_output: &'a [f32],
    pub(super) d_x: Option<&'a mut [f32]>,
    pub(super) packed: &'a [f32],
    pub(super) cache: &'a [f32],
    pub(super) gradients: [&'a mut [f32]; 3],
    pub(super) scratch: &'a mut [f32],
    pub(super) activation: A,
    pub(super) gate: G,
}

impl<'a, A, G> Backward<'a, A, G> {
    /// The same with other activations.
    pub(super) fn with<B, H>(self, activation: B, gate: H) -> Backward<'a, B, H> {
        let Backward {
            lstm,
            rows,
            d_output,
            d_x,
            packed,
            cache,
            gradients,
            scratch,
            ..
        } = self;
        Backward {
            lstm,
            rows,
            d_output,
            d_x,
            packed,
            cache,
            gradients,
            scratch,
            activation,
            gate,
        }
    }
}

/// Where the backward pass works.
#[derive(Clone, Copy, Debug)]
struct Places {
    /// The gradients of the gates before their activations, of some steps: (step, block, row, gate, lane).
    d_gates: *mut f32,
    /// The gradients of the weights: (block, feature or unit, gate, lane).
    d_weights: *mut f32,
    /// The gradient of the state, in whole panels: (row, unit).
    d_state: *mut f32,
    /// The gradient of the cell: (block, row, lane).
    d_cell: *mut f32,
}

impl<A: Activation, G: Activation> Vectorized for Backward<'_, A, G> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let (lstm, rows) = (self.lstm, self.rows);
        let at_once = (GRADIENT_ROWS / rows).min(lstm.steps);
        let places = self.places();
        let d_x = self.d_x.take().map(|d_x| d_x.as_mut_ptr());
        let parts = Parts::new(lstm);
        let len = self.blocks::<S>() * rows * GATES * S::LANES;
        for step in (0..lstm.steps).rev() {
            let first = step / at_once * at_once;
            let d_gates = places.d_gates.wrapping_add((step - first) * len);
            // SAFETY: the lengths of all slices have been checked, see `Lstm::backward`, and the places do not overlap.
            unsafe {
                self.gates(simd, step, &places, d_gates);
                if step > 0 {
                    let stride = panels(lstm.units);
                    let panels = (parts.recurrent_panels, lstm.units);
                    self.through_weights(simd, d_gates, panels, (places.d_state, stride));
                }
                if let Some(d_x) = d_x {
                    let d_x = d_x.add(lstm.taken_at(step) * lstm.features);
                    let panels = (parts.panels, lstm.features);
                    self.through_weights(simd, d_gates, panels, (d_x, lstm.input_len()));
                }
                if step == first {
                    let steps = (first, at_once.min(lstm.steps - first));
                    self.weights(simd, steps, &places);
                }
            }
        }
        // SAFETY: as above.
        unsafe { self.add_weights(simd, &places) };
    }
}

impl<A: Activation, G: Activation> Backward<'_, A, G> {
    #[inline(always)]
    fn blocks<S: Simd>(&self) -> usize {
        self.lstm.units.div_ceil(S::LANES)
    }

    fn places(&mut self) -> Places {
        let (lstm, gates) = (self.lstm, GATES * self.lstm.padded_units());
        let (d_gates, rest) = self.scratch.split_at_mut(gates * GRADIENT_ROWS);
        let (d_weights, rest) = rest.split_at_mut(gates * lstm.depth());
        let (d_state, d_cell) = rest.split_at_mut(ROWS * panels(lstm.units));
        Places {
            d_gates: d_gates.as_mut_ptr(),
            d_weights: d_weights.as_mut_ptr(),
            d_state: d_state.as_mut_ptr(),
            d_cell: d_cell.as_mut_ptr(),
        }
    }

    /// The gradients of the gates of a step before their activations, and of the cell before it.
    ///
    /// # Safety
    /// The slices must have the lengths that `Lstm::backward` asks for.
    #[inline(always)]
    unsafe fn gates<S: Simd>(&self, simd: S, step: usize, places: &Places, d_gates: *mut f32) {
        let (lstm, rows, blocks) = (self.lstm, self.rows, self.blocks::<S>());
        let (gate, activation) = (self.gate, self.activation);
        let last = step + 1 == lstm.steps;
        let record = KEPT * S::LANES;
        for block in 0..blocks {
            let first = block * S::LANES;
            let lanes = simd.first((lstm.units - first).min(S::LANES));
            for row in 0..rows {
                // SAFETY: the caller's promise.
                unsafe {
                    let index = block * rows + row;
                    let kept = self
                        .cache
                        .as_ptr()
                        .add((step * blocks * rows + index) * record);
                    let load = |number: usize| simd.load(kept.add(number * S::LANES));
                    let [i, f, g, o, active] = [load(0), load(1), load(2), load(3), load(5)];
                    let d_cell = places.d_cell.add(index * S::LANES);
                    let (mut dh, mut dc) = (simd.zero(), simd.zero());
                    if !last {
                        let d_state = places.d_state.add(row * panels(lstm.units) + first);
                        (dh, dc) = (simd.load_lanes(d_state, lanes), simd.load(d_cell));
                    }
                    if let Some(at) = lstm.output_at(row, step) {
                        let dy = simd.load_lanes(self.d_output.as_ptr().add(at + first), lanes);
                        dh = simd.add(dh, dy);
                    }
                    dc = simd.add(dc, activation.backward(simd, active, simd.mul(dh, o)));
                    let mut df = simd.zero();
                    if step > 0 {
                        let before = simd.load(kept.sub(blocks * rows * record).add(4 * S::LANES));
                        df = gate.backward(simd, f, simd.mul(dc, before));
                    }
                    let di = gate.backward(simd, i, simd.mul(dc, g));
                    let dg = activation.backward(simd, g, simd.mul(dc, i));
                    let d_o = gate.backward(simd, o, simd.mul(dh, active));
                    simd.store(d_cell, simd.mul(dc, f));
                    let to = d_gates.add(index * GATES * S::LANES);
                    for (number, d) in [di, df, dg, d_o].into_iter().enumerate() {
                        simd.store(to.add(number * S::LANES), d);
                    }
                }
            }
        }
    }

    /// The gradients of a step's gates times the transposed weights that lie at `panels`, which give so many columns.
    ///
    /// # Safety
    /// As [`Backward::gates`]; `to` must be writable for the rows, which are `stride` apart.
    #[inline(always)]
    unsafe fn through_weights<S: Simd>(
        &self,
        simd: S,
        d_gates: *const f32,
        (panels, columns): (usize, usize),
        (to, stride): (*mut f32, usize),
    ) {
        let (rows, blocks, width) = (self.rows, self.blocks::<S>(), 2 * S::LANES);
        let depth = blocks * GATES * S::LANES;
        let mut column = 0;
        while column < columns {
            let tile = Tile {
                kind: Kind::Steps,
                rows,
                columns: (columns - column).min(width),
                segments: blocks,
                steps: GATES * S::LANES,
                a: d_gates,
                a_stride: GATES * S::LANES,
                a_segment: rows * GATES * S::LANES,
                b: self.packed[panels + column * depth..].as_ptr(),
                b_step: width,
                b_segment: GATES * S::LANES * width,
                c: to.wrapping_add(column),
                c_stride: stride,
                accumulate: false,
                bias: std::ptr::null(),
                relu: false,
                repeat: Repeat::ONCE,
            };
            // SAFETY: the caller's promise.
            unsafe { tile.run_in_parts(simd) };
            column += width;
        }
    }

    /// What some steps add to the gradients of the weights, as (first step, steps).
    ///
    /// # Safety
    /// As [`Backward::gates`].
    #[inline(always)]
    unsafe fn weights<S: Simd>(
        &mut self,
        simd: S,
        (first, steps): (usize, usize),
        places: &Places,
    ) {
        let (lstm, rows, blocks) = (self.lstm, self.rows, self.blocks::<S>());
        let (depth, width) = (lstm.depth(), GATES * S::LANES);
        let inputs = rows * lstm.steps * KEPT * lstm.padded_units() + first * rows * depth;
        for block in 0..blocks {
            let d_gates = places.d_gates.wrapping_add(block * rows * width);
            let tile = Tile {
                kind: Kind::Rows,
                rows: depth,
                columns: width,
                segments: steps,
                steps: rows,
                a: self.cache[inputs..].as_ptr(),
                a_stride: depth,
                a_segment: rows * depth,
                b: d_gates,
                b_step: width,
                b_segment: blocks * rows * width,
                c: places.d_weights.wrapping_add(block * depth * width),
                c_stride: width,
                // The last steps come first.
                accumulate: first + steps < lstm.steps,
                bias: std::ptr::null(),
                relu: false,
                repeat: Repeat::ONCE,
            };
            // SAFETY: the caller's promise.
            unsafe { tile.run_in_parts(simd) };
            if self.gradients[2].is_empty() {
                continue;
            }
            let mut sums = [simd.zero(); GATES];
            for step in 0..steps {
                for row in 0..rows {
                    for (gate, sum) in sums.iter_mut().enumerate() {
                        let at = step * blocks * rows * width + row * width + gate * S::LANES;
                        // SAFETY: the caller's promise.
                        *sum = simd.add(*sum, unsafe { simd.load(d_gates.add(at)) });
                    }
                }
            }
            let lanes = simd.first((lstm.units - block * S::LANES).min(S::LANES));
            for (gate, sum) in sums.into_iter().enumerate() {
                let at = gate * lstm.units + block * S::LANES;
                // SAFETY: the units of a gate.
                unsafe { add_lanes(simd, sum, self.gradients[2].as_mut_ptr().add(at), lanes) };
            }
        }
    }

    /// Adds the gradients of the weights to those of the parameters.
    ///
    /// # Safety
    /// As [`Backward::gates`].
    #[inline(always)]
    unsafe fn add_weights<S: Simd>(&mut self, simd: S, places: &Places) {
        let (lstm, width) = (self.lstm, GATES * S::LANES);
        let [d_kernel, d_recurrent_kernel, _] = &mut self.gradients;
        let both = [(d_kernel, 0), (d_recurrent_kernel, lstm.features)];
        for (gradient, above) in both {
            for (k, row) in gradient.chunks_exact_mut(GATES * lstm.units).enumerate() {
                for block in 0..lstm.units.div_ceil(S::LANES) {
                    let first = block * S::LANES;
                    let lanes = simd.first((lstm.units - first).min(S::LANES));
                    let from = (block * lstm.depth() + above + k) * width;
                    for gate in 0..GATES {
                        // SAFETY: the caller's promise; the units of a gate.
                        unsafe {
                            let d = simd.load(places.d_weights.add(from + gate * S::LANES));
                            let to = row.as_mut_ptr().add(gate * lstm.units + first);
                            add_lanes(simd, d, to, lanes);
                        }
                    }
                }
            }
        }
    }
}

/// Adds the given lanes to what is there.
///
/// # Safety
/// `to` must be readable and writable for the lanes.
#[inline(always)]
unsafe fn add_lanes<S: Simd>(simd: S, x: S::Vector, to: *mut f32, lanes: S::Lanes) {
    // SAFETY: the caller's promise.
    unsafe { simd.store_lanes(to, simd.add(simd.load_lanes(to, lanes), x), lanes) };
}
