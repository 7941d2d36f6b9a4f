//! Samples and labels together, checked before training for what their types cannot say.

use super::labels::{TargetRule, Targets};
use crate::error::{DataName, Error, Result};
use crate::graph::Graph;
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
