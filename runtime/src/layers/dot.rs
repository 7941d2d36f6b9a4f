//! `Dot`.

use super::merging::{axis_of, wrong_count};
use super::{Layer, LayerSizes};
use crate::error::Result;
use crate::gpu::command::Argument;
use crate::gpu::{Pointer, RecordBackward, RecordForward, Recorder};
use crate::kernels::gemm::{Matrix, Product};
use crate::op::{Backward, Forward, GpuMemory, Memory, Op};
use crate::shape::{MAX_RANK, Message, Outcome, Reach, Setting, Shape};
use crate::tape::NoParameters;
use dfdx::shapes::Dtype;
use dfdx::tensor_ops::Device as DfdxDevice;

/// Inner products of two inputs, sample by sample: each vector along an axis of the first with each vector along an axis
/// of the second.
///
/// # Arguments
/// - `axes`: the axis of the first input and that of the second, counted as Keras counts: 0 is the batch, so the axes of
///   a sample begin with 1; -1 is the last one. One number stands for both.
/// - `normalize` = `false`: divide each vector by its length first, which makes the products cosines. (A length below
///   1e-7 counts as 1e-7.)
///
/// # Shapes
/// - inputs: two, of the same size along their axis
/// - output: what is left of the first shape without its axis, then of the second; 1 if nothing is left
///
/// # Errors
/// In `network!`: another number of inputs, an axis that they do not have, the batch's, axes of different sizes, more than
/// four dimensions.
///
/// # Source
/// Same as `keras.layers.Dot`.
///
/// # Examples
/// ```
/// use addax::network;
///
/// network! {
///     /// How alike two faces are, and how much each of six queries has to do with each of nine keys.
///     pub Likeness: (left: 64, right: 64, queries: (6, 16), keys: (9, 16)) => (cosine: 1, scores: (6, 9)) {
///         let cosine = Dot(1, normalize = true)(left, right);
///         let scores = Dot((2, 2))(queries, keys);
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Dot {
    /// The axis of each input, the batch counted as 0; negative from the end.
    pub axes: [isize; 2],
    /// Whether each vector is divided by its length first.
    pub normalize: bool,
}

impl Dot {
    /// Inner products along these axes.
    pub const fn new(axes: [isize; 2]) -> Self {
        Dot {
            axes,
            normalize: false,
        }
    }

    /// The shape rule.
    pub const fn output(&self, inputs: &[Shape]) -> Outcome {
        let [a, b] = match inputs {
            &[a, b] => [a, b],
            _ => return wrong_count("Dot", "(1)", "two inputs", inputs),
        };
        let (axis_a, axis_b) = match (
            axis_of("Dot", self.axes[0], a),
            axis_of("Dot", self.axes[1], b),
        ) {
            (Ok(axis_a), Ok(axis_b)) => (axis_a, axis_b),
            (Err(message), _) | (_, Err(message)) => return Outcome::error(message),
        };
        if !a.is_known() || !b.is_known() {
            return Outcome::ok(Shape::UNKNOWN);
        }
        if a.dim(axis_a) != b.dim(axis_b) {
            return Outcome::error(do_not_fit((a, axis_a), (b, axis_b)));
        }
        let rank = a.rank() + b.rank() - 2;
        if rank > MAX_RANK {
            let message = Message::new("`Dot` would give ")
                .number(rank)
                .text(" dimensions, but a sample has at most 4: ")
                .gives(a)
                .text(" and ")
                .gives(b)
                .help("`Reshape` can take some of them together");
            return Outcome::error(message);
        }
        let output = if rank == 0 {
            Shape::new([1])
        } else {
            let (dims, kept) = without(a, axis_a, ([0; MAX_RANK], 0));
            let (dims, kept) = without(b, axis_b, (dims, kept));
            Shape::of_rank(kept, dims)
        };
        let macs = match output.checked_size() {
            Some(size) => size.checked_mul(a.dim(axis_a)),
            None => None,
        };
        let Some(macs) = macs else {
            let message = Message::new("`Dot` would give ")
                .shape(output)
                .text(", which is more than this machine can count");
            return Outcome::error(message);
        };
        // Of images it makes neither a window nor the whole.
        let reach = if a.rank() == 1 && b.rank() == 1 {
            Reach::All
        } else {
            Reach::Unknown
        };
        Outcome::ok(output)
            .with_macs(macs)
            .with_reach(reach)
            .with_setting("axes", Setting::Pair([axis_a + 1, axis_b + 1]))
            .with_setting("normalize", Setting::Flag(self.normalize))
    }
}

/// Puts the dimensions of a shape, that of one axis left out, behind those that are there.
const fn without(
    shape: Shape,
    axis: usize,
    (mut dims, mut kept): ([usize; MAX_RANK], usize),
) -> ([usize; MAX_RANK], usize) {
    let mut i = 0;
    while i < shape.rank() {
        if i != axis {
            dims[kept] = shape.dim(i);
            kept += 1;
        }
        i += 1;
    }
    (dims, kept)
}

const fn do_not_fit((a, axis_a): (Shape, usize), (b, axis_b): (Shape, usize)) -> Message {
    Message::new("`Dot` takes inputs of one size along their axes, but axis ")
        .number(axis_a + 1)
        .text(" of the first has ")
        .number(a.dim(axis_a))
        .text(" and axis ")
        .number(axis_b + 1)
        .text(" of the second has ")
        .number(b.dim(axis_b))
        .text(": ")
        .gives(a)
        .text(" and ")
        .gives(b)
        .help("name an axis of each that have one size: `Dot((axis of the first, axis of the second))`")
}

impl Layer for Dot {
    const KIND: &'static str = "Dot";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = NoParameters<E, D>;

    fn op(&self, inputs: &[Shape], _: Shape) -> Box<dyn Op> {
        let vectors = |i: usize| {
            Vectors::along(
                axis_of("Dot", self.axes[i], inputs[i]).unwrap_or(0),
                inputs[i],
            )
        };
        Box::new(DotOp {
            a: vectors(0),
            b: vectors(1),
            normalize: self.normalize,
        })
    }
}

/// A vector shorter than this is divided by this.
const EPSILON: f32 = 1e-7;

/// The vectors of a sample along one of its axes.
#[derive(Clone, Copy, Debug)]
struct Vectors {
    /// How many.
    count: usize,
    /// Numbers of each.
    len: usize,
    /// How far apart these numbers stand.
    step: usize,
}

impl Vectors {
    fn along(axis: usize, shape: Shape) -> Self {
        let len = shape.dim(axis);
        Vectors {
            count: shape.size() / len.max(1),
            len,
            step: shape.dims()[axis + 1..].iter().product(),
        }
    }

    fn size(&self) -> usize {
        self.count * self.len
    }

    /// For each number of a sample, one vector after the other: where it stands.
    fn places(&self) -> impl Iterator<Item = usize> + use<> {
        let Vectors { count, len, step } = *self;
        (0..count).flat_map(move |vector| {
            let start = vector / step * step * len + vector % step;
            (0..len).map(move |i| start + i * step)
        })
    }

    /// The vectors of a sample one after the other.
    fn gather(&self, sample: &[f32], into: &mut [f32]) {
        if self.step == 1 {
            into.copy_from_slice(sample);
            return;
        }
        for (number, place) in into.iter_mut().zip(self.places()) {
            *number = sample[place];
        }
    }

    /// Back to where they stand in a sample.
    fn scatter(&self, vectors: &[f32], into: &mut [f32]) {
        if self.step == 1 {
            into.copy_from_slice(vectors);
            return;
        }
        for (number, place) in vectors.iter().zip(self.places()) {
            into[place] = *number;
        }
    }

    /// Divides each vector by its length, and notes what it was multiplied with.
    fn normalize(&self, vectors: &mut [f32], factors: &mut [f32]) {
        for (vector, factor) in vectors.chunks_exact_mut(self.len).zip(factors) {
            let square: f32 = vector.iter().map(|x| x * x).sum();
            *factor = square.sqrt().recip().min(EPSILON.recip());
            vector.iter_mut().for_each(|x| *x *= *factor);
        }
    }

    /// Turns the gradients of normalized vectors into those of the vectors.
    fn normalize_backward(&self, normalized: &[f32], factors: &[f32], gradients: &mut [f32]) {
        let vectors = normalized.chunks_exact(self.len).zip(factors);
        for ((y, &factor), gradient) in vectors.zip(gradients.chunks_exact_mut(self.len)) {
            // A factor at its bound no longer depends on the vector.
            let along = match factor < EPSILON.recip() {
                true => y.iter().zip(&*gradient).map(|(y, dy)| y * dy).sum(),
                false => 0.0,
            };
            for (y, gradient) in y.iter().zip(gradient) {
                *gradient = factor * (*gradient - along * y);
            }
        }
    }
}

impl From<Vectors> for Argument {
    fn from(vectors: Vectors) -> Self {
        [vectors.count, vectors.len, vectors.step]
            .map(|n| n as i32)
            .into()
    }
}

#[derive(Debug)]
struct DotOp {
    a: Vectors,
    b: Vectors,
    normalize: bool,
}

/// The room for one sample.
struct Room<'a> {
    a: &'a mut [f32],
    b: &'a mut [f32],
    factors_a: &'a mut [f32],
    factors_b: &'a mut [f32],
    gradient: &'a mut [f32],
}

impl DotOp {
    fn size(&self) -> usize {
        self.a.count * self.b.count
    }

    fn room<'a>(&self, scratch: &'a mut [f32]) -> Room<'a> {
        let (a, rest) = scratch.split_at_mut(self.a.size());
        let (b, rest) = rest.split_at_mut(self.b.size());
        let (factors_a, rest) = rest.split_at_mut(self.a.count);
        let (factors_b, gradient) = rest.split_at_mut(self.b.count);
        Room {
            a,
            b,
            factors_a,
            factors_b,
            gradient,
        }
    }

    /// Puts the vectors of one sample, normalized if they are to be, into their room.
    fn gather(&self, row: usize, inputs: &[&[f32]], room: &mut Room<'_>) {
        self.a.gather(sample(inputs[0], row, self.a.size()), room.a);
        self.b.gather(sample(inputs[1], row, self.b.size()), room.b);
        if self.normalize {
            self.a.normalize(room.a, room.factors_a);
            self.b.normalize(room.b, room.factors_b);
        }
    }
}

/// One sample of a batch.
fn sample(numbers: &[f32], row: usize, size: usize) -> &[f32] {
    &numbers[row * size..][..size]
}

impl Op for DotOp {
    fn memory(&self, training: bool) -> Memory {
        let gradient = self.a.size().max(self.b.size());
        let vectors = self.a.size() + self.b.size() + self.a.count + self.b.count;
        Memory {
            scratch: if training {
                vectors + gradient
            } else {
                vectors
            },
            ..Memory::default()
        }
    }

    fn macs(&self) -> usize {
        self.size() * self.a.len
    }

    fn forward(&self, call: Forward<'_>) {
        let mut room = self.room(call.scratch);
        for (row, output) in call.output.chunks_exact_mut(self.size()).enumerate() {
            self.gather(row, call.inputs, &mut room);
            let a = Matrix::new(room.a, self.a.count, self.a.len);
            let b = Matrix::new(room.b, self.b.count, self.b.len);
            Product::new(a, b.t()).run(output, self.b.count);
        }
    }

    fn backward(&self, call: Backward<'_>) {
        let mut room = self.room(call.scratch);
        let [d_a, d_b] = call.d_inputs else { return };
        for (row, d_output) in call.d_output.chunks_exact(self.size()).enumerate() {
            self.gather(row, call.inputs, &mut room);
            let d_output = Matrix::new(d_output, self.a.count, self.b.count);
            if let Some(d_a) = d_a {
                let gradient = &mut room.gradient[..self.a.size()];
                let b = Matrix::new(room.b, self.b.count, self.b.len);
                Product::new(d_output, b).run(gradient, self.a.len);
                if self.normalize {
                    self.a.normalize_backward(room.a, room.factors_a, gradient);
                }
                self.a
                    .scatter(gradient, &mut d_a[row * self.a.size()..][..self.a.size()]);
            }
            if let Some(d_b) = d_b {
                let gradient = &mut room.gradient[..self.b.size()];
                let a = Matrix::new(room.a, self.a.count, self.a.len);
                Product::new(d_output.t(), a).run(gradient, self.b.len);
                if self.normalize {
                    self.b.normalize_backward(room.b, room.factors_b, gradient);
                }
                self.b
                    .scatter(gradient, &mut d_b[row * self.b.size()..][..self.b.size()]);
            }
        }
    }

    fn gpu_memory(&self, rows: usize, _: bool) -> GpuMemory {
        let vectors = self.a.size() + self.b.size() + self.a.count + self.b.count;
        GpuMemory {
            shared: if self.normalize { rows * vectors } else { 0 },
            scratch: 0,
        }
    }

    fn record_forward(&self, call: RecordForward<'_>, to: &mut Recorder) -> Result<()> {
        let operands = self.operands(call.rows, call.inputs, call.shared);
        if self.normalize {
            for (&x, operand) in call.inputs.iter().zip(&operands) {
                let arguments = [
                    x.into(),
                    operand.vectors.into(),
                    operand.factors.into(),
                    call.rows.into(),
                    operand.at.into(),
                ];
                to.rows("unit_vectors", call.rows * operand.vectors.count, arguments);
            }
        }
        let [a, b] = operands;
        let arguments = [
            a.at.into(),
            a.vectors.into(),
            b.at.into(),
            b.vectors.into(),
            call.output.into(),
            call.rows.into(),
        ];
        let blocks = (call.rows * self.size()).div_ceil(256);
        to.launch("dot_forward", [blocks, 1, 1], arguments);
        Ok(())
    }

    fn record_backward(&self, call: RecordBackward<'_>, to: &mut Recorder) -> Result<()> {
        let [a, b] = self.operands(call.rows, call.inputs, call.shared);
        // How far apart the gradients stand for neighbours of the first input's vectors, and for those of the second's.
        let steps = [self.b.count, 1];
        for (i, (own, other)) in [(a, b), (b, a)].into_iter().enumerate() {
            let Some(d_input) = call.d_inputs[i] else {
                continue;
            };
            let arguments = [
                call.d_output.into(),
                steps[i].into(),
                other.at.into(),
                other.vectors.into(),
                steps[1 - i].into(),
                d_input.into(),
                own.vectors.into(),
                call.rows.into(),
            ];
            let blocks = (call.rows * own.vectors.size()).div_ceil(256);
            to.launch("dot_backward", [blocks, 1, 1], arguments);
            if self.normalize {
                let arguments = [
                    own.at.into(),
                    own.vectors.into(),
                    own.factors.into(),
                    call.rows.into(),
                    d_input.into(),
                ];
                to.rows(
                    "unit_vectors_backward",
                    call.rows * own.vectors.count,
                    arguments,
                );
            }
        }
        Ok(())
    }
}

/// An input on the device, or its normalized vectors in the same places.
#[derive(Clone, Copy)]
struct Operand {
    at: Pointer,
    vectors: Vectors,
    /// What the vectors were multiplied with.
    factors: Pointer,
}

impl DotOp {
    fn operands(&self, rows: usize, inputs: &[Pointer], shared: Pointer) -> [Operand; 2] {
        let (a, b) = (rows * self.a.size(), rows * self.b.size());
        let place = |i: usize, from: usize| {
            if self.normalize {
                shared.floats(from)
            } else {
                inputs[i]
            }
        };
        [
            Operand {
                at: place(0, 0),
                vectors: self.a,
                factors: shared.floats(a + b),
            },
            Operand {
                at: place(1, a),
                vectors: self.b,
                factors: shared.floats(a + b + rows * self.a.count),
            },
        ]
    }
}
