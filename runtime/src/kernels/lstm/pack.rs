//! Weights in the order in which the products of an LSTM read them.

use super::super::simd::{MAX_LANES, Simd, Vectorized};
use super::{GATES, Lstm, Packing, panels};

/// Packs the weights of all gates.
pub(super) struct Pack<'a> {
    pub(super) lstm: &'a Lstm,
    pub(super) kernel: &'a [f32],
    pub(super) recurrent_kernel: &'a [f32],
    pub(super) bias: &'a [f32],
    pub(super) packing: Packing,
    pub(super) packed: &'a mut [f32],
}

/// The parts of the packed weights, as distances from the start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts {
    /// For the gates: (block, feature or unit, gate, lane).
    pub(super) weights: usize,
    /// (block, gate, lane)
    pub(super) bias: usize,
    /// For the gradient of the state: (panel of two vectors of units, (block, gate, lane), unit).
    pub(super) recurrent_panels: usize,
    /// For the gradient of the input: the same of features.
    pub(super) panels: usize,
}

impl Parts {
    pub(super) fn new(lstm: &Lstm) -> Self {
        let gates = GATES * lstm.padded_units();
        let bias = gates * lstm.depth();
        let recurrent_panels = bias + gates;
        Parts {
            weights: 0,
            bias,
            recurrent_panels,
            panels: recurrent_panels + gates * panels(lstm.units),
        }
    }
}

impl Vectorized for Pack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (lstm, parts) = (self.lstm, Parts::new(self.lstm));
        let blocks = lstm.units.div_ceil(S::LANES);
        let used = match self.packing {
            Packing::Gates => parts.recurrent_panels,
            Packing::States => parts.panels,
            Packing::Inputs => self.packed.len(),
        };
        // Lanes and columns that no weight has, and a bias that the layer has not.
        self.packed[..used].fill(0.0);
        let packed = self.packed.as_mut_ptr();
        for block in 0..blocks {
            let first = block * S::LANES;
            let lanes = simd.first((lstm.units - first).min(S::LANES));
            let rows = (self.kernel.chunks_exact(GATES * lstm.units))
                .chain(self.recurrent_kernel.chunks_exact(GATES * lstm.units));
            let bias = self.bias.chunks_exact(GATES * lstm.units).map(|bias| {
                let to = parts.bias + block * GATES * S::LANES;
                (to, bias)
            });
            let weights = rows.enumerate().map(|(k, row)| {
                let to = parts.weights + (block * lstm.depth() + k) * GATES * S::LANES;
                (to, row)
            });
            for (to, row) in weights.chain(bias) {
                for gate in 0..GATES {
                    // SAFETY: the lanes are those of the block, and there is a place for each lane of each gate.
                    unsafe {
                        let x = simd.load_lanes(row.as_ptr().add(gate * lstm.units + first), lanes);
                        simd.store(packed.add(to + gate * S::LANES), x);
                    }
                }
            }
        }
        if self.packing != Packing::Gates {
            // SAFETY: room for the panels is behind this place.
            unsafe {
                let to = packed.add(parts.recurrent_panels);
                transpose(simd, self.recurrent_kernel, lstm.units, lstm.units, to);
            }
        }
        if self.packing == Packing::Inputs {
            // SAFETY: as above.
            unsafe {
                let to = packed.add(parts.panels);
                transpose(simd, self.kernel, lstm.features, lstm.units, to);
            }
        }
    }
}

/// Writes `rows` rows of weights as the columns of panels, in which the gates of a block lie side by side.
///
/// # Safety
/// `to` must have room for the panels of `rows` columns.
#[inline(always)]
unsafe fn transpose<S: Simd>(simd: S, from: &[f32], rows: usize, units: usize, to: *mut f32) {
    const { assert!(MAX_LANES.is_multiple_of(S::LANES)) };
    let (blocks, width) = (units.div_ceil(S::LANES), 2 * S::LANES);
    let depth = blocks * GATES * S::LANES;
    let mut row = 0;
    while row < rows {
        let height = (rows - row).min(S::LANES);
        for block in 0..blocks {
            let first = block * S::LANES;
            let size = (height, (units - first).min(S::LANES));
            for gate in 0..GATES {
                let at = row / width * depth + (block * GATES + gate) * S::LANES;
                // SAFETY: rows and units that there are, and places in the panel of this row.
                unsafe {
                    let from = from
                        .as_ptr()
                        .add(row * GATES * units + gate * units + first);
                    let to = to.add(at * width + row % width);
                    simd.transpose(from, GATES * units, size, to, width);
                }
            }
        }
        row += S::LANES;
    }
}
