//! Reading dfdx tensors.

use dfdx::shapes::{HasShape, Unit};
use dfdx::tensor::{Storage, Tensor};

/// The numbers of a tensor, row by row. dfdx's own `as_vec` panics for a tensor without any.
pub(crate) fn values<S: dfdx::shapes::Shape, E: Unit, D: Storage<E>, T>(
    tensor: &Tensor<S, E, D, T>,
) -> Vec<E> {
    if tensor.shape().num_elements() == 0 {
        Vec::new()
    } else {
        tensor.as_vec()
    }
}
