//! What `network!` makes of a declaration.

use crate::device::Device;
use crate::error::Result;
use crate::facts::Facts;
use crate::graph::Graph;
use crate::ports::Ports;

/// A network that `network!` has declared and the compiler has checked.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a network",
    label = "not a network",
    note = "networks are declared with `addax::network!`"
)]
pub trait Network: Facts + Copy + Default + Send + Sync + 'static {
    /// The network's name.
    const NAME: &'static str;
    /// The shape of one sample; with several inputs the shapes of each, under their names.
    type Input: Ports;
    /// The shape of one answer; with several outputs the shapes of each, under their names.
    type Output: Ports;
    /// What the last layer makes of its answers; a loss must suit it. With several outputs what is made of each, under
    /// their names. See [`heads`](crate::heads).
    type Head;
    /// The layers with their parameters as dfdx tensors, one named field each.
    type Layers<D: Device>: LayerSet<D>;

    /// The layers at run time.
    #[doc(hidden)]
    fn graph() -> Graph;
}

/// All layers of a network with their parameters as dfdx tensors.
pub trait LayerSet<D: Device>: Sized {
    /// The layers with these weights.
    #[doc(hidden)]
    fn assemble(device: &D, weights: &mut Weights) -> Result<Self>;

    /// Shows the values of all parameters in order.
    #[doc(hidden)]
    fn visit(&self, visitor: &mut dyn FnMut(Vec<f32>));
}

/// The values of all parameters of a network in order, on their way into tensors.
#[derive(Debug)]
pub struct Weights {
    values: std::vec::IntoIter<Vec<f32>>,
    seed: u64,
    step: u64,
}

impl Weights {
    pub(crate) fn new(values: Vec<Vec<f32>>, seed: u64, step: u64) -> Self {
        Weights {
            values: values.into_iter(),
            seed,
            step,
        }
    }

    /// The next parameter's values.
    #[doc(hidden)]
    pub fn next_parameter(&mut self) -> Vec<f32> {
        self.values.next().unwrap_or_default()
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// How many training steps the network has made.
    pub(crate) fn step(&self) -> u64 {
        self.step
    }
}
