//! Windows that move over an image: sizes and padding, shared by convolutions and poolings.

use crate::kernels::pooling::Pooling;
use crate::shape::{Message, Outcome, Shape, Window, one_input};

/// What happens at the border of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Padding {
    /// The window stays inside: the output shrinks.
    #[default]
    Valid,
    /// The border is padded so that the output is the input divided by the stride, rounded up. Where the padding is
    /// odd, the larger half goes to the bottom and the right.
    Same,
}

/// What is wrong with a window of size `size`, whatever the image, if anything is. The words are those of
/// [`window_output`].
pub(crate) const fn impossible_window(
    layer: &str,
    window: &str,
    size: [usize; 2],
    strides: [usize; 2],
) -> Option<Message> {
    if size[0] == 0 || size[1] == 0 {
        return Some(
            Message::new("the ")
                .text(window)
                .text(" of `")
                .text(layer)
                .text("` is ")
                .number(size[0])
                .text("x")
                .number(size[1])
                .text(", but it must be at least 1x1"),
        );
    }
    if strides[0] == 0 || strides[1] == 0 {
        return Some(
            Message::new("the strides of `")
                .text(layer)
                .text("` are (")
                .number(strides[0])
                .text(", ")
                .number(strides[1])
                .text("), but a window must move by at least 1")
                .help("leave `strides` out for the default"),
        );
    }
    None
}

impl Padding {
    /// The word for it in `network!`.
    pub const fn name(self) -> &'static str {
        match self {
            Padding::Valid => "valid",
            Padding::Same => "same",
        }
    }
}

/// The (height, width) that a window of size `size` gives on `input`, or what is wrong with it.
///
/// `layer` and `window` are the words of the message: `Conv2D` and `kernel`.
pub(crate) const fn window_output(
    layer: &str,
    window: &str,
    input: Shape,
    size: [usize; 2],
    strides: [usize; 2],
    padding: Padding,
) -> Result<[usize; 2], Message> {
    if let Some(message) = impossible_window(layer, window, size, strides) {
        return Err(message);
    }
    let (height, width) = (input.dim(0), input.dim(1));
    match padding {
        Padding::Same => Ok([height.div_ceil(strides[0]), width.div_ceil(strides[1])]),
        Padding::Valid => {
            if size[0] > height || size[1] > width {
                let message = Message::new("the ")
                    .number(size[0])
                    .text("x")
                    .number(size[1])
                    .text(" ")
                    .text(window)
                    .text(" of `")
                    .text(layer)
                    .text("` does not fit: ")
                    .gives(input);
                if input.is_input() && are_channels_first(input) {
                    return Err(message
                        .help("images are (height, width, channels): write `(")
                        .number(width)
                        .text(", ")
                        .number(input.dim(2))
                        .text(", ")
                        .number(height)
                        .text(")`"));
                }
                return Err(message
                    .help("use a smaller ")
                    .text(window)
                    .text(", fewer poolings before it, or `padding = same`"));
            }
            Ok([
                (height - size[0]) / strides[0] + 1,
                (width - size[1]) / strides[1] + 1,
            ])
        }
    }
}

/// Whether this looks like (channels, height, width), the order of other libraries: 1 or 3 rows of many channels.
pub(crate) const fn are_channels_first(image: Shape) -> bool {
    image.rank() == 3 && matches!(image.dim(0), 1 | 3) && image.dim(1) >= 8 && image.dim(2) >= 8
}

/// The window as the facts of a network know it.
pub(crate) const fn window(size: [usize; 2], strides: [usize; 2], padding: Padding) -> Window {
    Window {
        size,
        strides,
        padded: matches!(padding, Padding::Same),
    }
}

/// The shape rule of a pooling over windows: the image shrinks, the channels stay.
pub(crate) const fn pooling_output(
    layer: &str,
    inputs: &[Shape],
    pool_size: [usize; 2],
    strides: [usize; 2],
    padding: Padding,
) -> Outcome {
    let input = match one_input(layer, inputs) {
        Ok(input) => input,
        Err(error) => return error,
    };
    if !input.is_known() {
        return Outcome::ok(input);
    }
    if input.rank() != 3 {
        return Outcome::error(takes_an_image(layer, input));
    }
    match window_output(layer, "window", input, pool_size, strides, padding) {
        Ok([height, width]) => Outcome::ok(Shape::new([height, width, input.dim(2)]))
            .with_window(window(pool_size, strides, padding)),
        Err(message) => Outcome::error(message),
    }
}

/// The kernels of a pooling over windows of an image that [`pooling_output`] took.
pub(crate) fn pooling(
    input: Shape,
    pool_size: [usize; 2],
    strides: [usize; 2],
    padding: Padding,
) -> Pooling {
    let make = match padding {
        Padding::Valid => Pooling::valid,
        Padding::Same => Pooling::same,
    };
    let size = (input.dim(0), input.dim(1));
    make(size, pool_size.into(), strides.into(), input.dim(2))
}

/// The message for a layer that takes images and is given something else.
pub(crate) const fn takes_an_image(layer: &str, input: Shape) -> Message {
    let message = Message::new("`")
        .text(layer)
        .text("` takes an image (height, width, channels), but ")
        .gives(input);
    if input.rank() == 1 {
        message.help(
            "put it where there still is an image, or make one with `Reshape((height, width, channels))`",
        )
    } else if input.rank() == 2 {
        message
            .help("add the channels with `Reshape((")
            .number(input.dim(0))
            .text(", ")
            .number(input.dim(1))
            .text(", 1))`")
    } else {
        message
    }
}

/// Refuses an output whose size a `usize` cannot hold.
pub(crate) const fn too_large(layer: &str, input: Shape) -> Message {
    Message::new("what `")
        .text(layer)
        .text("` makes of ")
        .shape(input)
        .text(" has more numbers than this machine can count")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(
        size: [usize; 2],
        strides: [usize; 2],
        padding: Padding,
    ) -> Result<[usize; 2], String> {
        let input = Shape::new([7, 6, 3]).named("the input");
        window_output("Conv2D", "kernel", input, size, strides, padding)
            .map_err(|m| m.as_str().to_owned())
    }

    #[test]
    fn sizes_are_keras_sizes() {
        assert_eq!(output([3, 3], [1, 1], Padding::Valid), Ok([5, 4]));
        assert_eq!(output([3, 3], [2, 2], Padding::Valid), Ok([3, 2]));
        assert_eq!(output([3, 3], [2, 2], Padding::Same), Ok([4, 3]));
        assert_eq!(output([7, 6], [1, 1], Padding::Valid), Ok([1, 1]));
        assert_eq!(output([9, 9], [1, 1], Padding::Same), Ok([7, 6]));
    }

    #[test]
    fn a_window_that_cannot_be_is_refused() {
        assert!(
            output([8, 1], [1, 1], Padding::Valid)
                .unwrap_err()
                .contains("8x1 kernel")
        );
        assert!(
            output([0, 3], [1, 1], Padding::Valid)
                .unwrap_err()
                .contains("at least 1x1")
        );
        assert!(
            output([3, 3], [1, 0], Padding::Same)
                .unwrap_err()
                .contains("at least 1")
        );
    }
}
