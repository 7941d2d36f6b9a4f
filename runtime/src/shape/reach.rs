//! Which part of what it is given a layer looks at for one number of what it gives.

/// Which part of its input one number of a layer's output depends on.
///
/// The receptive field of a layer and the smallest input that a network can take are computed from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reach {
    /// The layer does not say.
    #[default]
    Unknown,
    /// What stands in the same place, as for an activation function.
    Place,
    /// One number, which now stands elsewhere: the output is the input under another shape.
    View,
    /// A window of the image.
    Window(Window),
    /// All of it, as for a fully connected layer.
    All,
}

/// A window that moves over an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// (height, width).
    pub size: [usize; 2],
    /// How far it moves.
    pub strides: [usize; 2],
    /// Whether the border is padded, so that the image may be smaller than the window.
    pub padded: bool,
}

impl Window {
    /// The smallest side of an image on which the window has `places` places along `axis`.
    pub(crate) const fn smallest(&self, axis: usize, places: usize) -> usize {
        let moved = places.saturating_sub(1).saturating_mul(self.strides[axis]);
        let first = if self.padded { 1 } else { self.size[axis] };
        moved.saturating_add(first)
    }
}
