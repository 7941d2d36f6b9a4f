//! The cells of the table, and how their text is broken into lines.

use super::TableRow;
use crate::facts::Blueprint;
use crate::shape::Message;

/// One cell: words, of which each line takes as many as fit in.
#[derive(Clone, Copy)]
#[expect(clippy::large_enum_variant, reason = "the compiler has no heap")]
pub(super) enum Cell<'b> {
    Text(Message),
    /// What a layer takes, in all its calls.
    Connections(&'b Blueprint, TableRow),
}

/// One line of a cell, or a word of it.
#[derive(Clone, Copy)]
pub(super) struct Piece {
    pub(super) text: Message,
    pub(super) letters: usize,
    /// Where the next one starts.
    pub(super) next: usize,
}

impl Piece {
    pub(super) const EMPTY: Self = Piece {
        text: Message::new(""),
        letters: 0,
        next: 0,
    };
}

impl Cell<'_> {
    /// The line that starts at `start`. Behind the last one come lines without text.
    pub(super) const fn line(&self, start: usize, width: usize) -> Piece {
        let mut line = Piece {
            next: start,
            ..Piece::EMPTY
        };
        while let Some(word) = self.word(line.next) {
            let is_first = line.letters == 0;
            let longer = match is_first {
                true => word.letters,
                false => line.letters + 1 + word.letters,
            };
            if longer <= width {
                line = Piece {
                    text: match is_first {
                        true => word.text,
                        false => line.text.text(" ").message(&word.text),
                    },
                    letters: longer,
                    next: word.next,
                };
                continue;
            }
            // A word that is too long by itself ends with `…`.
            if is_first {
                line = Piece {
                    text: first_letters(&word.text, width - 1).text("…"),
                    letters: width,
                    next: word.next,
                };
            }
            break;
        }
        line
    }

    /// The word that starts at `start`: at which byte of a text, or which connection.
    const fn word(&self, start: usize) -> Option<Piece> {
        let (text, next) = match self {
            Cell::Text(text) if start < text.bytes().len() => {
                let rest = text.as_str().split_at(start).1;
                let end = word_end(rest.as_bytes());
                (Message::new(rest.split_at(end).0), start + end + 1)
            }
            Cell::Connections(blueprint, row) => {
                let Some(value) = blueprint.connection(*row, start) else {
                    return None;
                };
                let text = blueprint.call_of(value);
                let is_last = blueprint.connection(*row, start + 1).is_none();
                (if is_last { text } else { text.text(",") }, start + 1)
            }
            Cell::Text(_) => return None,
        };
        Some(Piece {
            text,
            letters: letters(text.bytes()),
            next,
        })
    }
}

impl Blueprint {
    /// The value that a layer takes as number `index`, counted over all its calls.
    const fn connection(&self, row: TableRow, index: usize) -> Option<usize> {
        let layer = row.index - self.inputs.len();
        let mut index = index;
        let mut call = self.layers[layer].call;
        while call <= row.last_call {
            if self.calls[call].layer == layer {
                let inputs = self.calls[call].inputs;
                if index < inputs.len() {
                    return Some(inputs[index]);
                }
                index -= inputs.len();
            }
            call += 1;
        }
        None
    }

    /// `tower[1][0]`: what the second call of `tower` gives. The last number tells the outputs of one call apart, of which
    /// there is one.
    const fn call_of(&self, value: usize) -> Message {
        let inputs = self.inputs.len();
        if value < inputs {
            return Message::new(self.inputs[value].0).text("[0][0]");
        }
        let layer = self.calls[value - inputs].layer;
        let entry = &self.layers[layer];
        let (mut earlier, mut call) = (0, entry.call);
        while call < value - inputs {
            earlier += (self.calls[call].layer == layer) as usize;
            call += 1;
        }
        let name = Message::new(entry.name);
        name.text("[").number(earlier).text("][0]")
    }
}

/// Where the first word ends.
const fn word_end(text: &[u8]) -> usize {
    let mut end = 0;
    while end < text.len() && text[end] != b' ' {
        end += 1;
    }
    end
}

/// How many letters there are.
const fn letters(text: &[u8]) -> usize {
    let (mut letters, mut i) = (0, 0);
    while i < text.len() {
        letters += starts_letter(text[i]) as usize;
        i += 1;
    }
    letters
}

/// Whether a byte of UTF-8 starts a letter.
const fn starts_letter(byte: u8) -> bool {
    byte & 0xC0 != 0x80
}

/// The first `count` letters.
const fn first_letters(text: &Message, count: usize) -> Message {
    let bytes = text.bytes();
    let (mut letters, mut end) = (0, 0);
    while end < bytes.len() {
        letters += starts_letter(bytes[end]) as usize;
        if letters > count {
            break;
        }
        end += 1;
    }
    Message::new(text.as_str().split_at(end).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        let cell = Cell::Text(Message::new(text));
        let (mut lines, mut start) = (Vec::new(), 0);
        while start < text.len() {
            let line = cell.line(start, 31);
            lines.push(line.text.as_str().to_owned());
            assert_eq!(line.letters, line.text.as_str().chars().count());
            start = line.next;
        }
        assert_eq!(cell.line(start, 31).letters, 0);
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
}
