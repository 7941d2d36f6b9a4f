//! The table of a network's layers, as Keras prints it.

use crate::device::Device;
use crate::facts::{self, Blueprint, TableRow};
use crate::model::Model;
use crate::network::Network;
use std::fmt;

impl<N: Network, D: Device, L> Model<N, D, L> {
    /// The table of the layers with their output shapes and numbers of parameters, as Keras prints it.
    ///
    /// Layers that run one after another have three columns, as in a `Sequential` model. Any other network has a fourth one,
    /// as in a functional model: what each layer takes, in all its calls. `tower[1][0]` is what the second call of `tower`
    /// gives. The layers farthest from the outputs come first. A layer that is called for several sizes shows what its last
    /// call gives. The inputs of a graph are rows, that of a list is none.
    ///
    /// A network that is a layer is one row, with its own name as the type: `encoder (Encoder)`, as Keras shows a class
    /// derived from `Model`.
    ///
    /// The same text is a constant of the network, [`Facts::SUMMARY`](crate::Facts::SUMMARY).
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
    /// network! {
    ///     /// The same layer for both inputs.
    ///     Twins: (left: 4, right: 4) => (same: 1) {
    ///         let tower = Dense(3, activation = relu);
    ///         let l = tower(left);
    ///         let r = tower(right);
    ///         let same = Dense(1)(l * r);
    ///     }
    /// }
    ///
    /// # fn main() -> addax::Result<()> {
    /// let summary = Small::build(&Cpu::default())?.summary().to_string();
    /// assert!(summary.contains("dense (Dense)"));
    /// assert!(summary.ends_with(" Total params: 8 (32.00 B)\n Trainable params: 8 (32.00 B)\n Non-trainable params: 0 (0.00 B)\n"));
    ///
    /// let summary = Twins::build(&Cpu::default())?.summary().to_string();
    /// assert_eq!(summary, "\
    /// Model: \"Twins\"
    /// ┏━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┓
    /// ┃ Layer (type)        ┃ Output Shape      ┃    Param # ┃ Connected to      ┃
    /// ┡━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━┩
    /// │ left (InputLayer)   │ (None, 4)         │          0 │ -                 │
    /// ├─────────────────────┼───────────────────┼────────────┼───────────────────┤
    /// │ right (InputLayer)  │ (None, 4)         │          0 │ -                 │
    /// ├─────────────────────┼───────────────────┼────────────┼───────────────────┤
    /// │ tower (Dense)       │ (None, 3)         │         15 │ left[0][0],       │
    /// │                     │                   │            │ right[0][0]       │
    /// ├─────────────────────┼───────────────────┼────────────┼───────────────────┤
    /// │ multiply (Multiply) │ (None, 3)         │          0 │ tower[0][0],      │
    /// │                     │                   │            │ tower[1][0]       │
    /// ├─────────────────────┼───────────────────┼────────────┼───────────────────┤
    /// │ dense (Dense)       │ (None, 1)         │          4 │ multiply[0][0]    │
    /// └─────────────────────┴───────────────────┴────────────┴───────────────────┘
    ///  Total params: 19 (76.00 B)
    ///  Trainable params: 19 (76.00 B)
    ///  Non-trainable params: 0 (0.00 B)
    /// ");
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
    rows: &'static [TableRow],
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
