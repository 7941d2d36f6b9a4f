//! Convolutions, each pass as one command: a driver may know how to carry it out with a library.

use super::command::{Argument, Command, Pointer};

/// What is computed of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConvolutionPass {
    /// The output.
    Forward,
    /// The gradient of the input.
    InputGradient,
    /// The gradient of the kernel.
    KernelGradient,
}

/// The sizes of a convolution over channels-last images, each pair along (height, width).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConvolutionSizes {
    /// Images.
    pub rows: usize,
    /// Size of an input image.
    pub input: [usize; 2],
    /// Channels of the input.
    pub channels: usize,
    /// Size of an output image.
    pub output: [usize; 2],
    /// Channels of the output.
    pub filters: usize,
    /// Size of the window.
    pub kernel: [usize; 2],
    /// Steps between windows.
    pub strides: [usize; 2],
    /// Zeros above and left of an image. Those below and right follow from the output.
    pub padding: [usize; 2],
}

impl ConvolutionSizes {
    /// The numbers that the window covers: the rows of the kernel as a matrix, whose columns are the filters.
    pub fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1] * self.channels
    }

    /// Numbers in the kernel.
    pub fn kernel_len(&self) -> usize {
        self.taps() * self.filters
    }

    /// Pixels of all outputs.
    pub fn pixels(&self) -> usize {
        self.rows * self.output[0] * self.output[1]
    }

    /// Whether the output is what as many zeros below and right as above and left give: the only padding that most
    /// libraries know.
    pub fn is_symmetric(&self) -> bool {
        (0..2).all(|axis| {
            let padded = self.input[axis] + 2 * self.padding[axis];
            let steps = padded.checked_sub(self.kernel[axis]);
            steps.map(|steps| steps / self.strides[axis] + 1) == Some(self.output[axis])
        })
    }
}

/// The structure `Conv` of the kernels.
impl From<ConvolutionSizes> for Argument {
    fn from(sizes: ConvolutionSizes) -> Self {
        let numbers = [
            sizes.rows,
            sizes.input[0],
            sizes.input[1],
            sizes.channels,
            sizes.output[0],
            sizes.output[1],
            sizes.filters,
            sizes.kernel[0],
            sizes.kernel[1],
            sizes.strides[0],
            sizes.strides[1],
            sizes.padding[0],
            sizes.padding[1],
        ];
        numbers.map(|n| n as i32).into()
    }
}

/// A pass of a convolution. It overwrites its result and reads nothing that it writes, so that running it again changes
/// nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Convolution {
    /// What is computed.
    pub pass: ConvolutionPass,
    /// Of which convolution.
    pub sizes: ConvolutionSizes,
    /// The whole pass with our kernels.
    pub own: Vec<Command>,
    /// How a library fits in its place.
    pub bare: BareConvolution,
}

/// A convolution without bias and activation, and with the kernel in the order that libraries take.
#[derive(Clone, Debug, PartialEq)]
pub struct BareConvolution {
    /// What has to be done before it.
    pub before: Vec<Command>,
    /// (rows, height, width, channels): the input, or where its gradient goes.
    pub x: Pointer,
    /// (filters, kernel height, kernel width, channels): the kernel, or where its gradient goes.
    pub kernel: Pointer,
    /// (rows, output height, output width, filters): where the output goes, or its gradient.
    pub y: Pointer,
    /// What has to be done after it.
    pub after: Vec<Command>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(input: usize, kernel: usize, stride: usize, output: usize, padding: usize) -> bool {
        let sizes = ConvolutionSizes {
            rows: 1,
            input: [input; 2],
            channels: 1,
            output: [output; 2],
            filters: 1,
            kernel: [kernel; 2],
            strides: [stride; 2],
            padding: [padding; 2],
        };
        sizes.is_symmetric()
    }

    #[test]
    fn padding_is_symmetric_where_both_sides_get_as_much() {
        // Without padding, also where pixels are left over.
        assert!(sizes(28, 3, 1, 26, 0));
        assert!(sizes(28, 3, 2, 13, 0));
        // `same` with an odd window and no stride.
        assert!(sizes(28, 3, 1, 28, 1));
        assert!(sizes(29, 3, 2, 15, 1));
        // A zero more at the end.
        assert!(!sizes(28, 3, 2, 14, 0));
        assert!(!sizes(28, 2, 1, 28, 0));
        assert!(!sizes(28, 4, 1, 28, 1));
        // A window that hangs over both ends.
        assert!(sizes(1, 3, 1, 1, 1));
        assert!(!sizes(1, 4, 1, 1, 1));
    }
}
