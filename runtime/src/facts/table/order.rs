//! In which order the rows stand.
//!
//! Keras sorts a functional model by depth: the layers that are farthest from the outputs come first. Of several with the
//! same depth, the one comes first that a walk from the outputs to the inputs meets first. In a list of layers that is the
//! order in which they run.

use crate::facts::{Blueprint, Facts};

/// The rows of the table in their order, for a network with `R` inputs and layers, and with `V` values. Rows are numbered:
/// first the inputs, then the layers.
#[doc(hidden)]
pub const fn rows<N: Facts, const R: usize, const V: usize>() -> &'static [usize] {
    const { &sorted_rows::<R, V>(&N::BLUEPRINT) }
}

pub(crate) const fn sorted_rows<const R: usize, const V: usize>(
    blueprint: &Blueprint,
) -> [usize; R] {
    let walk = Walk::<R, V>::of(blueprint);
    let depths = walk.depths(blueprint);
    // First how many rows have each depth, then where the next one of that depth goes.
    let mut places = [0; V];
    let mut i = 0;
    while i < R {
        places[depths[i]] += 1;
        i += 1;
    }
    let (mut first, mut depth) = (0, V);
    while depth > 0 {
        depth -= 1;
        let count = places[depth];
        places[depth] = first;
        first += count;
    }
    let mut sorted = [0; R];
    let mut i = 0;
    while i < R {
        let row = walk.rows.items[i];
        let place = &mut places[depths[row]];
        sorted[*place] = row;
        *place += 1;
        i += 1;
    }
    sorted
}

/// The walk from the outputs to the inputs, as deep as it can before it turns to the next value.
struct Walk<const R: usize, const V: usize> {
    /// The rows in the order in which they are met.
    rows: List<R>,
    /// The values in the order in which they are left: each behind those that it is made of.
    left: List<V>,
    /// The values that lead from an output to where the walk is.
    path: List<V>,
    /// How many inputs of each value have been followed.
    followed: [usize; V],
    met_rows: [bool; R],
    met_values: [bool; V],
}

impl<const R: usize, const V: usize> Walk<R, V> {
    const fn of(blueprint: &Blueprint) -> Self {
        let mut walk = Walk {
            rows: List::new(),
            left: List::new(),
            path: List::new(),
            followed: [0; V],
            met_rows: [false; R],
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
    const fn depths(&self, blueprint: &Blueprint) -> [usize; R] {
        let mut rows = [0; R];
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

    /// The values that a value is made of.
    const fn value_inputs(&self, value: usize) -> &'static [usize] {
        if value < self.inputs.len() {
            &[]
        } else {
            self.calls[value - self.inputs.len()].inputs
        }
    }
}
