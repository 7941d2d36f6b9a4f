//! The table of a network's layers, as Keras prints it.

use crate::device::Device;
use crate::engine::Engine;
use crate::graph::{Entry, Graph};
use crate::model::Model;
use crate::network::Network;
use std::fmt;

/// Widths of the three columns between the bars, in a terminal of 80 columns.
const WIDTHS: [usize; 3] = [33, 24, 15];

impl<N: Network, D: Device, L> Model<N, D, L> {
    /// The table of the layers with their output shapes and numbers of parameters, as Keras prints it.
    ///
    /// # Examples
    /// ```
    /// use addax::prelude::*;
    ///
    /// network! {
    ///     /// One layer.
    ///     Small: 3 => 2 {
    ///         Dense(2),
    ///     }
    /// }
    ///
    /// # fn main() -> addax::Result<()> {
    /// let summary = Small::build(&Cpu::default())?.summary().to_string();
    /// assert!(summary.contains("dense (Dense)"));
    /// assert!(summary.ends_with(" Total params: 8 (32.00 B)\n Trainable params: 8 (32.00 B)\n Non-trainable params: 0 (0.00 B)\n"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn summary(&self) -> Summary {
        Summary::new(&self.engine().setup().graph)
    }
}

/// The table of a network's layers. Its `Display` is what Keras' `model.summary()` prints.
#[derive(Clone, Debug)]
pub struct Summary {
    name: &'static str,
    rows: Vec<[String; 3]>,
    trainable: usize,
    fixed: usize,
}

impl Summary {
    pub(crate) fn new(graph: &Graph) -> Self {
        let count = |trainable: bool| {
            let parameters = graph.layers().iter().flat_map(|layer| &layer.parameters);
            parameters
                .filter(|p| p.trainable == trainable)
                .map(|p| p.shape.size())
                .sum()
        };
        Summary {
            name: graph.name(),
            rows: graph
                .entries()
                .iter()
                .map(|entry| row(graph, entry))
                .collect(),
            trainable: count(true),
            fixed: count(false),
        }
    }
}

fn row(graph: &Graph, entry: &Entry) -> [String; 3] {
    let dims: Vec<String> = entry.output.dims().iter().map(usize::to_string).collect();
    let layers = &graph.layers()[entry.layers.clone()];
    let parameters = layers.iter().flat_map(|layer| &layer.parameters);
    [
        format!("{} ({})", entry.name, entry.kind),
        format!("(None, {})", dims.join(", ")),
        thousands(parameters.map(|p| p.shape.size()).sum()),
    ]
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Model: \"{}\"", self.name)?;
        line(f, ['┏', '━', '┳', '┓'])?;
        cells(
            f,
            '┃',
            &["Layer (type)", "Output Shape", "Param #"].map(str::to_owned),
        )?;
        line(f, ['┡', '━', '╇', '┩'])?;
        for (i, row) in self.rows.iter().enumerate() {
            if i > 0 {
                line(f, ['├', '─', '┼', '┤'])?;
            }
            cells(f, '│', row)?;
        }
        line(f, ['└', '─', '┴', '┘'])?;
        let total = self.trainable + self.fixed;
        writeln!(f, " Total params: {} ({})", thousands(total), memory(total))?;
        let (trainable, fixed) = (self.trainable, self.fixed);
        writeln!(
            f,
            " Trainable params: {} ({})",
            thousands(trainable),
            memory(trainable)
        )?;
        writeln!(
            f,
            " Non-trainable params: {} ({})",
            thousands(fixed),
            memory(fixed)
        )
    }
}

fn line(f: &mut fmt::Formatter<'_>, [left, dash, cross, right]: [char; 4]) -> fmt::Result {
    let dashes = WIDTHS.map(|width| dash.to_string().repeat(width));
    writeln!(f, "{left}{}{right}", dashes.join(&cross.to_string()))
}

/// One row of the table: as many lines as its longest cell needs.
fn cells(f: &mut fmt::Formatter<'_>, bar: char, row: &[String; 3]) -> fmt::Result {
    let wrapped: [Vec<String>; 3] = std::array::from_fn(|i| wrap(&row[i], WIDTHS[i] - 2));
    let height = wrapped.iter().map(Vec::len).max().unwrap_or(1);
    for i in 0..height {
        for (column, width) in WIDTHS.iter().enumerate() {
            let text = wrapped[column].get(i).map_or("", String::as_str);
            let width = width - 2;
            if column == 2 {
                write!(f, "{bar} {text:>width$} ")?;
            } else {
                write!(f, "{bar} {text:<width$} ")?;
            }
        }
        writeln!(f, "{bar}")?;
    }
    Ok(())
}

/// Breaks text at blanks so that it fits; a word that is too long by itself is cut with `…`.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let word = if word.chars().count() > width {
            word.chars().take(width - 1).chain(['…']).collect()
        } else {
            word.to_owned()
        };
        match lines.last_mut() {
            Some(last) if last.chars().count() + 1 + word.chars().count() <= width => {
                last.push(' ');
                last.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// `1,234,567`
pub(crate) fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The memory of so many `f32`s: `194.73 KB`.
fn memory(numbers: usize) -> String {
    let mut size = numbers as f64 * 4.0;
    for unit in ["B", "KB", "MB", "GB", "TB"] {
        if size < 1024.0 {
            return format!("{size:.2} {unit}");
        }
        size /= 1024.0;
    }
    format!("{size:.2} PB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_136_085), "1,136,085");
    }

    #[test]
    fn memory_is_keras_memory() {
        assert_eq!(memory(0), "0.00 B");
        assert_eq!(memory(41), "164.00 B");
        assert_eq!(memory(50_042), "195.48 KB");
    }

    #[test]
    fn long_names_wrap_or_are_cut() {
        assert_eq!(
            wrap("batch_normalization_1 (BatchNormalization)", 31).len(),
            2
        );
        let cut = wrap("a_name_that_is_much_longer_than_any_column", 31);
        assert_eq!(cut[0].chars().count(), 31);
        assert!(cut[0].ends_with('…'));
    }
}
