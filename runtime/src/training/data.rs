//! Samples and labels together, checked before training for what their types cannot say.

use super::labels::{TargetRule, Targets};
use crate::error::{DataName, Error, Result};
use crate::graph::Graph;
use crate::kernels::elementwise::are_finite;
use crate::losses::Loss;
use crate::plan::{Batch, Goal};
use std::borrow::Cow;

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
        if let Some((place, value)) = first_not_finite(x) {
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

/// The first number that is NaN or infinite, and its place.
fn first_not_finite(numbers: &[f32]) -> Option<(usize, f32)> {
    if are_finite(numbers) {
        return None;
    }
    let mut numbers = numbers.iter().copied().enumerate();
    numbers.find(|(_, value)| !value.is_finite())
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
            let row = |place| place / (*size).max(1);
            if let Some((place, value)) = first_not_finite(values) {
                let row = row(place);
                return Err(Error::NotFinite { what, row, value });
            }
            let outside = |&(_, value): &(usize, &f32)| !(0.0..=1.0).contains(value);
            if rule == TargetRule::ZeroToOne
                && let Some((place, &value)) = values.iter().enumerate().find(outside)
            {
                return Err(Error::TargetOutOfRange {
                    what,
                    row: row(place),
                    value,
                    loss,
                });
            }
        }
    }
    Ok(())
}
