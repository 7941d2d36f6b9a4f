//! Optimizers: how gradients change the weights. One file each.

use crate::error::Result;
use crate::gpu::command::not_on_a_gpu;
use crate::gpu::{RecordUpdate, Recorder};
use std::fmt::Debug;

mod adam;
mod rmsprop;
mod sgd;

pub use adam::Adam;
pub use rmsprop::RMSprop;
pub use sgd::SGD;

/// A rule that changes each weight by its gradient and by what it remembers of earlier ones.
///
/// A rule looks at each weight for itself, so weights may be updated in pieces and on several threads.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an optimizer",
    label = "not an optimizer",
    note = "an optimizer is a value: `Adam::default()`, or `Adam::new(0.01)` for another learning rate",
    note = "the arguments of `compile` are an optimizer, a loss and metrics: `compile(Adam::default(), SparseCategoricalCrossentropy::default(), Accuracy)`"
)]
pub trait Optimizer: Debug + Send + Sync {
    /// The optimizer's name, as Keras spells it.
    fn name(&self) -> &'static str;

    /// The step size.
    fn learning_rate(&self) -> f64;

    /// Changes the step size from the next step on.
    fn set_learning_rate(&mut self, learning_rate: f64);

    /// How many numbers it remembers for each weight: at most 4.
    fn states(&self) -> usize;

    /// Called before the pieces of each step.
    fn begin_step(&mut self) {}

    /// Called when all remembered numbers are 0 (again): a count of steps starts again as well.
    fn start_afresh(&mut self) {}

    /// What is wrong with its options, if anything is: the option, its value, and what it may be.
    #[doc(hidden)]
    fn problem(&self) -> Option<(&'static str, f64, &'static str)> {
        None
    }

    /// Changes some weights; `states[i]` is the i-th remembered number of each. At first all of them are 0.
    fn update(&self, weights: &mut [f32], gradients: &[f32], states: &mut [&mut [f32]]);

    /// [`Optimizer::update`] of all weights as commands for a GPU. The learning rate and, for [`Adam`], what follows from
    /// the number of the step are read from the device's memory.
    ///
    /// # Errors
    /// [`Error::NotOnDevice`](crate::Error::NotOnDevice) if there are no kernels for it.
    #[doc(hidden)]
    fn record(&self, call: RecordUpdate<'_>, to: &mut Recorder) -> Result<()> {
        let _ = (call, to);
        not_on_a_gpu(self.name())
    }

    /// The two betas, for optimizers that correct their start by them.
    #[doc(hidden)]
    fn betas(&self) -> (f64, f64) {
        (0.0, 0.0)
    }
}

/// The first option that is not inside its range.
fn first_outside(
    checks: &[(&'static str, f64, bool, &'static str)],
) -> Option<(&'static str, f64, &'static str)> {
    checks
        .iter()
        .find(|(_, value, ok, _)| !ok || !value.is_finite())
        .map(|&(option, value, _, expected)| (option, value, expected))
}

const RATE: &str = "a learning rate is above 0, usually between 0.00001 and 1";
const SHARE: &str = "it goes from 0 up to, but not including, 1";
const POSITIVE: &str = "it must be above 0";
