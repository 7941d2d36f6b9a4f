//! Batches without the types of their shapes.

use super::BatchOf;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::shape::{Shape, StaticShape};
use dfdx::shapes::{Dim, HasShape};
use dfdx::tensor::{NoneTape, Tape, Tensor};
use dfdx::tensor_ops::ReshapeTo;

/// A batch of samples as rows of numbers, with its shape as a value: what flows between the layers of a network. So the
/// code that runs a layer is the same for all shapes, and is compiled once.
#[derive(Clone, Debug)]
pub struct FlatBatch<D: Device, T = NoneTape> {
    pub(super) tensor: Tensor<(usize, usize), f32, D, T>,
    pub(super) shape: Shape,
}

impl<D: Device, T: Tape<f32, D>> FlatBatch<D, T> {
    /// A batch of samples of shape `S`.
    ///
    /// # Errors
    /// [`Error::Device`] if the device fails.
    pub fn new<S: StaticShape, B: Dim>(tensor: BatchOf<S, B, D, T>) -> Result<Self> {
        let shape = S::SHAPE;
        let flat = (S::batch_len(&tensor), shape.size());
        let tensor = tensor.try_reshape_like(&flat).map_err(Error::device)?;
        Ok(FlatBatch { tensor, shape })
    }

    /// The same batch, with a tape of its own, for one use of several.
    pub fn share(&self) -> Self {
        FlatBatch {
            tensor: self.tensor.retaped(),
            shape: self.shape,
        }
    }

    /// As many batches as a network takes.
    ///
    /// # Errors
    /// [`Error::Device`] if there are more or fewer.
    #[doc(hidden)]
    pub fn array<const N: usize>(batches: Vec<Self>) -> Result<[Self; N]> {
        let given = batches.len();
        batches
            .try_into()
            .map_err(|_| Error::Device(format!("this network takes {N} inputs, not {given}")))
    }

    /// The same numbers as samples of this shape.
    pub(super) fn of_shape(mut self, shape: Shape) -> Self {
        self.shape = shape;
        self
    }

    /// How many samples.
    pub(crate) fn rows(&self) -> usize {
        self.tensor.shape().0
    }

    /// The batch with its shape as a type.
    ///
    /// # Errors
    /// [`Error::Device`] if the batch has not the size that `B` says, or the device fails.
    pub fn typed<S: StaticShape, B: Dim>(self) -> Result<BatchOf<S, B, D, T>> {
        let shape = batch_shape::<S, B>(self.rows())?;
        self.tensor.try_reshape_like(&shape).map_err(Error::device)
    }
}

/// The shape of a batch of `rows` samples.
fn batch_shape<S: StaticShape, B: Dim>(rows: usize) -> Result<S::Batched<B>> {
    let batch = B::from_size(rows).ok_or_else(|| {
        Error::Device(format!("{rows} is not the batch size in the tensor's type"))
    })?;
    Ok(S::batched(batch))
}
