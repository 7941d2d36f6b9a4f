//! `predict`.

use super::data::check_samples;
use super::samples::{FitsInput, InputData};
use crate::device::Device;
use crate::engine::Engine;
use crate::error::Result;
use crate::model::Model;
use crate::network::Network;
use crate::ports::Ports;

impl<N: Network, D: Device, L> Model<N, D, L> {
    /// The answers of the network for samples `x`: a tensor whose first dimension is the batch, or with several outputs
    /// one for each, under its name.
    ///
    /// # Errors
    /// No samples, or a number that is NaN or infinite.
    ///
    /// # Examples
    /// ```
    /// use addax::prelude::*;
    ///
    /// network! {
    ///     /// Five classes.
    ///     Five: (4, 4, 1) => 5 {
    ///         Flatten(),
    ///         Dense(5, activation = softmax),
    ///     }
    /// }
    ///
    /// # fn main() -> addax::Result<()> {
    /// let model = Five::build(&Cpu::default())?;
    /// let answers = model.predict(&[[[[0.5]; 4]; 4]; 3])?;
    /// let probabilities = answers.as_vec();
    /// assert_eq!(probabilities.len(), 3 * 5);
    /// assert!((probabilities[..5].iter().sum::<f32>() - 1.0).abs() < 1e-6);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "predict_classes")]
    pub fn predict<X>(&self, x: &X) -> Result<<N::Output as Ports>::Answers>
    where
        X: InputData + ?Sized,
        X::Shapes: FitsInput<N::Input, N>,
    {
        let x = x.columns();
        let rows = check_samples("x", &x, &self.engine().setup().graph)?;
        let answers = self.engine().predict(&x, rows)?;
        N::Output::answers(&mut answers.into_iter(), rows)
    }
}
