//! The table of the layers as Keras prints it, written by the compiler and at run time with the same functions.
//!
//! Layers that run one after another have three columns. Any other network has a fourth one, for what each layer takes. The
//! inputs of a graph have rows, that of a list has none.

mod cell;
mod numbers;
mod order;
mod writer;

pub(super) use numbers::thousands;
pub use order::{TableRow, rows};

use super::{Blueprint, Facts};
use crate::shape::{Message, Shape};
use cell::Cell;
use writer::{Columns, Row, Writer};

/// Text of at most `N` bytes that the compiler has written.
struct Text<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Text<N> {
    /// The text.
    const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => panic!("the table of the layers has been cut within a letter"),
        }
    }
}

/// See [`Facts::SUMMARY`]. `BYTES` must be enough for it.
#[doc(hidden)]
pub const fn summary<N: Facts, const BYTES: usize>() -> &'static str {
    const { &text::<BYTES>(&N::BLUEPRINT, N::ROWS) }.as_str()
}

const fn text<const N: usize>(blueprint: &Blueprint, rows: &[TableRow]) -> Text<N> {
    let mut text = Text {
        bytes: [0; N],
        len: 0,
    };
    text.len = write(&mut text.bytes, blueprint, rows);
    assert!(text.len <= N, "the table of the layers has no room");
    text
}

/// The same table at run time.
pub(crate) fn table(blueprint: &Blueprint, rows: &[TableRow]) -> String {
    let mut bytes = vec![0; write(&mut [], blueprint, rows)];
    write(&mut bytes, blueprint, rows);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Writes the table, and says how many bytes it has.
const fn write(bytes: &mut [u8], blueprint: &Blueprint, rows: &[TableRow]) -> usize {
    let columns = match blueprint.is_chain() {
        true => Columns::LIST,
        false => Columns::GRAPH,
    };
    let mut writer = Writer::new(bytes, columns);
    writer.header(blueprint.name);
    let mut i = 0;
    while i < rows.len() {
        writer.row(i == 0, &blueprint.table_row(rows[i]));
        i += 1;
    }
    writer.footer(
        blueprint.trainable_params(),
        blueprint.non_trainable_params(),
    );
    writer.len
}

impl Blueprint {
    /// Whether every layer is called once and takes what the one before it gives.
    const fn is_chain(&self) -> bool {
        let mut call = 0;
        while call < self.calls.len() {
            let inputs = self.calls[call].inputs;
            if inputs.len() != 1 || inputs[0] != call {
                return false;
            }
            call += 1;
        }
        self.inputs.len() <= 1 && self.layers.len() == self.calls.len()
    }

    const fn table_row(&self, row: TableRow) -> Row<'_> {
        if row.index < self.inputs.len() {
            let (name, shape) = self.inputs[row.index];
            let connections = Cell::Text(Message::new("-"));
            return cells(name, "InputLayer", shape, 0, connections);
        }
        let layer = row.index - self.inputs.len();
        let entry = &self.layers[layer];
        // Of several calls Keras shows what the last one gives.
        let shape = self.calls[row.last_call].shape;
        let params = self.layer_params(layer);
        let connections = Cell::Connections(self, row);
        cells(entry.name, entry.kind, shape, params, connections)
    }
}

const fn cells<'b>(
    name: &str,
    kind: &str,
    shape: Shape,
    params: usize,
    connections: Cell<'b>,
) -> Row<'b> {
    [
        Cell::Text(Message::new(name).text(" (").text(kind).text(")")),
        Cell::Text(with_batch(shape)),
        Cell::Text(thousands(params)),
        connections,
    ]
}

/// `(None, 26, 26, 16)`
const fn with_batch(shape: Shape) -> Message {
    let mut text = Message::new("(None");
    let mut axis = 0;
    while shape.is_known() && axis < shape.rank() {
        text = text.text(", ").number(shape.dim(axis));
        axis += 1;
    }
    text.text(if axis == 0 { ",)" } else { ")" })
}
