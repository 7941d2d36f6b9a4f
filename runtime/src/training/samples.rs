//! Samples, checked by the compiler for shape.

use crate::shape::StaticShape;
use crate::tensors::values;
use dfdx::shapes::{Const, ConstDim, Dim};
use dfdx::tensor::{Cpu, Tensor};
use std::borrow::Cow;

/// One sample as a plain array: `[f32; 784]`, or `[[[f32; 1]; 28]; 28]` for an image. A plain `f32` is a sample of
/// length 1.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a sample",
    label = "not a sample",
    note = "a sample is an array of `f32`: `[f32; 784]`, or `[[[f32; 1]; 28]; 28]` for an image of 28 by 28 pixels and one channel"
)]
pub trait Sample: Copy {
    /// The array's shape.
    type Shape: StaticShape;

    /// The numbers of several samples, one after another.
    fn flatten(samples: &[Self]) -> &[f32];
}

impl Sample for f32 {
    type Shape = (Const<1>,);

    fn flatten(samples: &[f32]) -> &[f32] {
        samples
    }
}

impl<const A: usize> Sample for [f32; A] {
    type Shape = (Const<A>,);

    fn flatten(samples: &[Self]) -> &[f32] {
        samples.as_flattened()
    }
}

impl<const A: usize, const B: usize> Sample for [[f32; B]; A] {
    type Shape = (Const<A>, Const<B>);

    fn flatten(samples: &[Self]) -> &[f32] {
        samples.as_flattened().as_flattened()
    }
}

impl<const A: usize, const B: usize, const C: usize> Sample for [[[f32; C]; B]; A] {
    type Shape = (Const<A>, Const<B>, Const<C>);

    fn flatten(samples: &[Self]) -> &[f32] {
        samples.as_flattened().as_flattened().as_flattened()
    }
}

/// Several samples of one shape: a slice or `Vec` of arrays (see [`Sample`]), or a dfdx tensor on the CPU whose first
/// dimension is the batch.
///
/// Arrays are used where they are; a tensor is copied once.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of samples",
    label = "not samples",
    note = "samples are a `Vec` of arrays of `f32`, such as `Vec<[f32; 784]>`, or a dfdx tensor of `f32` whose first dimension is the batch"
)]
pub trait Samples {
    /// The shape of one sample.
    type Sample: StaticShape;

    /// All numbers, sample by sample.
    fn values(&self) -> Cow<'_, [f32]>;
}

impl<T: Sample> Samples for [T] {
    type Sample = T::Shape;

    fn values(&self) -> Cow<'_, [f32]> {
        Cow::Borrowed(T::flatten(self))
    }
}

impl<T: Sample> Samples for Vec<T> {
    type Sample = T::Shape;

    fn values(&self) -> Cow<'_, [f32]> {
        Cow::Borrowed(T::flatten(self))
    }
}

impl<T: Sample, const N: usize> Samples for [T; N] {
    type Sample = T::Shape;

    fn values(&self) -> Cow<'_, [f32]> {
        Cow::Borrowed(T::flatten(self))
    }
}

/// One number a sample, like a `Vec<f32>`.
impl<Batch: Dim> Samples for Tensor<(Batch,), f32, Cpu> {
    type Sample = (Const<1>,);

    fn values(&self) -> Cow<'_, [f32]> {
        Cow::Owned(values(self))
    }
}

impl<X: Samples + ?Sized> Samples for &X {
    type Sample = X::Sample;

    fn values(&self) -> Cow<'_, [f32]> {
        X::values(self)
    }
}

macro_rules! tensors_are_samples {
    ($($Dim:ident),+) => {
        impl<Batch: Dim, $($Dim: ConstDim),+> Samples for Tensor<(Batch, $($Dim),+), f32, Cpu> {
            type Sample = ($($Dim,)+);

            fn values(&self) -> Cow<'_, [f32]> {
                Cow::Owned(values(self))
            }
        }

    };
}
tensors_are_samples!(D1);
tensors_are_samples!(D1, D2);
tensors_are_samples!(D1, D2, D3);
tensors_are_samples!(D1, D2, D3, D4);

/// Samples for all inputs of a network: [`Samples`] for one input, or for several inputs those of each, under their
/// names: `FacesInputs { image: &images, age: &ages }`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of samples",
    label = "not samples",
    note = "samples are a `Vec` of arrays of `f32`, such as `Vec<[f32; 784]>`, or a dfdx tensor of `f32` whose first dimension is the batch"
)]
pub trait InputData {
    /// The shape of one sample, of each input.
    type Shapes;

    /// All numbers, sample by sample, of each input.
    fn columns(&self) -> Vec<Cow<'_, [f32]>>;
}

#[diagnostic::do_not_recommend]
impl<X: Samples + ?Sized> InputData for X {
    type Shapes = X::Sample;

    fn columns(&self) -> Vec<Cow<'_, [f32]>> {
        vec![self.values()]
    }
}

/// Samples of shape `Self` fit the input of a network.
#[diagnostic::on_unimplemented(
    message = "this data does not fit the input of `{Network}`",
    label = "samples of shape `{Self}`",
    note = "`{Network}` takes samples of shape `{Input}`"
)]
pub trait FitsInput<Input, Network> {}
impl<S, Network> FitsInput<S, Network> for S {}
