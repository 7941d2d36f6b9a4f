//! What the compiler knows of a network before anything runs: how many parameters, operations and bytes it costs.
//!
//! `network!` describes a network as a [`Blueprint`], a constant made of its layers' outcomes. Everything here is a
//! `const fn` of it, so a fact is a constant of the network's type, and one that nobody asks for is never computed.

mod blueprint;
mod budget;
mod fields;
mod fingerprint;
mod rustdoc;
mod table;

pub use blueprint::{Blueprint, Call, LayerEntry};
pub use budget::{Quantity, budget};
pub use fields::{layers, min_input, reach};
pub(crate) use fingerprint::Description;
pub use rustdoc::{Axes, LayerAt};
pub(crate) use table::table;
pub use table::{TableRow, rows, summary};

use crate::shape::{Reach, Shape, Totals};

/// The facts of a network as constants, for code that works with any network.
///
/// `network!` also puts them on the network's own type, so that `Letters::PARAMS` needs no import.
///
/// # Examples
/// ```
/// use addax::network;
///
/// network! {
///     /// The letters lesson.
///     pub Letters: (28, 28, 1) => 10 {
///         Conv2D(16, (3, 3), activation = relu),
///         MaxPooling2D(),
///         Flatten(),
///         Dense(10, activation = softmax),
///     }
/// }
///
/// const _: () = assert!(Letters::PARAMS == 160 + 27_050);
/// const _: () = assert!(Letters::MACS == 26 * 26 * 9 * 16 + 2704 * 10);
///
/// /// Refuses, when it is compiled, a network that a small device has no room for.
/// fn fits_the_device<N: addax::Facts>() -> bool {
///     const { assert!(N::WEIGHT_BYTES < 128 * 1024) };
///     true
/// }
///
/// # fn main() {
/// assert!(fits_the_device::<Letters>());
/// for layer in Letters::LAYERS {
///     println!("{} gives {} with {} parameters", layer.name, layer.output_shape, layer.params);
/// }
/// # assert_eq!(Letters::LAYERS[1].receptive_field, Some((4, 4)));
/// # assert_eq!(Letters::MIN_INPUT, Some((4, 4)));
/// # }
/// ```
pub trait Facts {
    /// What the facts are computed from.
    #[doc(hidden)]
    const BLUEPRINT: Blueprint;

    /// How many numbers all parameters have.
    const PARAMS: usize = Self::BLUEPRINT.params();
    /// How many of them the optimizer changes.
    const TRAINABLE_PARAMS: usize = Self::BLUEPRINT.trainable_params();
    /// How many of them it leaves alone, such as moving averages.
    const NON_TRAINABLE_PARAMS: usize = Self::BLUEPRINT.non_trainable_params();
    /// Multiplications with an addition in convolutions and fully connected layers, for one sample.
    const MACS: usize = Self::BLUEPRINT.macs();
    /// The bytes of all parameters.
    const WEIGHT_BYTES: usize = Self::BLUEPRINT.weight_bytes();
    /// The bytes of the inputs and of what every layer gives, for one sample. What is only another view of the same
    /// numbers, as after `Flatten`, is counted once.
    const ACTIVATION_BYTES: usize = Self::BLUEPRINT.activation_bytes();
    /// The smallest (height, width) of the input for which all windows of convolutions and poolings fit. `None` if the
    /// network takes no image or more than one, or has a layer that does not say what it looks at.
    const MIN_INPUT: Option<(usize, usize)>;
    /// Which part of its image one number of the network's output depends on.
    #[doc(hidden)]
    const REACH: Reach;
    /// The layers in order.
    const LAYERS: &'static [LayerInfo];
    /// The table of the layers: what [`Model::summary`](crate::Model::summary) shows.
    const SUMMARY: &'static str;
    /// The rows of the table.
    #[doc(hidden)]
    const ROWS: &'static [TableRow];
    /// The architecture as one number: an FNV-1a hash of the kinds of the layers, their shapes, the options that decide
    /// what the weights mean, and how the layers are connected. Names do not count. The same declaration has the same
    /// fingerprint in all versions of Addax that share their minor version.
    const FINGERPRINT: u64 = Self::BLUEPRINT.fingerprint();
}

/// What the facts of a network are computed from.
#[doc(hidden)]
pub const fn facts_of<N: Facts>() -> &'static Blueprint {
    const { &N::BLUEPRINT }
}

/// What the rule of a layer says that is a network.
#[doc(hidden)]
pub const fn totals_of<N: Facts>() -> Totals {
    facts_of::<N>().totals(N::REACH, N::MIN_INPUT)
}

/// [`Facts::MIN_INPUT`].
#[doc(hidden)]
pub const fn min_input_of<N: Facts>() -> Option<(usize, usize)> {
    N::MIN_INPUT
}

/// [`Facts::LAYERS`].
#[doc(hidden)]
pub const fn layers_of<N: Facts>() -> &'static [LayerInfo] {
    N::LAYERS
}

/// [`Facts::SUMMARY`].
#[doc(hidden)]
pub const fn summary_of<N: Facts>() -> &'static str {
    N::SUMMARY
}

/// One layer of a network, see [`Facts::LAYERS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LayerInfo {
    /// The layer's name: `conv2d_1`.
    pub name: &'static str,
    /// Its kind: `Conv2D`.
    pub kind: &'static str,
    /// What it gives for one sample. A layer that is called several times may give several shapes: the first.
    pub output_shape: Shape,
    /// How many numbers its parameters have.
    pub params: usize,
    /// How many of them the optimizer leaves alone.
    pub non_trainable_params: usize,
    /// Multiplications with an addition for one sample, in all its calls.
    pub macs: usize,
    /// The (height, width) of the part of the network's image that one number of the output depends on, borders of
    /// padding included. `None` if there is no image, or before it is a layer that does not say what it looks at.
    pub receptive_field: Option<(usize, usize)>,
}
