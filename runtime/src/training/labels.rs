//! Labels, checked by the compiler for shape and kind.

use super::samples::{Sample, Samples};
use crate::shape::StaticShape;
use crate::tensors::values;
use dfdx::shapes::{ConstDim, Dim};
use dfdx::tensor::{Cpu, Tensor};
use std::borrow::Cow;
use std::fmt::Debug;
#[cfg(test)]
use std::ops::Range;

/// Targets of shape `Self` fit the output of a network.
#[diagnostic::on_unimplemented(
    message = "these labels do not fit the output of the network",
    label = "labels of shape `{Self}`",
    note = "the network gives answers of shape `{Output}`; for class ids use `SparseCategoricalCrossentropy`"
)]
pub trait FitsOutput<Output> {}
impl<S: StaticShape> FitsOutput<S> for S {}

/// The kind of target that is a class id.
#[derive(Clone, Copy, Debug)]
pub struct Classes;

/// The kind of target that is numbers in the shape of the answer: one-hot classes, or what is to be predicted.
#[derive(Clone, Copy, Debug)]
pub struct Values;

/// A whole number that may be a class id.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a class id",
    label = "labels of `{Self}`",
    note = "`SparseCategoricalCrossentropy` takes the number of each sample's class, such as `vec![3_u8, 1, 4]`",
    note = "for one-hot classes, arrays of `f32`, use `CategoricalCrossentropy`; for numbers, `MeanSquaredError`"
)]
pub trait ClassId: Copy {
    /// The id, or a negative number for what cannot be one.
    fn id(self) -> i64;
}

macro_rules! class_ids {
    ($($Int:ty),+) => {
        $(impl ClassId for $Int {
            fn id(self) -> i64 {
                i64::try_from(self).unwrap_or(-1)
            }
        })+
    };
}
class_ids!(u8, u16, u32, u64, usize, i8, i16, i32, i64);

/// Labels for a loss that takes `Kind` ([`Classes`] or [`Values`]) and a network that gives `Output`.
///
/// A class id is one for each sample, so the network must give a vector.
#[diagnostic::on_unimplemented(
    message = "these labels do not fit the loss",
    label = "the loss takes `{Kind}`",
    note = "`SparseCategoricalCrossentropy` takes class ids, a `Vec` of whole numbers, of a network that gives a vector",
    note = "every other loss takes numbers in the shape of the answer: a `Vec` of arrays of `f32`, or a tensor; one-hot classes for `CategoricalCrossentropy`",
    note = "a network with several outputs takes the labels of each, in the struct of its outputs"
)]
pub trait Labels<Kind, Output> {
    /// The labels in the form that training uses.
    fn targets(&self) -> Targets<'_>;
}

impl<T: ClassId, N: ConstDim> Labels<Classes, (N,)> for [T] {
    fn targets(&self) -> Targets<'_> {
        Targets::Classes(self.iter().map(|label| label.id()).collect())
    }
}

impl<T: ClassId, N: ConstDim> Labels<Classes, (N,)> for Vec<T> {
    fn targets(&self) -> Targets<'_> {
        Targets::Classes(self.iter().map(|label| label.id()).collect())
    }
}

impl<T: ClassId, N: ConstDim, const ROWS: usize> Labels<Classes, (N,)> for [T; ROWS] {
    fn targets(&self) -> Targets<'_> {
        Targets::Classes(self.iter().map(|label| label.id()).collect())
    }
}

impl<Output, Y: Labels<Classes, Output> + ?Sized> Labels<Classes, Output> for &Y {
    fn targets(&self) -> Targets<'_> {
        Y::targets(self)
    }
}

impl<Batch: Dim, N: ConstDim> Labels<Classes, (N,)> for Tensor<(Batch,), usize, Cpu> {
    fn targets(&self) -> Targets<'_> {
        Targets::Classes(values(self).into_iter().map(ClassId::id).collect())
    }
}

impl<X: Numbers + ?Sized, Output> Labels<Values, Output> for X
where
    X::Sample: FitsOutput<Output>,
{
    fn targets(&self) -> Targets<'_> {
        Targets::Values {
            values: self.values(),
            size: X::Sample::SHAPE.size(),
        }
    }
}

/// Labels that are numbers: [`Samples`] whose elements say of themselves that they are, so that class ids are told what the
/// loss takes and not that they are no samples.
#[diagnostic::on_unimplemented(
    message = "these labels do not fit the loss, which takes numbers in the shape of the answer",
    label = "labels of type `{Self}`",
    note = "numbers are a `Vec` of arrays of `f32`, a `Vec<f32>` for one number a sample, or a dfdx tensor"
)]
pub trait Numbers: Samples {}
impl<T: LabelNumber> Numbers for [T] {}
impl<T: LabelNumber> Numbers for Vec<T> {}
impl<T: LabelNumber, const ROWS: usize> Numbers for [T; ROWS] {}

impl<X: Numbers + ?Sized> Numbers for &X {}
impl<Batch: Dim> Numbers for Tensor<(Batch,), f32, Cpu> {}

macro_rules! tensors_are_numbers {
    ($($Dim:ident),+) => {
        impl<Batch: Dim, $($Dim: ConstDim),+> Numbers for Tensor<(Batch, $($Dim),+), f32, Cpu> {}
    };
}
tensors_are_numbers!(D1);
tensors_are_numbers!(D1, D2);
tensors_are_numbers!(D1, D2, D3);
tensors_are_numbers!(D1, D2, D3, D4);

/// One label that is a number or an array of them.
#[diagnostic::on_unimplemented(
    message = "the loss takes labels of `f32`, but these are of `{Self}`",
    label = "labels of `{Self}`",
    note = "for class ids, which are whole numbers, use `SparseCategoricalCrossentropy`",
    note = "for yes or no, and for what is to be predicted, make them `f32`: `y.iter().map(|&label| label as f32).collect::<Vec<f32>>()`"
)]
pub trait LabelNumber: Sample {}
impl LabelNumber for f32 {}
impl<const A: usize> LabelNumber for [f32; A] {}
impl<const A: usize, const B: usize> LabelNumber for [[f32; B]; A] {}
impl<const A: usize, const B: usize, const C: usize> LabelNumber for [[[f32; C]; B]; A] {}

/// Labels for all outputs of a network: [`Labels`] for one output, or for several outputs those of each, under their
/// names: `FacesOutputs { race: &races, glad: &glads }`.
#[diagnostic::on_unimplemented(
    message = "these labels do not fit the loss",
    label = "the loss takes `{Kind}`",
    note = "`SparseCategoricalCrossentropy` takes class ids, a `Vec` of whole numbers, of a network that gives a vector",
    note = "every other loss takes numbers in the shape of the answer: a `Vec` of arrays of `f32`, or a tensor; one-hot classes for `CategoricalCrossentropy`",
    note = "a network with several outputs takes the labels of each, in the struct of its outputs"
)]
pub trait LabelData<Kind, Output> {
    /// The labels of each output in the form that training uses.
    fn all_targets(&self) -> Vec<Targets<'_>>;
}

impl<Kind, Output, Y: Labels<Kind, Output> + ?Sized> LabelData<Kind, Output> for Y {
    fn all_targets(&self) -> Vec<Targets<'_>> {
        vec![self.targets()]
    }
}

/// All targets of an output of a data set.
#[derive(Clone, Debug)]
pub enum Targets<'a> {
    /// Class ids.
    Classes(Vec<i64>),
    /// Numbers.
    Values {
        /// All of them, sample by sample.
        values: Cow<'a, [f32]>,
        /// How many each sample has.
        size: usize,
    },
}

impl Targets<'_> {
    pub(super) fn len(&self) -> usize {
        match self {
            Targets::Classes(ids) => ids.len(),
            Targets::Values { values, size } => values.len() / (*size).max(1),
        }
    }
}

/// The targets of some samples.
#[derive(Clone, Copy, Debug)]
pub struct TargetRows<'a> {
    targets: &'a Targets<'a>,
    rows: &'a [u32],
}

impl<'a> TargetRows<'a> {
    pub(crate) fn new(targets: &'a Targets<'a>, rows: &'a [u32]) -> Self {
        TargetRows { targets, rows }
    }

    /// Whether they are class ids.
    pub fn are_classes(&self) -> bool {
        matches!(self.targets, Targets::Classes(_))
    }

    /// The class of one sample.
    ///
    /// # Panics
    /// If the targets are not class ids; the types see to it that they are.
    pub fn class(&self, row: usize) -> usize {
        match self.targets {
            Targets::Classes(ids) => ids[self.rows[row] as usize] as usize,
            Targets::Values { .. } => {
                unreachable!("the type of the labels says that they are numbers")
            }
        }
    }

    /// The numbers of one sample; empty if the targets are class ids.
    pub fn values(&self, row: usize) -> &'a [f32] {
        match self.targets {
            Targets::Values { values, size } => &values[self.rows[row] as usize * size..][..*size],
            Targets::Classes(_) => &[],
        }
    }

    #[cfg(test)]
    pub(crate) fn part(self, rows: Range<usize>) -> Self {
        TargetRows {
            targets: self.targets,
            rows: &self.rows[rows],
        }
    }
}

/// What targets a loss can work with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetRule {
    /// Any numbers that are not NaN or infinite.
    Finite,
    /// Numbers from 0 to 1.
    ZeroToOne,
    /// Class ids below the width of the answer.
    ClassIds,
}
