//! `evaluate`.

use super::full_name;
use super::labels::LabelData;
use super::samples::{FitsInput, InputData};
use crate::device::Device;
use crate::engine::Engine;
use crate::error::Result;
use crate::losses::LossSet;
use crate::model::Model;
use crate::network::Network;
use std::ops::Index;

/// The loss and the metrics of a network on some data. Indexing panics for a name that is not there, [`Evaluation::get`]
/// does not.
///
/// ```
/// # use addax::training::Evaluation;
/// # let evaluation = Evaluation::new(vec![("loss".into(), 0.3), ("accuracy".into(), 0.9)]);
/// assert_eq!(evaluation["accuracy"], 0.9);
/// assert_eq!(evaluation.loss(), 0.3);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    values: Vec<(String, f64)>,
}

impl Evaluation {
    #[doc(hidden)]
    pub fn new(values: Vec<(String, f64)>) -> Self {
        Evaluation { values }
    }

    /// The mean loss.
    pub fn loss(&self) -> f64 {
        self.get("loss").unwrap_or(f64::NAN)
    }

    /// One value by its name, or `None` if nothing has that name.
    pub fn get(&self, name: &str) -> Option<f64> {
        let name = full_name(name);
        let (_, value) = self.values.iter().find(|(n, _)| *n == name)?;
        Some(*value)
    }

    /// All names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.values
            .iter()
            .map(|(name, value)| (name.as_str(), *value))
    }
}

impl Index<&str> for Evaluation {
    type Output = f64;

    fn index(&self, name: &str) -> &f64 {
        let full = full_name(name);
        match self.values.iter().find(|(n, _)| *n == full) {
            Some((_, value)) => value,
            None => {
                let names: Vec<&str> = self.values.iter().map(|(n, _)| n.as_str()).collect();
                panic!(
                    "nothing named `{name}` was measured; there are {}",
                    names.join(", ")
                )
            }
        }
    }
}

impl<N: Network, D: Device, L> Model<N, D, L> {
    /// Measures the loss and the metrics of the network on data, without training.
    ///
    /// # Errors
    /// No data, `x` and `y` of different length, a label outside the classes, a number that is NaN or infinite.
    ///
    /// # Examples
    /// ```
    /// use addax::prelude::*;
    ///
    /// network! {
    ///     /// One line.
    ///     Line: 1 => 1 {
    ///         Dense(1, kernel_initializer = ones),
    ///     }
    /// }
    ///
    /// # fn main() -> addax::Result<()> {
    /// let model = Line::build(&Cpu::default())?.compile(SGD::default(), MeanSquaredError, ())?;
    /// let evaluation = model.evaluate(&vec![[1.0], [2.0]], &vec![1.0, 4.0])?;
    /// assert_eq!(evaluation.loss(), 2.0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn evaluate<X, Y>(&self, x: &X, y: &Y) -> Result<Evaluation>
    where
        L: LossSet,
        X: InputData + ?Sized,
        X::Shapes: FitsInput<N::Input, N>,
        Y: LabelData<L::Target, N::Output> + ?Sized,
    {
        let data = self.data_set("x", x, y)?;
        let totals = self.engine().evaluate_all(&data)?;
        Ok(Evaluation::new(self.engine().setup().values("", &totals)))
    }
}
