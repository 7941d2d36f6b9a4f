//! Layers that put several inputs together: their shape rules, and the op of those that do it number by number.
//!
//! Shapes are aligned at their last dimension, and a size of 1, or a dimension that is missing in front, stretches to
//! that of the other inputs, for each sample on its own.

mod op;
#[cfg(test)]
mod tests;

pub(super) use op::{Merging, merge_op};

use crate::shape::{MAX_RANK, Message, Outcome, Reach, Shape};

/// The shape rule of a layer that takes two inputs or more.
pub(super) const fn merge_output(layer: &str, inputs: &[Shape]) -> Outcome {
    if inputs.len() >= 2 {
        return stretched(layer, inputs);
    }
    wrong_count(layer, "()", "two inputs or more", inputs)
}

/// The shape rule of a layer that takes two inputs.
pub(super) const fn merge_two_output(layer: &str, inputs: &[Shape]) -> Outcome {
    if inputs.len() == 2 {
        return stretched(layer, inputs);
    }
    wrong_count(layer, "()", "two inputs", inputs)
}

/// What a layer says that is given another number of inputs than it takes; `arguments` are such as it may have. It goes on
/// with the only one, if there is one.
pub(super) const fn wrong_count(
    layer: &str,
    arguments: &str,
    takes: &str,
    inputs: &[Shape],
) -> Outcome {
    let message = Message::new("`")
        .text(layer)
        .text("` takes ")
        .text(takes)
        .text(", but is given ")
        .number(inputs.len())
        .help("a graph gives it its inputs: `let z = ")
        .text(layer)
        .text(arguments)
        .text("(x, y);`");
    let outcome = Outcome::error(message);
    match inputs {
        [input] => outcome.but_assume(*input),
        _ => outcome,
    }
}

/// The common shape, or the message that names the first two inputs that have none.
const fn stretched(layer: &str, inputs: &[Shape]) -> Outcome {
    let mut all_known = true;
    let mut output = Shape::new([]);
    let mut i = 0;
    while i < inputs.len() {
        let mut earlier = 0;
        while earlier < i {
            if pair(inputs[earlier], inputs[i]).is_none() {
                return Outcome::error(do_not_fit(layer, inputs[earlier], inputs[i]));
            }
            earlier += 1;
        }
        all_known = all_known && inputs[i].is_known();
        // Inputs that fit each other by twos fit all together.
        if let Some(both) = pair(output, inputs[i]) {
            output = both;
        }
        i += 1;
    }
    if !all_known {
        return Outcome::ok(Shape::UNKNOWN);
    }
    if output.checked_size().is_none() {
        let message = Message::new("`")
            .text(layer)
            .text("` would give ")
            .shape(output)
            .text(", which are more numbers than this machine can count");
        return Outcome::error(message);
    }
    Outcome::ok(output).with_reach(reach(inputs, output))
}

/// What a number depends on: what stands in its place, unless an image is stretched along one of its sides only.
const fn reach(inputs: &[Shape], output: Shape) -> Reach {
    let mut i = 0;
    while i < inputs.len() {
        let pixel = inputs[i].dim(0) == 1 && inputs[i].dim(1) == 1;
        if inputs[i].rank() == 3 && !pixel && differ_in_height_or_width(inputs[i], output) {
            return Reach::Unknown;
        }
        i += 1;
    }
    Reach::Place
}

/// The shape that two shapes stretch to, if there is one. An unknown shape fits everything.
const fn pair(a: Shape, b: Shape) -> Option<Shape> {
    if !a.is_known() || !b.is_known() {
        return Some(Shape::UNKNOWN);
    }
    let rank = if a.rank() > b.rank() {
        a.rank()
    } else {
        b.rank()
    };
    let mut dims = [1; MAX_RANK];
    let mut axis = 0;
    while axis < rank {
        let (of_a, of_b) = (aligned(a, axis, rank), aligned(b, axis, rank));
        if of_a != of_b && of_a != 1 && of_b != 1 {
            return None;
        }
        dims[axis] = if of_a == 1 { of_b } else { of_a };
        axis += 1;
    }
    Some(Shape::of_rank(rank, dims))
}

/// The size of a shape along an axis of a shape of `rank` dimensions.
const fn aligned(shape: Shape, axis: usize, rank: usize) -> usize {
    let missing = rank - shape.rank();
    if axis < missing {
        1
    } else {
        shape.dim(axis - missing)
    }
}

const fn do_not_fit(layer: &str, a: Shape, b: Shape) -> Message {
    let message = Message::new("`")
        .text(layer)
        .text("` takes inputs of one shape, but ")
        .gives(a)
        .text(" and ")
        .gives(b);
    if a.rank() != b.rank() {
        return message
            .help("sizes are compared from the last one on; `Reshape` can put a 1 where one of them should stretch");
    }
    if a.rank() == 3 && differ_in_height_or_width(a, b) {
        return message.help(
            "let both have one height and width: a `Conv2D` keeps its own with `padding = same`",
        );
    }
    message.help("make them equal, or put them side by side with `Concatenate()`")
}

/// Whether two images have different heights or widths.
pub(super) const fn differ_in_height_or_width(a: Shape, b: Shape) -> bool {
    a.dim(0) != b.dim(0) || a.dim(1) != b.dim(1)
}

/// The axis of a sample for an axis as Keras counts them, where 0 is the batch and negative ones count from the end. Any
/// axis of an unknown shape is 0.
pub(super) const fn axis_of(layer: &str, axis: isize, input: Shape) -> Result<usize, Message> {
    if !input.is_known() {
        return Ok(0);
    }
    let rank = input.rank() as isize;
    // Counted from 0, without the batch.
    let own = if axis < 0 { axis + rank } else { axis - 1 };
    if own >= 0 && own < rank {
        return Ok(own as usize);
    }
    let message = Message::new("`").text(layer).text("` works along axis ");
    let message = if axis < 0 { message.text("-") } else { message };
    let message = message.number(axis.unsigned_abs());
    let message = if own == -1 {
        message.text(", which is the batch: ").gives(input)
    } else {
        message.text(", but ").gives(input)
    };
    match rank {
        0 => return Err(message.help("a scalar has no axis: `Reshape(1)` makes a vector of it")),
        1 => return Err(message.help("it has one axis: 1, or -1 from the end")),
        _ => {}
    }
    Err(message
        .help("its axes count from 1 to ")
        .number(input.rank())
        .text(", or from the end: -1 is the last one"))
}
