//! Chains of `Dense` layers so narrow that a vector of outputs would be mostly empty lanes.
//!
//! Here a vector holds one number of many rows instead: a *block* of [`BLOCK`] rows is turned into columns, goes through
//! all layers and back, and never leaves the L1 cache. All lanes are used, whatever the widths are, and a whole training
//! step is one call.

use super::functions::{self, Function};
use super::simd::{self, Simd, Vectorized};
use std::mem::MaybeUninit;

/// Rows that are columns together. A multiple of the lanes of every instruction set.
pub(crate) const BLOCK: usize = 32;
/// The widest layer.
pub(crate) const WIDEST: usize = 16;
/// The most numbers that one row may have in all layers.
const MOST: usize = 96;

/// One `Dense` layer. Places count floats from the start of all parameters, or of all gradients.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NarrowDense {
    /// Numbers that go in.
    pub(crate) features: usize,
    /// Numbers that come out.
    pub(crate) units: usize,
    /// Applied to the output.
    pub(crate) function: Function,
    /// Where the kernel is, (features, units).
    pub(crate) kernel: usize,
    /// Where the bias is, if there is one.
    pub(crate) bias: Option<usize>,
    /// Where the gradients of the two go.
    pub(crate) d_kernel: usize,
    /// See `d_kernel`.
    pub(crate) d_bias: usize,
}

/// Layers one after another.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    layers: Vec<NarrowDense>,
    /// Numbers of one row of the input.
    features: usize,
    /// Whether the softmax of the last layer is taken.
    softmax: bool,
    /// The floats that must be there of parameters, ...
    parameters: usize,
    /// ... and of gradients.
    gradients: usize,
}

impl Chain {
    /// These layers, if each takes what the one before it gives and all are narrow enough.
    pub(crate) fn new(layers: Vec<NarrowDense>, softmax: bool) -> Option<Self> {
        let features = layers.first()?.features;
        let (mut width, mut numbers) = (features, features);
        let (mut parameters, mut gradients) = (0, 0);
        for layer in &layers {
            let sizes = 1..=WIDEST;
            let fits = sizes.contains(&layer.features) && sizes.contains(&layer.units);
            if !fits || layer.features != width {
                return None;
            }
            width = layer.units;
            numbers += width;
            let kernel = layer.features * layer.units;
            parameters = parameters.max(layer.kernel + kernel);
            gradients = gradients.max(layer.d_kernel + kernel);
            if let Some(bias) = layer.bias {
                parameters = parameters.max(bias + layer.units);
                gradients = gradients.max(layer.d_bias + layer.units);
            }
        }
        (numbers <= MOST).then_some(Chain {
            layers,
            features,
            softmax,
            parameters,
            gradients,
        })
    }

    /// Numbers of one answer.
    pub(crate) fn units(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.units)
    }
}

/// The answers for a block: column `u` is `z[u * BLOCK..][..rows]`.
#[derive(Debug)]
pub(crate) struct Block<'a> {
    /// The first of its rows, among those of the pass.
    pub(crate) first: usize,
    /// How many there are; the columns are longer.
    pub(crate) rows: usize,
    /// What the last layer gives.
    pub(crate) z: &'a [f32],
    /// Where its gradient goes; zeros at first, which must stay where there is no row. `None` outside training.
    pub(crate) d_z: Option<&'a mut [f32]>,
}

/// Rows to send through a chain.
pub(crate) struct Pass<'a> {
    /// The layers.
    pub(crate) chain: &'a Chain,
    /// All parameters.
    pub(crate) parameters: &'a [f32],
    /// All samples.
    pub(crate) x: &'a [f32],
    /// Which of them.
    pub(crate) rows: &'a [u32],
    /// Gradients to add to, for a training step.
    pub(crate) gradients: Option<&'a mut [f32]>,
    /// What is done with the answers.
    pub(crate) head: &'a mut dyn FnMut(Block<'_>),
}

impl Pass<'_> {
    /// Forward, head and, with gradients, backward.
    ///
    /// # Panics
    /// If a slice is too short.
    pub(crate) fn run(self) {
        assert!(self.parameters.len() >= self.chain.parameters);
        let gradients = self.gradients.as_ref().map(|g| g.len());
        assert!(gradients.is_none_or(|len| len >= self.chain.gradients));
        simd::dispatch(self);
    }
}

/// The columns of one block. Only those of layers that have been computed are initialised.
#[repr(align(64))]
struct Columns<const N: usize>(MaybeUninit<[f32; N]>);

impl<const N: usize> Columns<N> {
    #[inline(always)]
    fn new() -> Self {
        Columns(MaybeUninit::uninit())
    }

    #[inline(always)]
    fn start(&mut self) -> *mut f32 {
        self.0.as_mut_ptr().cast()
    }
}

impl Vectorized for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        // As many vectors as a block has.
        match S::LANES {
            16 => self.blocks::<S, { BLOCK / 16 }>(simd),
            8 => self.blocks::<S, { BLOCK / 8 }>(simd),
            _ => self.blocks::<S, { BLOCK / 4 }>(simd),
        }
    }
}

impl Pass<'_> {
    #[inline(always)]
    fn blocks<S: Simd, const V: usize>(mut self, simd: S) {
        assert_eq!(V * S::LANES, BLOCK, "a block is whole vectors");
        let mut columns = Columns::<{ MOST * BLOCK }>::new();
        let mut here = Columns::<{ WIDEST * BLOCK }>::new();
        let mut there = Columns::<{ WIDEST * BLOCK }>::new();
        let (columns, here, there) = (columns.start(), here.start(), there.start());
        let rows = self.rows;
        for (i, rows) in rows.chunks(BLOCK).enumerate() {
            // SAFETY: the columns have room for all layers, the gradients for the widest; the slices are long enough,
            // as `Pass::run` and `Chain::new` have seen to, and everything is written before it is read.
            unsafe {
                self.gather(rows, columns);
                let z = self.forward::<S, V>(simd, columns);
                let len = self.chain.units() * BLOCK;
                let training = self.gradients.is_some();
                if training {
                    std::ptr::write_bytes(here, 0, len);
                }
                (self.head)(Block {
                    first: i * BLOCK,
                    rows: rows.len(),
                    z: std::slice::from_raw_parts(z, len),
                    d_z: training.then(|| std::slice::from_raw_parts_mut(here, len)),
                });
                if let Some(gradients) = &mut self.gradients {
                    let gradients = gradients.as_mut_ptr();
                    let (chain, parameters) = (self.chain, self.parameters.as_ptr());
                    backward::<S, V>(simd, chain, parameters, gradients, z, [here, there]);
                }
            }
        }
    }

    /// Turns samples into columns; zeros where there is no row.
    ///
    /// # Safety
    /// Room for the columns.
    #[inline(always)]
    unsafe fn gather(&self, rows: &[u32], columns: *mut f32) {
        let features = self.chain.features;
        if rows.len() < BLOCK {
            // SAFETY: the caller's promise.
            unsafe { std::ptr::write_bytes(columns, 0, features * BLOCK) };
        }
        for (i, &row) in rows.iter().enumerate() {
            let sample = &self.x[row as usize * features..][..features];
            for (f, &x) in sample.iter().enumerate() {
                // SAFETY: the caller's promise.
                unsafe { *columns.add(f * BLOCK + i) = x };
            }
        }
    }

    /// All layers. Returns where the columns of the last are.
    ///
    /// # Safety
    /// Room for the columns of all layers; those of the samples are there.
    #[inline(always)]
    unsafe fn forward<S: Simd, const V: usize>(&self, simd: S, columns: *mut f32) -> *mut f32 {
        let parameters = self.parameters.as_ptr();
        let mut x = columns;
        for layer in &self.chain.layers {
            // SAFETY: the caller's promise; the places of the parameters were checked.
            unsafe {
                let y = x.add(layer.features * BLOCK);
                let kernel = parameters.add(layer.kernel);
                for u in 0..layer.units {
                    let bias = layer.bias.map_or(0.0, |bias| *parameters.add(bias + u));
                    let mut sums = [simd.splat(bias); V];
                    for f in 0..layer.features {
                        let w = simd.splat(*kernel.add(f * layer.units + u));
                        for (v, sum) in sums.iter_mut().enumerate() {
                            let x = simd.load(x.add(f * BLOCK + v * S::LANES));
                            *sum = simd.mul_add(w, x, *sum);
                        }
                    }
                    let outputs = layer.function.forward(simd, sums);
                    for (v, output) in outputs.into_iter().enumerate() {
                        simd.store(y.add(u * BLOCK + v * S::LANES), output);
                    }
                }
                x = y;
            }
        }
        if self.chain.softmax {
            // SAFETY: the columns of the last layer.
            unsafe { softmax::<S, V>(simd, x, self.chain.units(), x) };
        }
        x
    }
}

/// All layers from the last to the first. `y` are the columns of the last, behind those of all others; the first of the two
/// gradients is its own.
///
/// # Safety
/// As said, and the parameters and gradients are as long as the chain says.
#[inline(always)]
unsafe fn backward<S: Simd, const V: usize>(
    simd: S,
    chain: &Chain,
    parameters: *const f32,
    gradients: *mut f32,
    mut y: *const f32,
    [mut d_y, mut d_x]: [*mut f32; 2],
) {
    for (i, layer) in chain.layers.iter().enumerate().rev() {
        let (features, units) = (layer.features, layer.units);
        // SAFETY: the caller's promise.
        unsafe {
            let x = y.sub(features * BLOCK);
            for u in 0..units {
                let mut sum = simd.zero();
                for v in 0..V {
                    let at = u * BLOCK + v * S::LANES;
                    let d = simd.load(d_y.add(at));
                    let d = layer.function.backward(simd, simd.load(y.add(at)), d);
                    simd.store(d_y.add(at), d);
                    sum = simd.add(sum, d);
                }
                if layer.bias.is_some() {
                    *gradients.add(layer.d_bias + u) += simd.sum(sum);
                }
            }
            let kernel = parameters.add(layer.kernel);
            let d_kernel = gradients.add(layer.d_kernel);
            for f in 0..features {
                let mut x_f = [simd.zero(); V];
                for (v, x_f) in x_f.iter_mut().enumerate() {
                    *x_f = simd.load(x.add(f * BLOCK + v * S::LANES));
                }
                let mut d_f = [simd.zero(); V];
                for u in 0..units {
                    let w = simd.splat(*kernel.add(f * units + u));
                    let mut sum = simd.zero();
                    for v in 0..V {
                        let d = simd.load(d_y.add(u * BLOCK + v * S::LANES));
                        sum = simd.mul_add(x_f[v], d, sum);
                        d_f[v] = simd.mul_add(w, d, d_f[v]);
                    }
                    *d_kernel.add(f * units + u) += simd.sum(sum);
                }
                if i > 0 {
                    for (v, &d) in d_f.iter().enumerate() {
                        simd.store(d_x.add(f * BLOCK + v * S::LANES), d);
                    }
                }
            }
            y = x;
        }
        std::mem::swap(&mut d_y, &mut d_x);
    }
}

/// Softmax over columns; `p` may be `z`.
///
/// # Safety
/// `units` columns at both.
#[inline(always)]
unsafe fn softmax<S: Simd, const V: usize>(simd: S, z: *const f32, units: usize, p: *mut f32) {
    for v in 0..V {
        // SAFETY: the caller's promise.
        unsafe {
            let at = |u: usize| u * BLOCK + v * S::LANES;
            let (_, sum) = exponentials(simd, z.add(v * S::LANES), units, p.add(v * S::LANES));
            let share = simd.div(simd.splat(1.0), sum);
            for u in 0..units {
                let e = simd.load(p.add(at(u)));
                simd.store(p.add(at(u)), simd.mul(e, share));
            }
        }
    }
}

/// `e^(z - max)` of one vector of rows, their maximum and the sum over the columns.
///
/// # Safety
/// `units` columns at both.
#[inline(always)]
unsafe fn exponentials<S: Simd>(
    simd: S,
    z: *const f32,
    units: usize,
    e: *mut f32,
) -> (S::Vector, S::Vector) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut greatest = simd.splat(f32::NEG_INFINITY);
        for u in 0..units {
            greatest = simd.max(greatest, simd.load(z.add(u * BLOCK)));
        }
        let mut sum = simd.zero();
        for u in 0..units {
            let x = simd.sub(simd.load(z.add(u * BLOCK)), greatest);
            let power = functions::exp(simd, x);
            sum = simd.add(sum, power);
            simd.store(e.add(u * BLOCK), power);
        }
        (greatest, sum)
    }
}

/// Columns become rows of `units` numbers.
pub(crate) fn rows_of(columns: &[f32], units: usize, rows: &mut [f32]) {
    for (u, column) in columns.chunks_exact(BLOCK).enumerate() {
        let numbers = rows.iter_mut().skip(u).step_by(units);
        numbers.zip(column).for_each(|(to, &from)| *to = from);
    }
}

/// Rows of `units` numbers become columns.
pub(crate) fn columns_of(rows: &[f32], units: usize, columns: &mut [f32]) {
    for (u, column) in columns.chunks_exact_mut(BLOCK).enumerate() {
        let numbers = rows.iter().skip(u).step_by(units);
        column
            .iter_mut()
            .zip(numbers)
            .for_each(|(to, &from)| *to = from);
    }
}

/// Crossentropy of class ids after a softmax, for a block of logits.
pub(crate) struct Crossentropy<'a> {
    /// Logits, column by column.
    pub(crate) z: &'a [f32],
    /// The class of each row; a negative number where there is none.
    pub(crate) classes: &'a [f32; BLOCK],
    /// Where the gradient goes, times `scale`.
    pub(crate) d_z: Option<&'a mut [f32]>,
    /// See `d_z`.
    pub(crate) scale: f32,
}

impl Crossentropy<'_> {
    /// The sum of the losses of the rows.
    ///
    /// # Panics
    /// If the columns are of different number.
    pub(crate) fn run(self) -> f64 {
        assert!(self.z.len().is_multiple_of(BLOCK) && self.z.len() <= WIDEST * BLOCK);
        assert!(self.d_z.as_ref().is_none_or(|d| d.len() == self.z.len()));
        simd::dispatch(self)
    }
}

impl Vectorized for Crossentropy<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) -> f64 {
        let units = self.z.len() / BLOCK;
        let mut exponents = Columns::<{ WIDEST * BLOCK }>::new();
        let e = match &mut self.d_z {
            Some(d_z) => d_z.as_mut_ptr(),
            None => exponents.start(),
        };
        let z = self.z.as_ptr();
        let scale = simd.splat(self.scale);
        // ln s1 + ln s2 + .. = ln (s1 · s2 · ..), and a product of sums from 1 to 16 fits a double.
        let (mut differences, mut product) = (simd.zero(), 1.0_f64);
        let mut first = 0;
        while first < BLOCK {
            // SAFETY: as many columns at both, and `first` is a whole vector's.
            unsafe {
                let class = simd.load(self.classes.as_ptr().add(first));
                let (greatest, sum) = exponentials(simd, z.add(first), units, e.add(first));
                let counts = simd.greater(class, simd.splat(-0.5));
                let share = simd.div(scale, sum);
                let mut own = simd.zero();
                for u in 0..units {
                    let at = u * BLOCK + first;
                    let here = simd.equal(class, simd.splat(u as f32));
                    own = simd.select(here, simd.load(z.add(at)), own);
                    let p = simd.mul(simd.load(e.add(at)), share);
                    let d = simd.sub(p, simd.select(here, scale, simd.zero()));
                    simd.store(e.add(at), simd.select(counts, d, simd.zero()));
                }
                let difference = simd.sub(greatest, own);
                differences = simd.add(differences, simd.select(counts, difference, simd.zero()));
                let mut sums = [1.0_f32; simd::MAX_LANES];
                let sum = simd.select(counts, sum, simd.splat(1.0));
                simd.store(sums.as_mut_ptr(), sum);
                product *= multiply(&sums);
            }
            first += S::LANES;
        }
        product.ln() + f64::from(simd.sum(differences))
    }
}

/// The product of all, in a short chain of operations.
#[inline(always)]
fn multiply(numbers: &[f32; simd::MAX_LANES]) -> f64 {
    let mut products = [1.0_f64; 4];
    for four in numbers.chunks_exact(4) {
        for (product, &n) in products.iter_mut().zip(four) {
            *product *= f64::from(n);
        }
    }
    (products[0] * products[1]) * (products[2] * products[3])
}

#[cfg(test)]
mod tests;
