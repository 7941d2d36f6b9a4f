//! `predict`.

use super::data::{FitsInput, Samples, check_samples};
use crate::device::Device;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::network::Network;
use crate::shape::StaticShape;
use dfdx::tensor::{Cpu, Tensor, TensorFromVec};

impl<N: Network, D: Device, L> Model<N, D, L> {
    /// The answers of the network for samples `x`.
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
    pub fn predict<X>(
        &self,
        x: &X,
    ) -> Result<Tensor<<N::Output as StaticShape>::Batched<usize>, f32, Cpu>>
    where
        X: Samples + ?Sized,
        X::Sample: FitsInput<N::Input, N>,
    {
        let x = x.values();
        let rows = check_samples("x", &x, N::Input::SHAPE)?;
        let answers = self.engine().predict(&x, rows)?;
        Cpu::default()
            .try_tensor_from_vec(answers, N::Output::batched(rows))
            .map_err(Error::device)
    }
}
