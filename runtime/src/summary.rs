//! The table of a network's layers, as Keras prints it.

use crate::device::Device;
use crate::facts::{self, Blueprint};
use crate::model::Model;
use crate::network::Network;
use std::fmt;

impl<N: Network, D: Device, L> Model<N, D, L> {
    /// The table of the layers with their output shapes and numbers of parameters, as Keras prints it.
    ///
    /// # Examples
    /// ```
    /// use addax::prelude::*;
    ///
    /// network! {
    ///     /// One layer.
    ///     Small: 3 => 2 {
    ///         Dense(2),
    ///     }
    /// }
    ///
    /// # fn main() -> addax::Result<()> {
    /// let summary = Small::build(&Cpu::default())?.summary().to_string();
    /// assert!(summary.contains("dense (Dense)"));
    /// assert!(summary.ends_with(" Total params: 8 (32.00 B)\n Trainable params: 8 (32.00 B)\n Non-trainable params: 0 (0.00 B)\n"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn summary(&self) -> Summary {
        Summary::of::<N>()
    }
}

/// The table of a network's layers. Its `Display` is what Keras' `model.summary()` prints.
#[derive(Clone, Debug)]
pub struct Summary {
    blueprint: &'static Blueprint,
    rows: &'static [usize],
}

impl Summary {
    pub(crate) fn of<N: Network>() -> Self {
        Summary {
            blueprint: facts::facts_of::<N>(),
            rows: N::ROWS,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&facts::table(self.blueprint, self.rows))
    }
}
