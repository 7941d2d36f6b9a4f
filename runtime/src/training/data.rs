//! Data: samples and their labels, checked by the compiler for shape and type, and before training for their values.

use crate::error::{DataName, Error, Result};
use crate::graph::Graph;
use crate::losses::Loss;
use crate::plan::{Batch, Goal};
use crate::shape::StaticShape;
use crate::tensors::values;
use dfdx::shapes::{Const, ConstDim, Dim};
use dfdx::tensor::{Cpu, Tensor};
use std::borrow::Cow;
use std::fmt::Debug;
#[cfg(test)]
use std::ops::Range;

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

impl<Batch: Dim> Numbers for Tensor<(Batch,), f32, Cpu> {}

impl<X: Samples + ?Sized> Samples for &X {
    type Sample = X::Sample;

    fn values(&self) -> Cow<'_, [f32]> {
        X::values(self)
    }
}

impl<X: Numbers + ?Sized> Numbers for &X {}

macro_rules! tensors_are_samples {
    ($($Dim:ident),+) => {
        impl<Batch: Dim, $($Dim: ConstDim),+> Samples for Tensor<(Batch, $($Dim),+), f32, Cpu> {
            type Sample = ($($Dim,)+);

            fn values(&self) -> Cow<'_, [f32]> {
                Cow::Owned(values(self))
            }
        }

        impl<Batch: Dim, $($Dim: ConstDim),+> Numbers for Tensor<(Batch, $($Dim),+), f32, Cpu> {}
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
    fn len(&self) -> usize {
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

/// Samples and targets of one length.
#[derive(Clone, Debug)]
pub struct DataSet<'a> {
    /// All samples, for each input.
    pub x: Vec<Cow<'a, [f32]>>,
    /// Their targets, for each output.
    pub targets: Vec<Targets<'a>>,
    /// How many there are.
    pub rows: usize,
}

impl<'a> DataSet<'a> {
    /// Checks everything about the data that the types cannot say. `what` names them in errors.
    pub(crate) fn new(
        what: &'static str,
        x: Vec<Cow<'a, [f32]>>,
        targets: Vec<Targets<'a>>,
        graph: &Graph,
        goals: &[Goal],
    ) -> Result<Self> {
        let rows = check_samples(what, &x, graph)?;
        // Of `x` and `y` each has a name of its own; of validation data both go by the option's.
        let labels = if what == "x" { "y" } else { what };
        let outputs = targets.iter().zip(graph.output_shapes()).enumerate();
        for (i, (targets, output)) in outputs {
            let place = DataName::new(labels, graph.outputs(), i);
            if rows != targets.len() {
                return Err(Error::DifferentLengths {
                    what: DataName::new(what, graph.outputs(), i),
                    x: rows,
                    y: targets.len(),
                });
            }
            let loss = goals.get(i).map(|goal| &*goal.loss);
            check_targets(place, targets, output.last(), loss)?;
        }
        Ok(DataSet { x, targets, rows })
    }
}

impl DataSet<'_> {
    /// Some of the samples.
    pub(crate) fn batch<'a>(&'a self, rows: &'a [u32]) -> Batch<'a> {
        Batch {
            x: &self.x,
            rows,
            targets: &self.targets,
        }
    }
}

#[cfg(test)]
impl<'a> DataSet<'a> {
    /// The data of a network with one input and one output.
    pub(crate) fn single(x: impl Into<Cow<'a, [f32]>>, targets: Targets<'a>, rows: usize) -> Self {
        DataSet {
            x: vec![x.into()],
            targets: vec![targets],
            rows,
        }
    }
}

/// The number of samples, if there are any, as many for each input, and all numbers are finite.
pub(crate) fn check_samples(
    what: &'static str,
    x: &[Cow<'_, [f32]>],
    graph: &Graph,
) -> Result<usize> {
    let mut rows = None;
    for (i, (x, shape)) in x.iter().zip(graph.input_shapes()).enumerate() {
        let what = DataName::new(what, graph.inputs(), i);
        let size = shape.size().max(1);
        if x.is_empty() {
            return Err(Error::Empty { what });
        }
        if let Some((place, &value)) = x.iter().enumerate().find(|(_, v)| !v.is_finite()) {
            let row = place / size;
            return Err(Error::NotFinite { what, row, value });
        }
        let here = x.len() / size;
        let first = *rows.get_or_insert(here);
        if first != here {
            return Err(Error::DifferentInputs {
                what,
                samples: here,
                first: DataName::new(what.what, graph.inputs(), 0),
                expected: first,
            });
        }
    }
    Ok(rows.unwrap_or(0))
}

fn check_targets(
    what: DataName,
    targets: &Targets<'_>,
    classes: usize,
    loss: Option<&dyn Loss>,
) -> Result<()> {
    let (rule, loss) = loss.map_or((TargetRule::Finite, ""), |l| (l.target_rule(), l.name()));
    match targets {
        Targets::Classes(ids) => {
            let wrong = |&(_, &id): &(usize, &i64)| id < 0 || id >= classes as i64;
            if let Some((row, &label)) = ids.iter().enumerate().find(wrong) {
                return Err(Error::LabelOutOfRange {
                    what,
                    row,
                    label,
                    classes,
                });
            }
        }
        Targets::Values { values, size } => {
            for (place, &value) in values.iter().enumerate() {
                let row = place / (*size).max(1);
                if !value.is_finite() {
                    return Err(Error::NotFinite { what, row, value });
                }
                if rule == TargetRule::ZeroToOne && !(0.0..=1.0).contains(&value) {
                    return Err(Error::TargetOutOfRange {
                        what,
                        row,
                        value,
                        loss,
                    });
                }
            }
        }
    }
    Ok(())
}
