//! Answers as plain arrays.

use dfdx::shapes::{Const, Dim};
use dfdx::tensor::{Cpu, Tensor};

/// A batch as a `Vec` of arrays, the form in which [`Samples`](super::Samples) may be given.
///
/// ```
/// use addax::dfdx::prelude::*;
/// use addax::prelude::*;
///
/// let device = addax::dfdx::tensor::Cpu::default();
/// let batch = device.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
/// assert_eq!(batch.arrays(), vec![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
/// ```
pub trait Arrays {
    /// One sample.
    type Array;

    /// All samples.
    fn arrays(&self) -> Vec<Self::Array>;
}

impl<B: Dim, const N: usize> Arrays for Tensor<(B, Const<N>), f32, Cpu> {
    type Array = [f32; N];

    fn arrays(&self) -> Vec<[f32; N]> {
        self.as_vec().as_chunks().0.to_vec()
    }
}

impl<B: Dim, const M: usize, const N: usize> Arrays for Tensor<(B, Const<M>, Const<N>), f32, Cpu> {
    type Array = [[f32; N]; M];

    fn arrays(&self) -> Vec<[[f32; N]; M]> {
        self.as_vec().as_chunks().0.as_chunks().0.to_vec()
    }
}

impl<B: Dim, const L: usize, const M: usize, const N: usize> Arrays
    for Tensor<(B, Const<L>, Const<M>, Const<N>), f32, Cpu>
{
    type Array = [[[f32; N]; M]; L];

    fn arrays(&self) -> Vec<[[[f32; N]; M]; L]> {
        let values = self.as_vec();
        values.as_chunks().0.as_chunks().0.as_chunks().0.to_vec()
    }
}
