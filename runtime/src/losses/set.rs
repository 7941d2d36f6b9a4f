//! The losses of all outputs of a network.

use super::Loss;

/// What a network is trained for: one loss, or for several outputs one each, under their names. Which network they are
/// for, [`LossOf`](crate::heads::LossOf) says.
#[diagnostic::on_unimplemented(
    message = "this model has no loss to train for",
    label = "not compiled",
    note = "compile it first, and keep what `compile` gives: `let mut model = model.compile(Adam::default(), SparseCategoricalCrossentropy::default(), Accuracy)?;`"
)]
pub trait LossSet {
    /// The kinds of targets they take: [`Classes`](crate::training::Classes) or [`Values`](crate::training::Values).
    type Target;

    /// The losses in the order of the outputs.
    fn into_losses(self) -> Vec<Box<dyn Loss>>;
}

#[diagnostic::do_not_recommend]
impl<L: Loss + 'static> LossSet for L {
    type Target = L::Target;

    fn into_losses(self) -> Vec<Box<dyn Loss>> {
        vec![Box::new(self)]
    }
}
