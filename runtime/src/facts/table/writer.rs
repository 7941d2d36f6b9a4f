//! What draws the table.

use super::cell::{Cell, Piece};
use super::numbers::{memory, thousands};
use crate::shape::Message;

/// The cells of a row: layer, shape, parameters and, of a graph, connections.
pub(super) type Row<'b> = [Cell<'b>; 4];

/// The widest columns of all tables fit in.
const BLANKS: &str = "                                 ";

/// Bytes up to which a loop is cheaper for the compiler than copying.
const SHORT: usize = 64;

/// The columns in a terminal of 80 columns.
#[derive(Clone, Copy)]
pub(super) struct Columns {
    /// Between the bars.
    widths: &'static [usize],
    top: &'static str,
    below_titles: &'static str,
    between: &'static str,
    bottom: &'static str,
}

impl Columns {
    /// Of layers that run one after another.
    pub(super) const LIST: Self = Columns {
        widths: &[33, 24, 15],
        top: "┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓\n",
        below_titles: "┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩\n",
        between: "├─────────────────────────────────┼────────────────────────┼───────────────┤\n",
        bottom: "└─────────────────────────────────┴────────────────────────┴───────────────┘\n",
    };
    /// Of layers with connections.
    pub(super) const GRAPH: Self = Columns {
        widths: &[21, 19, 12, 19],
        top: "┏━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┓\n",
        below_titles: "┡━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━┩\n",
        between: "├─────────────────────┼───────────────────┼────────────┼───────────────────┤\n",
        bottom: "└─────────────────────┴───────────────────┴────────────┴───────────────────┘\n",
    };
    /// Numbers stand to the right.
    const NUMBERS: usize = 2;
}

/// Writes into a slice; what does not fit in is counted only.
pub(super) struct Writer<'w> {
    bytes: &'w mut [u8],
    pub(super) len: usize,
    columns: Columns,
}

impl<'w> Writer<'w> {
    pub(super) const fn new(bytes: &'w mut [u8], columns: Columns) -> Self {
        Writer {
            bytes,
            len: 0,
            columns,
        }
    }

    const fn text(&mut self, text: &str) {
        self.utf8(text.as_bytes());
    }

    const fn utf8(&mut self, text: &[u8]) {
        let end = self.len + text.len();
        if end <= self.bytes.len() {
            // The compiler counts steps, and gives up after two millions: a loop has one for each byte, copying has
            // many, however short the text.
            if text.len() > SHORT {
                let (_, rest) = self.bytes.split_at_mut(self.len);
                rest.split_at_mut(text.len()).0.copy_from_slice(text);
            } else {
                let mut i = 0;
                while i < text.len() {
                    self.bytes[self.len + i] = text[i];
                    i += 1;
                }
            }
        }
        self.len = end;
    }

    const fn blanks(&mut self, count: usize) {
        self.text(BLANKS.split_at(count).0);
    }

    /// All above the first row.
    pub(super) const fn header(&mut self, name: &str) {
        self.text("Model: \"");
        self.text(name);
        self.text("\"\n");
        self.text(self.columns.top);
        let titles = [
            Cell::Text(Message::new("Layer (type)")),
            Cell::Text(Message::new("Output Shape")),
            Cell::Text(Message::new("Param #")),
            Cell::Text(Message::new("Connected to")),
        ];
        self.cells("┃", &titles);
        self.text(self.columns.below_titles);
    }

    /// A row below the first one has a line above it.
    pub(super) const fn row(&mut self, is_first: bool, row: &Row<'_>) {
        if !is_first {
            self.text(self.columns.between);
        }
        self.cells("│", row);
    }

    /// As many lines as the longest cell needs.
    const fn cells(&mut self, bar: &str, row: &Row<'_>) {
        let widths = self.columns.widths;
        let mut starts = [0; 4];
        loop {
            let mut lines = [Piece::EMPTY; 4];
            let (mut column, mut is_empty) = (0, true);
            while column < widths.len() {
                lines[column] = row[column].line(starts[column], widths[column] - 2);
                starts[column] = lines[column].next;
                is_empty &= lines[column].letters == 0;
                column += 1;
            }
            if is_empty {
                return;
            }
            let mut column = 0;
            while column < widths.len() {
                let line = &lines[column];
                let blanks = widths[column] - 2 - line.letters;
                let is_number = column == Columns::NUMBERS;
                self.text(bar);
                self.blanks(if is_number { 1 + blanks } else { 1 });
                self.utf8(line.text.bytes());
                self.blanks(if is_number { 1 } else { 1 + blanks });
                column += 1;
            }
            self.text(bar);
            self.text("\n");
        }
    }

    /// All below the last row.
    pub(super) const fn footer(&mut self, trainable: usize, fixed: usize) {
        self.text(self.columns.bottom);
        self.total(" Total params: ", trainable + fixed);
        self.total(" Trainable params: ", trainable);
        self.total(" Non-trainable params: ", fixed);
    }

    const fn total(&mut self, title: &str, params: usize) {
        self.text(title);
        self.text(thousands(params).as_str());
        self.text(" (");
        self.text(memory(params).as_str());
        self.text(")\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_finds_no_room_is_counted() {
        let row = ["dense (Dense)", "(None, 4)", "16", ""].map(|t| Cell::Text(Message::new(t)));
        let mut writer = Writer::new(&mut [], Columns::LIST);
        writer.row(true, &row);
        assert_eq!(
            writer.len,
            "│ dense (Dense)                   │ (None, 4)              │            16 │\n".len()
        );
    }

    #[test]
    fn lines_across_are_as_wide_as_the_columns() {
        for columns in [Columns::LIST, Columns::GRAPH] {
            let lines = [
                columns.top,
                columns.below_titles,
                columns.between,
                columns.bottom,
            ];
            for line in lines {
                let is_dash = |letter: char| "━─".contains(letter);
                let dashes = line.trim_end().split(|letter| !is_dash(letter));
                let widths: Vec<usize> = dashes.map(|dashes| dashes.chars().count()).collect();
                assert_eq!(widths[1..widths.len() - 1], *columns.widths);
            }
            assert!(columns.widths.iter().all(|&width| width <= BLANKS.len()));
        }
    }
}
