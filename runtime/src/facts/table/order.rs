//! In which order the rows stand.
//!
//! Keras sorts a functional model by depth: the layers that are farthest from the outputs come first. Of several with the
//! same depth, the one comes first that a walk from the outputs to the inputs meets first. In a list of layers that is the
//! order in which they run.

use crate::facts::{Blueprint, Facts};

/// One row of the table.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableRow {
    /// An input, or behind all inputs a layer.
    pub(super) index: usize,
    /// The last call of the layer.
    pub(super) last_call: usize,
}

/// The rows of the table in their order, for a network with `V` values, whose inputs have rows or not, of which there are
/// `R` then.
#[doc(hidden)]
pub const fn rows<N: Facts, const INPUTS: bool, const R: usize, const V: usize>()
-> &'static [TableRow] {
    const { &sorted_rows::<INPUTS, R, V>(&N::BLUEPRINT) }
}

const fn sorted_rows<const INPUTS: bool, const R: usize, const V: usize>(
    blueprint: &Blueprint,
) -> [TableRow; R] {
    let walk = Walk::<V>::of(blueprint);
    let depths = walk.depths(blueprint);
    let last_calls = blueprint.last_calls::<V>();
    // First how many rows have each depth, then where the next one of that depth goes.
    let mut places = [0; V];
    let mut i = 0;
    while i < walk.rows.len {
        let row = walk.rows.items[i];
        places[depths[row]] += blueprint.is_shown(row, INPUTS) as usize;
        i += 1;
    }
    let (mut first, mut depth) = (0, V);
    while depth > 0 {
        depth -= 1;
        let count = places[depth];
        places[depth] = first;
        first += count;
    }
    let none = TableRow {
        index: 0,
        last_call: 0,
    };
    let mut sorted = [none; R];
    let mut i = 0;
    while i < walk.rows.len {
        let row = walk.rows.items[i];
        if blueprint.is_shown(row, INPUTS) {
            let place = &mut places[depths[row]];
            sorted[*place] = TableRow {
                index: row,
                last_call: last_calls[row],
            };
            *place += 1;
        }
        i += 1;
    }
    sorted
}

/// The walk from the outputs to the inputs, as deep as it can before it turns to the next value.
///
/// There are at least as many values as rows, since each layer is called.
struct Walk<const V: usize> {
    /// The rows in the order in which they are met: inputs count first, then layers.
    rows: List<V>,
    /// The values in the order in which they are left: each behind those that it is made of.
    left: List<V>,
    /// The values that lead from an output to where the walk is.
    path: List<V>,
    /// How many inputs of each value have been followed.
    followed: [usize; V],
    met_rows: [bool; V],
    met_values: [bool; V],
}

impl<const V: usize> Walk<V> {
    const fn of(blueprint: &Blueprint) -> Self {
        let mut walk = Walk {
            rows: List::new(),
            left: List::new(),
            path: List::new(),
            followed: [0; V],
            met_rows: [false; V],
            met_values: [false; V],
        };
        let mut i = 0;
        while i < blueprint.outputs.len() {
            walk.from(blueprint, blueprint.outputs[i].1);
            i += 1;
        }
        // What leads to no output has a row as well.
        let mut value = V;
        while value > 0 {
            value -= 1;
            walk.from(blueprint, value);
        }
        walk
    }

    /// Walks from a value. No recursion: that of the compiler has a limit.
    const fn from(&mut self, blueprint: &Blueprint, value: usize) {
        self.meet(blueprint, value);
        while self.path.len > 0 {
            let value = self.path.items[self.path.len - 1];
            let inputs = blueprint.value_inputs(value);
            let next = self.followed[value];
            if next < inputs.len() {
                self.followed[value] += 1;
                self.meet(blueprint, inputs[next]);
            } else {
                self.path.len -= 1;
                self.left.push(value);
            }
        }
    }

    const fn meet(&mut self, blueprint: &Blueprint, value: usize) {
        if self.met_values[value] {
            return;
        }
        self.met_values[value] = true;
        self.path.push(value);
        let row = blueprint.row_of(value);
        if !self.met_rows[row] {
            self.met_rows[row] = true;
            self.rows.push(row);
        }
    }

    /// The depth of each row: the most layers between it and an output. A call of a shared layer is at least as deep as
    /// those of its calls that stand nearer to the outputs.
    const fn depths(&self, blueprint: &Blueprint) -> [usize; V] {
        let mut rows = [0; V];
        let mut values = [0; V];
        let mut i = V;
        while i > 0 {
            i -= 1;
            let value = self.left.items[i];
            let row = blueprint.row_of(value);
            let depth = larger(values[value], rows[row]);
            rows[row] = depth;
            let inputs = blueprint.value_inputs(value);
            let mut input = 0;
            while input < inputs.len() {
                let deeper = &mut values[inputs[input]];
                *deeper = larger(*deeper, depth + 1);
                input += 1;
            }
        }
        rows
    }
}

const fn larger(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// Up to `N` numbers.
struct List<const N: usize> {
    items: [usize; N],
    len: usize,
}

impl<const N: usize> List<N> {
    const fn new() -> Self {
        List {
            items: [0; N],
            len: 0,
        }
    }

    const fn push(&mut self, item: usize) {
        self.items[self.len] = item;
        self.len += 1;
    }
}

impl Blueprint {
    /// The row of the input or the layer that a value comes from.
    const fn row_of(&self, value: usize) -> usize {
        let inputs = self.inputs.len();
        if value < inputs {
            value
        } else {
            inputs + self.calls[value - inputs].layer
        }
    }

    const fn is_shown(&self, row: usize, inputs: bool) -> bool {
        inputs || row >= self.inputs.len()
    }

    /// The last call of each row that is a layer.
    const fn last_calls<const V: usize>(&self) -> [usize; V] {
        let mut last_calls = [0; V];
        let mut call = 0;
        while call < self.calls.len() {
            last_calls[self.inputs.len() + self.calls[call].layer] = call;
            call += 1;
        }
        last_calls
    }

    /// The values that a value is made of.
    const fn value_inputs(&self, value: usize) -> &'static [usize] {
        if value < self.inputs.len() {
            &[]
        } else {
            self.calls[value - self.inputs.len()].inputs
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Call, LayerEntry};
    use crate::golden::files;
    use crate::shape::{Outcome, Shape};
    use serde_json::Value as Json;

    /// Of every graph in `orders.json`.
    const INPUTS: usize = 3;
    const LAYERS: usize = 7;
    const CALLS: usize = 12;

    fn numbers(json: &Json) -> Vec<usize> {
        serde_json::from_value(json.clone()).unwrap()
    }

    /// Layers and values without names and sizes.
    fn wiring(graph: &Json) -> Blueprint {
        static OUTCOME: Outcome = Outcome::ok(Shape::UNKNOWN);
        let calls = graph["calls"].as_array().unwrap();
        let calls: Vec<Call> = calls
            .iter()
            .map(|call| Call {
                layer: call[0].as_u64().unwrap() as usize,
                outcome: &OUTCOME,
                shape: Shape::UNKNOWN,
                inputs: numbers(&call[1]).leak(),
            })
            .collect();
        assert_eq!(calls.len(), CALLS);
        let layers: Vec<LayerEntry> = (0..LAYERS)
            .map(|layer| LayerEntry {
                name: "",
                kind: "",
                call: calls.iter().position(|call| call.layer == layer).unwrap(),
            })
            .collect();
        let outputs = numbers(&graph["outputs"]).into_iter();
        let outputs: Vec<(&str, usize)> = outputs.map(|value| ("", value)).collect();
        Blueprint {
            name: "",
            inputs: &[("", Shape::UNKNOWN); INPUTS],
            layers: layers.leak(),
            calls: calls.leak(),
            outputs: outputs.leak(),
        }
    }

    #[test]
    fn rows_have_the_order_of_keras() {
        let [path] = files("summary", "json", 1).try_into().unwrap();
        let graphs: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let graphs = graphs.as_array().unwrap();
        assert_eq!(graphs.len(), 60);
        for graph in graphs {
            let blueprint = wiring(graph);
            let rows = sorted_rows::<true, { INPUTS + LAYERS }, { INPUTS + CALLS }>(&blueprint);
            let expected = numbers(&graph["rows"]);
            assert_eq!(rows.map(|row| row.index).to_vec(), expected, "{graph}");
            let layers = sorted_rows::<false, LAYERS, { INPUTS + CALLS }>(&blueprint);
            let expected = expected.into_iter().filter(|&row| row >= INPUTS);
            assert!(layers.iter().map(|row| row.index).eq(expected), "{graph}");
        }
    }
}
