//! The losses of all outputs of a network.

use super::Loss;
use crate::shape::StaticShape;

/// The losses of a network that gives `Output`: one loss, or for several outputs one each, under their names.
#[diagnostic::on_unimplemented(
    message = "this model has no loss to train for",
    label = "not compiled",
    note = "compile it first: `let mut model = model.compile(Adam::default(), SparseCategoricalCrossentropy::default(), Accuracy)?;`"
)]
pub trait LossSet<Output> {
    /// The kinds of targets they take: [`Classes`](crate::training::Classes) or [`Values`](crate::training::Values).
    type Target;

    /// The losses in the order of the outputs.
    fn into_losses(self) -> Vec<Box<dyn Loss>>;
}

#[diagnostic::do_not_recommend]
impl<L: Loss + 'static, S: StaticShape> LossSet<S> for L {
    type Target = L::Target;

    fn into_losses(self) -> Vec<Box<dyn Loss>> {
        vec![Box::new(self)]
    }
}
