//! The passes, each in one function for one instruction set.
//!
//! What they share are the steps of the formulas: transforms of the tiles of a block, and the 16 products between them. All
//! of them rely on the lengths that [`Winograd`]'s caller has compared: of the samples, and of what [`Winograd`] asks for.

use super::images::{Corner, Images};
use super::transforms::{self, Square};
use super::{BLOCK, POSITIONS, Place, Winograd};
use crate::kernels::convolution::padded;
use crate::kernels::simd::{Simd, Vectorized};
use crate::kernels::tile::{Kind, Repeat, Tile, opaque};
use crate::kernels::transpose::transpose_with;

/// Tiles of one block: the first, and how many.
type Block = (Place, usize);

pub(super) struct Pack<'a> {
    pub(super) winograd: &'a Winograd,
    pub(super) kernel: &'a [f32],
    /// `U` (position, channel, filter), with padded rows of zeros.
    pub(super) forward: &'a mut [f32],
    /// `U` (position, filter, channel), the same.
    pub(super) backward: Option<&'a mut [f32]>,
}

impl Vectorized for Pack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (channels, filters) = self.winograd.widths();
        let stride = channels * padded(filters);
        for channel in 0..channels {
            let mut first = 0;
            while first < filters {
                let lanes = simd.first((filters - first).min(S::LANES));
                let from = self.kernel[channel * filters + first..].as_ptr();
                let to = self.forward[channel * padded(filters) + first..].as_mut_ptr();
                // SAFETY: nine taps of `channels * filters` floats, 16 positions of `stride` floats.
                unsafe {
                    let mut taps = [[simd.zero(); 3]; 3];
                    for (tap, vector) in taps.as_flattened_mut().iter_mut().enumerate() {
                        *vector = simd.load_lanes(from.add(tap * channels * filters), lanes);
                    }
                    let u = transforms::kernel(simd, &taps);
                    store_positions(simd, to, stride, lanes, u);
                }
                first += S::LANES;
            }
        }
        let Some(backward) = self.backward else {
            return;
        };
        let turned = backward.chunks_exact_mut(filters * padded(channels));
        for (to, from) in turned.zip(self.forward.chunks_exact(stride)) {
            let size = (channels, filters);
            transpose_with(simd, (from, padded(filters)), size, (to, padded(channels)));
        }
    }
}

pub(super) struct Forward<'a> {
    pub(super) winograd: &'a Winograd,
    pub(super) rows: usize,
    pub(super) x: &'a [f32],
    pub(super) bias: &'a [f32],
    pub(super) weights: &'a [f32],
    pub(super) relu: bool,
    pub(super) y: &'a mut [f32],
    pub(super) v: &'a mut [f32],
    pub(super) m: &'a mut [f32],
}

impl Vectorized for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let winograd = self.winograd;
        let (channels, filters) = winograd.widths();
        let (v, m) = (self.v.as_mut_ptr(), self.m.as_mut_ptr());
        for block in winograd.blocks(self.rows) {
            // SAFETY: see the head of the file.
            unsafe {
                winograd.transform_input(simd, (self.x.as_ptr(), false), block, v);
                products(
                    simd,
                    (block.1, channels, filters),
                    v,
                    self.weights.as_ptr(),
                    m,
                );
                self.transform_output(simd, block);
            }
        }
    }
}

impl Forward<'_> {
    /// # Safety
    /// See the head of the file.
    #[inline(always)]
    unsafe fn transform_output<S: Simd>(&self, simd: S, (start, count): Block) {
        let images = self.winograd.outputs();
        let filters = images.channels;
        let zero = simd.zero();
        let mut first = 0;
        while first < filters {
            let lanes = simd.first((filters - first).min(S::LANES));
            // SAFETY: see the head of the file.
            unsafe {
                let bias = simd.load_lanes(self.bias.as_ptr().add(first), lanes);
                let y = self.y.as_ptr().cast_mut().add(first);
                let mut place = start;
                for tile in 0..count {
                    let from = self.m.as_ptr().add(tile * filters + first);
                    let m = load_positions(simd, from, count * filters, lanes);
                    let mut pixels = transforms::output(simd, &m);
                    for pixel in pixels.as_flattened_mut() {
                        *pixel = simd.add(*pixel, bias);
                        if self.relu {
                            // In this order NaN stays NaN.
                            *pixel = simd.max(zero, *pixel);
                        }
                    }
                    images.store(simd, y, self.winograd.tile(place), lanes, pixels);
                    place = self.winograd.after(place);
                }
            }
            first += S::LANES;
        }
    }
}

pub(super) struct Backward<'a> {
    pub(super) winograd: &'a Winograd,
    pub(super) rows: usize,
    pub(super) x: &'a [f32],
    pub(super) y: Option<&'a [f32]>,
    pub(super) dy: &'a [f32],
    pub(super) weights: &'a [f32],
    pub(super) dx: Option<&'a mut [f32]>,
    pub(super) d_kernel: Option<&'a mut [f32]>,
    pub(super) d_bias: Option<&'a mut [f32]>,
    pub(super) v: &'a mut [f32],
    pub(super) m: &'a mut [f32],
    pub(super) d_u: &'a mut [f32],
}

impl Vectorized for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let winograd = self.winograd;
        let (channels, filters) = winograd.widths();
        if let Some(dx) = self.dx.as_deref_mut() {
            dx.fill(0.0);
        }
        let (v, m) = (self.v.as_mut_ptr(), self.m.as_mut_ptr());
        for (i, block) in winograd.blocks(self.rows).enumerate() {
            // SAFETY: see the head of the file.
            unsafe {
                self.transform_output_gradient(simd, block);
                if self.d_kernel.is_some() {
                    winograd.transform_input(simd, (self.x.as_ptr(), true), block, v);
                    self.kernel_products(simd, block.1, i > 0);
                }
                if let Some(dx) = self.dx.as_deref_mut() {
                    products(
                        simd,
                        (block.1, filters, channels),
                        m,
                        self.weights.as_ptr(),
                        v,
                    );
                    winograd.transform_input_gradient(simd, v, block, dx.as_mut_ptr());
                }
            }
        }
        if let Some(d_kernel) = self.d_kernel.as_deref_mut() {
            // SAFETY: see the head of the file.
            unsafe { winograd.transform_kernel_gradient(simd, self.d_u.as_ptr(), d_kernel) };
        }
    }
}

impl Backward<'_> {
    /// `dM` of a block, and what it adds to the gradient of the bias.
    ///
    /// # Safety
    /// See the head of the file.
    #[inline(always)]
    unsafe fn transform_output_gradient<S: Simd>(&mut self, simd: S, (start, count): Block) {
        let images = self.winograd.outputs();
        let filters = images.channels;
        let zero = simd.zero();
        let mut first = 0;
        while first < filters {
            let lanes = simd.first((filters - first).min(S::LANES));
            // SAFETY: see the head of the file.
            unsafe {
                let mut sum = zero;
                let mut place = start;
                for tile in 0..count {
                    let at = self.winograd.tile(place);
                    let mut dy: Square<S, 2> =
                        images.load(simd, self.dy.as_ptr().add(first), at, lanes);
                    if let Some(y) = self.y {
                        let y: Square<S, 2> = images.load(simd, y.as_ptr().add(first), at, lanes);
                        let pixels = dy.as_flattened_mut().iter_mut();
                        for (dy, &y) in pixels.zip(y.as_flattened()) {
                            *dy = simd.select(simd.greater(y, zero), *dy, zero);
                        }
                    }
                    let m = transforms::output_gradient(simd, &dy);
                    // Here stands the sum of the four.
                    sum = simd.add(sum, m[1][1]);
                    let to = self.m.as_mut_ptr().add(tile * filters + first);
                    store_positions(simd, to, count * filters, lanes, m);
                    place = self.winograd.after(place);
                }
                if let Some(d_bias) = self.d_bias.as_deref_mut() {
                    let d_bias = d_bias.as_mut_ptr().add(first);
                    sum = simd.add(sum, simd.load_lanes(d_bias, lanes));
                    simd.store_lanes(d_bias, sum, lanes);
                }
            }
            first += S::LANES;
        }
    }

    /// `V[position]' dM[position]`, added to `dU` or instead of it.
    ///
    /// # Safety
    /// See the head of the file.
    #[inline(always)]
    unsafe fn kernel_products<S: Simd>(&mut self, simd: S, count: usize, accumulate: bool) {
        let (channels, filters) = self.winograd.widths();
        let products = Tile {
            kind: Kind::Rows,
            rows: channels,
            columns: filters,
            segments: 1,
            steps: count,
            a: self.v.as_ptr(),
            a_stride: channels,
            a_segment: 0,
            b: self.m.as_ptr(),
            b_step: filters,
            b_segment: 0,
            c: self.d_u.as_mut_ptr(),
            c_stride: filters,
            accumulate,
            bias: std::ptr::null(),
            relu: false,
            repeat: Repeat {
                times: POSITIONS,
                a_next: count * channels,
                b_next: count * filters,
                c_next: channels * filters,
            },
        };
        // SAFETY: see the head of the file.
        unsafe { products.run_in_parts(simd) };
    }
}

impl Winograd {
    /// Channels and filters.
    fn widths(&self) -> (usize, usize) {
        (self.conv.channels, self.conv.filters)
    }

    fn inputs(&self) -> Images {
        Images {
            size: self.conv.input,
            channels: self.conv.channels,
        }
    }

    fn outputs(&self) -> Images {
        Images {
            size: self.conv.output,
            channels: self.conv.filters,
        }
    }

    /// The tile of the output.
    #[inline(always)]
    fn tile(&self, place: Place) -> Corner {
        Corner {
            sample: place.sample,
            row: (2 * place.row).cast_signed(),
            column: (2 * place.column).cast_signed(),
        }
    }

    /// The patch of the input that a tile depends on.
    #[inline(always)]
    fn patch(&self, place: Place) -> Corner {
        let tile = self.tile(place);
        let (above, left) = self.conv.padding;
        Corner {
            row: tile.row.wrapping_sub_unsigned(above),
            column: tile.column.wrapping_sub_unsigned(left),
            ..tile
        }
    }

    /// `V` of a block. A `cold` input was made long ago: it is no longer in a near cache.
    ///
    /// # Safety
    /// `x` has the samples of the block, `v` room for it.
    #[inline(always)]
    unsafe fn transform_input<S: Simd>(
        &self,
        simd: S,
        (x, is_cold): (*const f32, bool),
        (start, count): Block,
        v: *mut f32,
    ) {
        let images = self.inputs();
        let channels = images.channels;
        let mut first = 0;
        while first < channels {
            let lanes = simd.first((channels - first).min(S::LANES));
            let mut place = start;
            for tile in 0..count {
                // SAFETY: by the caller's promise.
                unsafe {
                    let at = self.patch(place);
                    let patch = images.load(simd, x.add(first), at, lanes);
                    if is_cold {
                        images.prefetch_below::<S, 4>(simd, x.add(first), at);
                    }
                    let to = v.add(tile * channels + first);
                    let patch = transforms::input(simd, &patch);
                    store_positions(simd, to, count * channels, lanes, patch);
                }
                place = self.after(place);
            }
            first += S::LANES;
        }
    }

    /// Adds `B dV B'` of a block to the gradient of the input.
    ///
    /// # Safety
    /// As for [`Self::transform_input`], and `dx` may be written.
    #[inline(always)]
    unsafe fn transform_input_gradient<S: Simd>(
        &self,
        simd: S,
        v: *const f32,
        (start, count): Block,
        dx: *mut f32,
    ) {
        let images = self.inputs();
        let channels = images.channels;
        let mut first = 0;
        while first < channels {
            let lanes = simd.first((channels - first).min(S::LANES));
            let mut place = start;
            for tile in 0..count {
                // SAFETY: by the caller's promise.
                unsafe {
                    let from = v.add(tile * channels + first);
                    let v = load_positions(simd, from, count * channels, lanes);
                    let patch = transforms::input_gradient(simd, &v);
                    images.add(simd, dx.add(first), self.patch(place), lanes, patch);
                }
                place = self.after(place);
            }
            first += S::LANES;
        }
    }

    /// Adds `G' dU G` to the gradient of the kernel.
    ///
    /// # Safety
    /// `d_u` has all positions.
    #[inline(always)]
    unsafe fn transform_kernel_gradient<S: Simd>(
        &self,
        simd: S,
        d_u: *const f32,
        d_kernel: &mut [f32],
    ) {
        let (channels, filters) = self.widths();
        let stride = channels * filters;
        for channel in 0..channels {
            let mut first = 0;
            while first < filters {
                let lanes = simd.first((filters - first).min(S::LANES));
                // SAFETY: see the head of the file.
                unsafe {
                    let at = channel * filters + first;
                    let u = load_positions(simd, d_u.add(at), stride, lanes);
                    let taps = transforms::kernel_gradient(simd, &u);
                    for (tap, &sum) in taps.as_flattened().iter().enumerate() {
                        let to = d_kernel.as_mut_ptr().add(tap * stride + at);
                        let sum = simd.add(sum, simd.load_lanes(to, lanes));
                        simd.store_lanes(to, sum, lanes);
                    }
                }
                first += S::LANES;
            }
        }
    }
}

/// `c[position] = a[position] b[position]`: `rows` rows of `steps` floats times `steps` padded rows of `columns` floats.
///
/// # Safety
/// The matrices of all positions have their lengths, and no other writes or reads `c` meanwhile.
#[inline(always)]
unsafe fn products<S: Simd>(
    simd: S,
    (rows, steps, columns): (usize, usize, usize),
    a: *const f32,
    b: *const f32,
    c: *mut f32,
) {
    debug_assert!(rows <= BLOCK);
    let products = Tile {
        kind: Kind::Steps,
        rows,
        columns,
        segments: 1,
        steps,
        a,
        a_stride: steps,
        a_segment: 0,
        b,
        b_step: padded(columns),
        b_segment: 0,
        c,
        c_stride: columns,
        accumulate: false,
        bias: std::ptr::null(),
        relu: false,
        repeat: Repeat {
            times: POSITIONS,
            a_next: rows * steps,
            b_next: steps * padded(columns),
            c_next: rows * columns,
        },
    };
    // SAFETY: by the caller's promise.
    unsafe { products.run_in_parts(simd) };
}

/// Writes the elements of a square `stride` floats apart.
///
/// # Safety
/// `to` is writable there.
#[inline(always)]
unsafe fn store_positions<S: Simd>(
    simd: S,
    to: *mut f32,
    stride: usize,
    lanes: S::Lanes,
    square: Square<S, 4>,
) {
    // Otherwise the optimiser keeps 16 pointers, on the stack.
    let stride = opaque(stride);
    for (position, &vector) in square.as_flattened().iter().enumerate() {
        // SAFETY: by the caller's promise.
        unsafe { simd.store_lanes(to.add(position * stride), vector, lanes) };
    }
}

/// Reads what [`store_positions`] writes.
///
/// # Safety
/// `from` is readable there.
#[inline(always)]
unsafe fn load_positions<S: Simd>(
    simd: S,
    from: *const f32,
    stride: usize,
    lanes: S::Lanes,
) -> Square<S, 4> {
    let stride = opaque(stride);
    let mut square = [[simd.zero(); 4]; 4];
    for (position, vector) in square.as_flattened_mut().iter_mut().enumerate() {
        // SAFETY: by the caller's promise.
        *vector = unsafe { simd.load_lanes(from.add(position * stride), lanes) };
    }
    square
}
