//! The table of the layers as Keras prints it, written by the compiler and at run time with the same functions.

use super::{Blueprint, Facts};
use crate::shape::{Message, Shape};

/// Widths of the three columns between the bars, in a terminal of 80 columns.
const WIDTHS: [usize; 3] = [33, 24, 15];

const TOP: &str = "┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓\n";
const BELOW_HEADER: &str =
    "┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩\n";
const BETWEEN: &str =
    "├─────────────────────────────────┼────────────────────────┼───────────────┤\n";
const BOTTOM: &str =
    "└─────────────────────────────────┴────────────────────────┴───────────────┘\n";

/// The name, shape and parameters of one layer, as the table shows them.
pub(crate) type Row = [Message; 3];

/// One row of the table.
pub(crate) const fn row(name: &str, kind: &str, shape: Shape, params: usize) -> Row {
    [
        Message::new(name).text(" (").text(kind).text(")"),
        with_batch(shape),
        thousands(params),
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
    const { &text::<BYTES>(&N::BLUEPRINT) }.as_str()
}

const fn text<const N: usize>(blueprint: &Blueprint) -> Text<N> {
    let mut text = Text {
        bytes: [0; N],
        len: 0,
    };
    let mut writer = Writer::new(&mut text.bytes);
    writer.header(blueprint.name);
    let mut layer = 0;
    while layer < blueprint.layers.len() {
        let entry = &blueprint.layers[layer];
        let row = row(
            entry.name,
            entry.kind,
            blueprint.first_call(layer).shape,
            blueprint.layer_params(layer),
        );
        writer.row(layer, &row);
        layer += 1;
    }
    writer.footer(
        blueprint.trainable_params(),
        blueprint.non_trainable_params(),
    );
    text.len = writer.len;
    assert!(text.len <= N, "the table of the layers has no room");
    text
}

/// The same table at run time.
pub(crate) fn table(name: &str, rows: &[Row], trainable: usize, fixed: usize) -> String {
    let write = |mut writer: Writer<'_>| {
        writer.header(name);
        for (i, row) in rows.iter().enumerate() {
            writer.row(i, row);
        }
        writer.footer(trainable, fixed);
        writer.len
    };
    let mut bytes = vec![0; write(Writer::new(&mut []))];
    write(Writer::new(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Writes into a slice; what does not fit in is counted only.
struct Writer<'b> {
    bytes: &'b mut [u8],
    len: usize,
}

impl<'b> Writer<'b> {
    const fn new(bytes: &'b mut [u8]) -> Self {
        Writer { bytes, len: 0 }
    }

    const fn text(&mut self, text: &str) {
        self.raw(text.as_bytes());
    }

    const fn raw(&mut self, text: &[u8]) {
        let end = self.len + text.len();
        if end <= self.bytes.len() {
            // The compiler counts steps, and gives up after two millions: a loop has one for each byte, copying has
            // many, however short the text.
            if text.len() > 64 {
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
        if self.len + count <= self.bytes.len() {
            let mut i = 0;
            while i < count {
                self.bytes[self.len + i] = b' ';
                i += 1;
            }
        }
        self.len += count;
    }

    const fn header(&mut self, name: &str) {
        self.text("Model: \"");
        self.text(name);
        self.text("\"\n");
        self.text(TOP);
        let titles = [
            Message::new("Layer (type)"),
            Message::new("Output Shape"),
            Message::new("Param #"),
        ];
        self.cells("┃", &titles);
        self.text(BELOW_HEADER);
    }

    const fn row(&mut self, index: usize, row: &Row) {
        if index > 0 {
            self.text(BETWEEN);
        }
        self.cells("│", row);
    }

    /// One row of the table: as many lines as its longest cell needs.
    const fn cells(&mut self, bar: &str, row: &Row) {
        let mut starts = [0; 3];
        while starts[0] < row[0].len() || starts[1] < row[1].len() || starts[2] < row[2].len() {
            let mut column = 0;
            while column < 3 {
                let width = WIDTHS[column] - 2;
                let text = row[column].as_bytes();
                let line = line(text, starts[column], width);
                starts[column] = line.next;
                let cut = if line.cut { "…" } else { "" };
                let blanks = width - line.letters - line.cut as usize;
                self.text(bar);
                self.text(" ");
                // Numbers stand to the right.
                if column == 2 {
                    self.blanks(blanks);
                }
                self.raw(line.text);
                self.text(cut);
                if column < 2 {
                    self.blanks(blanks);
                }
                self.text(" ");
                column += 1;
            }
            self.text(bar);
            self.text("\n");
        }
    }

    const fn footer(&mut self, trainable: usize, fixed: usize) {
        self.text(BOTTOM);
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

/// One line of a cell.
struct Line<'t> {
    text: &'t [u8],
    /// How many letters that are.
    letters: usize,
    /// Its word was too long by itself and ends with `…`.
    cut: bool,
    /// Where the next line starts.
    next: usize,
}

/// The line of a cell that starts at `start`: as many words as fit in.
const fn line(text: &[u8], start: usize, width: usize) -> Line<'_> {
    if start >= text.len() {
        return Line {
            text: &[],
            letters: 0,
            cut: false,
            next: start,
        };
    }
    let rest = text.split_at(start).1;
    let mut end = word_end(rest, 0);
    let mut letters = count(rest, 0, end);
    if letters > width {
        return Line {
            text: first_letters(rest, width - 1),
            letters: width - 1,
            cut: true,
            next: start + end + 1,
        };
    }
    while end < rest.len() {
        let longer = word_end(rest, end + 1);
        let more = count(rest, end, longer);
        if letters + more > width {
            break;
        }
        (end, letters) = (longer, letters + more);
    }
    Line {
        text: rest.split_at(end).0,
        letters,
        cut: false,
        next: start + end + 1,
    }
}

/// Where the word that starts at `start` ends.
const fn word_end(text: &[u8], start: usize) -> usize {
    let mut end = start;
    while end < text.len() && text[end] != b' ' {
        end += 1;
    }
    end
}

/// How many letters start between these bytes of UTF-8.
const fn count(text: &[u8], start: usize, end: usize) -> usize {
    let (mut letters, mut i) = (0, start);
    while i < end {
        letters += (text[i] & 0xC0 != 0x80) as usize;
        i += 1;
    }
    letters
}

/// The first `count` letters.
const fn first_letters(text: &[u8], count: usize) -> &[u8] {
    let (mut letters, mut i) = (0, 0);
    while i < text.len() {
        letters += (text[i] & 0xC0 != 0x80) as usize;
        if letters > count {
            return text.split_at(i).0;
        }
        i += 1;
    }
    text
}

/// `1,234,567`
pub(crate) const fn thousands(n: usize) -> Message {
    let mut divisor = 1;
    while n / divisor >= 1000 {
        divisor *= 1000;
    }
    let mut text = Message::new("").number(n / divisor);
    while divisor > 1 {
        divisor /= 1000;
        text = text.text(",").digits(n / divisor % 1000, 3);
    }
    text
}

/// The memory of so many `f32`s: `194.73 KB`.
const fn memory(numbers: usize) -> Message {
    const UNITS: [&str; 6] = [" B", " KB", " MB", " GB", " TB", " PB"];
    let bytes = numbers as u128 * 4;
    let (mut unit, mut size) = (0, 1_u128);
    while unit + 1 < UNITS.len() && bytes / size >= 1024 {
        size *= 1024;
        unit += 1;
    }
    // Two digits behind the point; in the middle between two, the even one, as Python rounds.
    let (mut hundredths, rest) = (bytes * 100 / size, bytes * 100 % size);
    if rest * 2 > size || (rest * 2 == size && hundredths % 2 == 1) {
        hundredths += 1;
    }
    Message::new("")
        .number((hundredths / 100) as usize)
        .text(".")
        .digits((hundredths % 100) as usize, 2)
        .text(UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_136_085, "1,136,085"),
            (1_000_007, "1,000,007"),
        ] {
            assert_eq!(thousands(n).as_str(), text);
        }
    }

    #[test]
    fn memory_is_keras_memory() {
        for (numbers, text) in [
            (0, "0.00 B"),
            (41, "164.00 B"),
            (255, "1020.00 B"),
            (256, "1.00 KB"),
            (50_042, "195.48 KB"),
            (1_136_085, "4.33 MB"),
        ] {
            assert_eq!(memory(numbers).as_str(), text);
        }
    }

    #[test]
    fn memory_is_rounded_as_floats_are() {
        let float = |numbers: usize| {
            let mut size = numbers as f64 * 4.0;
            for unit in ["B", "KB", "MB", "GB", "TB"] {
                if size < 1024.0 {
                    return format!("{size:.2} {unit}");
                }
                size /= 1024.0;
            }
            format!("{size:.2} PB")
        };
        for numbers in (0..40_000).chain((0..2000).map(|i| i * i * i * 37)) {
            assert_eq!(memory(numbers).as_str(), float(numbers), "{numbers}");
        }
    }

    fn lines(text: &str) -> Vec<String> {
        let text = text.as_bytes();
        let (mut lines, mut start) = (Vec::new(), 0);
        while start < text.len() {
            let line = line(text, start, 31);
            let cut = if line.cut { "…" } else { "" };
            lines.push(format!("{}{cut}", String::from_utf8_lossy(line.text)));
            start = line.next;
        }
        lines
    }

    #[test]
    fn long_names_wrap_or_are_cut() {
        assert_eq!(
            lines("batch_normalization_1 (BatchNormalization)"),
            ["batch_normalization_1", "(BatchNormalization)"]
        );
        assert_eq!(
            lines("größenänderung_der_äußeren_bilder (Resize)"),
            ["größenänderung_der_äußeren_bil…", "(Resize)"]
        );
        assert_eq!(
            lines("dense_of_twenty_two_ch (Dense)"),
            ["dense_of_twenty_two_ch (Dense)"]
        );
    }

    #[test]
    fn a_table_that_finds_no_room_is_counted() {
        let rows = [row("dense", "Dense", Shape::new([4]), 16)];
        let mut writer = Writer::new(&mut []);
        writer.row(0, &rows[0]);
        assert_eq!(
            writer.len,
            "│ dense (Dense)                   │ (None, 4)              │            16 │\n".len()
        );
    }
}
