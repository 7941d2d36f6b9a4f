//! What a layer does, for the lints.

/// What a layer does to its input, as far as [`lints`](crate::lints) ask.
///
/// The names are no layer's: rustc writes the path in front of a name that two items have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// Anything; no lint says something of such a layer.
    #[default]
    Other,
    /// A kernel that meets all of its input, as in `Dense`.
    Connected,
    /// A kernel that moves over an image. Its first parameter is the kernel, which starts with its height.
    Convolution,
    /// An activation function and nothing else.
    Function,
    /// Numbers are dropped while training.
    Noise,
    /// The numbers stay what they are: `Flatten`, `Reshape`.
    View,
}
