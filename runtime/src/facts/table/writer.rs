//! What draws the table.

use super::cell::{Cell, letters};
use super::numbers::{memory, thousands};
use crate::shape::Message;

/// The cells of a row: layer, shape, parameters and, of a graph, connections.
pub(super) type Row<'b> = [Cell<'b>; 4];

/// The widest columns of all tables fit in.
const BLANKS: &str = "                                 ";

/// The widths of the columns between the bars, in a terminal of 80 columns.
#[derive(Clone, Copy)]
pub(super) struct Columns(&'static [usize]);

impl Columns {
    /// Of layers that run one after another.
    pub(super) const LIST: Self = Columns(&[33, 24, 15]);
    /// Of layers with connections.
    pub(super) const GRAPH: Self = Columns(&[21, 19, 12, 19]);
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
        let text = text.as_bytes();
        let end = self.len + text.len();
        if end <= self.bytes.len() {
            let (_, rest) = self.bytes.split_at_mut(self.len);
            rest.split_at_mut(text.len()).0.copy_from_slice(text);
        }
        self.len = end;
    }

    const fn blanks(&mut self, count: usize) {
        self.text(BLANKS.split_at(count).0);
    }

    /// A line across: `├───┼───┤`.
    const fn rule(&mut self, left: &str, dash: &str, between: &str, right: &str) {
        let Columns(widths) = self.columns;
        let mut column = 0;
        while column < widths.len() {
            self.text(if column == 0 { left } else { between });
            let mut i = 0;
            while i < widths[column] {
                self.text(dash);
                i += 1;
            }
            column += 1;
        }
        self.text(right);
        self.text("\n");
    }

    /// All above the first row.
    pub(super) const fn header(&mut self, name: &str) {
        self.text("Model: \"");
        self.text(name);
        self.text("\"\n");
        self.rule("┏", "━", "┳", "┓");
        let titles = [
            Cell::Text(Message::new("Layer (type)")),
            Cell::Text(Message::new("Output Shape")),
            Cell::Text(Message::new("Param #")),
            Cell::Text(Message::new("Connected to")),
        ];
        self.cells("┃", &titles);
        self.rule("┡", "━", "╇", "┩");
    }

    /// A row below the first one has a line above it.
    pub(super) const fn row(&mut self, is_first: bool, row: &Row<'_>) {
        if !is_first {
            self.rule("├", "─", "┼", "┤");
        }
        self.cells("│", row);
    }

    /// As many lines as the longest cell needs.
    const fn cells(&mut self, bar: &str, row: &Row<'_>) {
        let Columns(widths) = self.columns;
        let mut starts = [0; 4];
        loop {
            let mut lines = [Message::new(""); 4];
            let (mut column, mut is_empty) = (0, true);
            while column < widths.len() {
                let line = row[column].line(starts[column], widths[column] - 2);
                is_empty &= line.text.len() == 0;
                lines[column] = line.text;
                starts[column] = line.next;
                column += 1;
            }
            if is_empty {
                return;
            }
            let mut column = 0;
            while column < widths.len() {
                let text = lines[column].as_str();
                let blanks = widths[column] - 2 - letters(text);
                let is_number = column == Columns::NUMBERS;
                self.text(bar);
                self.blanks(if is_number { 1 + blanks } else { 1 });
                self.text(text);
                self.blanks(if is_number { 1 } else { 1 + blanks });
                column += 1;
            }
            self.text(bar);
            self.text("\n");
        }
    }

    /// All below the last row.
    pub(super) const fn footer(&mut self, trainable: usize, fixed: usize) {
        self.rule("└", "─", "┴", "┘");
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
    fn every_column_finds_its_blanks() {
        for Columns(widths) in [Columns::LIST, Columns::GRAPH] {
            assert!(widths.iter().all(|&width| width <= BLANKS.len()));
            assert_eq!(widths.iter().sum::<usize>() + widths.len() + 1, 76);
        }
    }
}
