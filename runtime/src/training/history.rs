//! What `fit` returns.

use std::ops::Index;

/// The loss and the metrics of each epoch, as `fit` saw them.
///
/// Names are Keras': `loss`, `accuracy`, `val_loss`, `val_accuracy`, ...; the short `acc` and `val_acc`, `mse`, `mae` are
/// understood as well. Indexing panics for a name that is not there, [`History::get`] does not.
///
/// ```
/// use addax::History;
///
/// let mut history = History::default();
/// history.push("accuracy", 0.5);
/// history.push("accuracy", 0.75);
/// assert_eq!(history["acc"], [0.5, 0.75]);
/// assert_eq!(history.get("val_loss"), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    columns: Vec<(String, Vec<f64>)>,
}

impl History {
    /// The values of all epochs, or `None` if nothing has that name.
    pub fn get(&self, name: &str) -> Option<&[f64]> {
        let name = full_name(name);
        let (_, values) = self.columns.iter().find(|(n, _)| *n == name)?;
        Some(values)
    }

    /// All names in the order in which they were first measured.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// How many epochs there are.
    pub fn epochs(&self) -> usize {
        self.columns.first().map_or(0, |(_, values)| values.len())
    }

    /// Adds the value of one more epoch.
    pub fn push(&mut self, name: &str, value: f64) {
        match self.columns.iter_mut().find(|(n, _)| n == name) {
            Some((_, values)) => values.push(value),
            None => self.columns.push((name.to_owned(), vec![value])),
        }
    }
}

impl Index<&str> for History {
    type Output = [f64];

    fn index(&self, name: &str) -> &[f64] {
        match self.get(name) {
            Some(values) => values,
            None => {
                let names: Vec<&str> = self.names().collect();
                panic!("the history has no `{name}`; it has {}", names.join(", "))
            }
        }
    }
}

/// Keras' full name for one of its short ones.
pub(crate) fn full_name(name: &str) -> String {
    // Behind `val_` or the name of an output.
    let start = name.rfind('_').map_or(0, |underscore| underscore + 1);
    let (prefix, last) = name.split_at(start);
    let last = match last {
        "acc" => "accuracy",
        "mse" => "mean_squared_error",
        "mae" => "mean_absolute_error",
        other => other,
    };
    format!("{prefix}{last}")
}
