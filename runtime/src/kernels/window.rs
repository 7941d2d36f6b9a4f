//! Where windows lie on an image, for convolutions and poolings.

/// (height, width).
pub(crate) type Size = (usize, usize);

/// The output size of windows that stay inside (`padding="valid"`), and no padding.
pub(crate) const fn valid(input: Size, window: Size, strides: Size) -> (Size, Size) {
    const fn size(n: usize, k: usize, s: usize) -> usize {
        assert!(k >= 1 && s >= 1 && k <= n, "a window outside of its image");
        (n - k) / s + 1
    }
    let output = (
        size(input.0, window.0, strides.0),
        size(input.1, window.1, strides.1),
    );
    (output, (0, 0))
}

/// The output size `input / strides`, rounded up (`padding="same"`), and the rows above and columns left of the image.
/// An odd amount of padding puts the extra zeros at the bottom and right, as TensorFlow does.
pub(crate) const fn same(input: Size, window: Size, strides: Size) -> (Size, Size) {
    const fn size(n: usize, k: usize, s: usize) -> (usize, usize) {
        assert!(k >= 1 && s >= 1 && n >= 1, "a window over nothing");
        let out = n.div_ceil(s);
        (out, ((out - 1) * s + k).saturating_sub(n) / 2)
    }
    let (height, top) = size(input.0, window.0, strides.0);
    let (width, left) = size(input.1, window.1, strides.1);
    ((height, width), (top, left))
}
