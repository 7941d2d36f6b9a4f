//! `Concatenate`.

use super::merging::{axis_of, differ_in_height_or_width, wrong_count};
use super::{Layer, LayerSizes};
use crate::error::Result;
use crate::gpu::{RecordBackward, RecordForward, Recorder};
use crate::op::{Backward, Forward, Op};
use crate::shape::{MAX_RANK, Message, Outcome, Reach, Setting, Shape};
use crate::tape::NoParameters;
use dfdx::shapes::Dtype;
use dfdx::tensor_ops::Device as DfdxDevice;

/// Several inputs side by side along one axis: the channels of images, or the numbers of vectors.
///
/// # Arguments
/// - `axis` = `-1`: the axis, counted as Keras counts: 0 is the batch, so the axes of a sample begin with 1; -1 is the
///   last one.
///
/// # Shapes
/// - inputs: two or more, of one shape but for the size along `axis`
/// - output: the same shape, with the sum of these sizes
///
/// # Errors
/// In `network!`: one input alone, inputs that differ in more than that axis, an axis that they do not have, the batch's.
///
/// # Source
/// Same as `keras.layers.Concatenate`.
///
/// # Examples
/// ```
/// use addax::network;
///
/// network! {
///     /// What a picture shows and how old the person is.
///     pub Face: (image: (8, 8, 1), age: 1) => (glad: 1) {
///         let seen = Flatten()(Conv2D(4, 3, activation = relu)(image));
///         let glad = Dense(1, activation = sigmoid)(Concatenate()(seen, age));
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Concatenate {
    /// The axis, the batch counted as 0; negative from the end.
    pub axis: isize,
}

impl Concatenate {
    /// The layer with Keras' default.
    #[allow(
        clippy::new_without_default,
        reason = "a layer is made by `network!`, in const context"
    )]
    pub const fn new() -> Self {
        Concatenate { axis: -1 }
    }

    /// The shape rule.
    pub const fn output(&self, inputs: &[Shape]) -> Outcome {
        if inputs.len() < 2 {
            return wrong_count("Concatenate", "()", "two inputs or more", inputs);
        }
        let mut all_known = true;
        // The first known input, with which the others are compared.
        let mut first = Shape::UNKNOWN;
        let mut size = Some(0_usize);
        let mut i = 0;
        while i < inputs.len() {
            let input = inputs[i];
            i += 1;
            if !input.is_known() {
                all_known = false;
                continue;
            }
            let axis = match axis_of("Concatenate", self.axis, input) {
                Ok(axis) => axis,
                Err(message) => return Outcome::error(message),
            };
            if !first.is_known() {
                first = input;
            } else if !equal_but_for(axis, first, input) {
                return Outcome::error(do_not_fit(self.axis, first, input));
            }
            size = match size {
                Some(size) => size.checked_add(input.dim(axis)),
                None => None,
            };
        }
        if !all_known {
            return Outcome::ok(Shape::UNKNOWN);
        }
        let (axis, size) = match (axis_of("Concatenate", self.axis, first), size) {
            (Ok(axis), Some(size)) => (axis, size),
            (Err(message), _) => return Outcome::error(message),
            (_, None) => return too_large(first),
        };
        let output = resized(first, axis, size);
        if output.checked_size().is_none() {
            return too_large(first);
        }
        // Along the last axis every number keeps its place in the image; images side by side are another image.
        let reach = if axis + 1 == output.rank() {
            Reach::Place
        } else {
            Reach::Unknown
        };
        Outcome::ok(output)
            .with_reach(reach)
            .with_setting("axis", Setting::Number(axis + 1))
    }
}

/// Whether the shapes have the same dimensions, those at `axis` aside.
const fn equal_but_for(axis: usize, a: Shape, b: Shape) -> bool {
    a.rank() == b.rank() && resized(a, axis, 1).same_as(resized(b, axis, 1))
}

/// The shape with another size along one axis.
const fn resized(shape: Shape, axis: usize, size: usize) -> Shape {
    let mut dims = [0; MAX_RANK];
    let mut i = 0;
    while i < shape.rank() {
        dims[i] = if i == axis { size } else { shape.dim(i) };
        i += 1;
    }
    Shape::of_rank(shape.rank(), dims)
}

const fn too_large(input: Shape) -> Outcome {
    let message =
        Message::new("`Concatenate` would give more numbers than this machine can count: ")
            .gives(input);
    Outcome::error(message)
}

const fn do_not_fit(axis: isize, a: Shape, b: Shape) -> Message {
    let last = axis == -1 || axis == a.rank() as isize;
    let message = Message::new("`Concatenate` takes inputs that differ in their ");
    let message = match axis {
        _ if last => message.text("last dimension"),
        ..0 => message.text("axis -").number(axis.unsigned_abs()),
        _ => message.text("axis ").number(axis.unsigned_abs()),
    };
    let message = message.text(" only, but ").gives(a).text(" and ").gives(b);
    if a.rank() != b.rank() {
        return message
            .help("bring both to one rank: `Flatten()` makes a vector, `Reshape` any other shape");
    }
    if a.rank() == 3 && last && differ_in_height_or_width(a, b) {
        return message.help(
            "let both have one height and width: a `Conv2D` keeps its own with `padding = same`",
        );
    }
    message.help("make the other dimensions equal")
}

impl Layer for Concatenate {
    const KIND: &'static str = "Concatenate";
    type Parameters<S: LayerSizes, E: Dtype, D: DfdxDevice<E>> = NoParameters<E, D>;

    fn op(&self, inputs: &[Shape], output: Shape) -> Box<dyn Op> {
        // The rule has refused every other axis.
        let axis = axis_of("Concatenate", self.axis, output).unwrap_or(0);
        let width = |shape: &Shape| shape.dims()[axis..].iter().product();
        Box::new(ConcatenateOp {
            lines: output.dims()[..axis].iter().product(),
            widths: inputs.iter().map(width).collect(),
            width: width(&output),
        })
    }
}

#[derive(Debug)]
struct ConcatenateOp {
    /// How often a sample begins anew with the first input.
    lines: usize,
    /// The numbers that each input gives to a line.
    widths: Vec<usize>,
    /// All of them.
    width: usize,
}

impl ConcatenateOp {
    /// Where each input begins in a line.
    fn starts(&self) -> impl Iterator<Item = usize> {
        self.widths.iter().scan(0, |next, width| {
            let start = *next;
            *next += width;
            Some(start)
        })
    }
}

impl Op for ConcatenateOp {
    fn macs(&self) -> usize {
        self.lines * self.width
    }

    fn forward(&self, call: Forward<'_>) {
        for ((x, &width), start) in call.inputs.iter().zip(&self.widths).zip(self.starts()) {
            let lines = call.output.chunks_exact_mut(self.width);
            for (line, x) in lines.zip(x.chunks_exact(width)) {
                line[start..start + width].copy_from_slice(x);
            }
        }
    }

    fn backward(&self, call: Backward<'_>) {
        for ((dx, &width), start) in call
            .d_inputs
            .iter_mut()
            .zip(&self.widths)
            .zip(self.starts())
        {
            let Some(dx) = dx else { continue };
            let lines = call.d_output.chunks_exact(self.width);
            for (line, dx) in lines.zip(dx.chunks_exact_mut(width)) {
                dx.copy_from_slice(&line[start..start + width]);
            }
        }
    }

    fn record_forward(&self, call: RecordForward<'_>, to: &mut Recorder) -> Result<()> {
        for ((&x, &width), start) in call.inputs.iter().zip(&self.widths).zip(self.starts()) {
            let into = call.output.floats(start);
            to.copy_columns(
                (x, width),
                (into, self.width),
                call.rows * self.lines,
                width,
            );
        }
        Ok(())
    }

    fn record_backward(&self, call: RecordBackward<'_>, to: &mut Recorder) -> Result<()> {
        for ((dx, &width), start) in call.d_inputs.iter().zip(&self.widths).zip(self.starts()) {
            let &Some(dx) = dx else { continue };
            let from = call.d_output.floats(start);
            to.copy_columns(
                (from, self.width),
                (dx, width),
                call.rows * self.lines,
                width,
            );
        }
        Ok(())
    }
}
