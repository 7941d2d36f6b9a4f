//! Text put together by the const evaluator.

use super::Shape;

/// Longer than any message of ours; what a user wrote is shortened by `network!` before it gets here.
const CAPACITY: usize = 512;

/// A compile-time message, built piece by piece.
///
/// ```
/// use addax::shape::{Message, Shape};
///
/// const TEXT: Message = Message::new("`Dense` takes a vector, but ").gives(Shape::new([4, 4, 8]).named("`Conv2D(8, 3)`"));
/// assert_eq!(TEXT.as_str(), "`Dense` takes a vector, but `Conv2D(8, 3)` gives (4, 4, 8)");
/// ```
#[derive(Clone, Copy)]
pub struct Message {
    bytes: [u8; CAPACITY],
    len: usize,
}

impl Message {
    /// A message that starts with `text`.
    pub const fn new(text: &str) -> Self {
        Message {
            bytes: [0; CAPACITY],
            len: 0,
        }
        .text(text)
    }

    /// Adds text. A piece that does not fit whole is left out, so that the message stays valid UTF-8.
    pub const fn text(self, text: &str) -> Self {
        self.utf8(text.as_bytes())
    }

    /// Adds another message.
    pub(crate) const fn message(self, other: &Message) -> Self {
        self.utf8(other.bytes())
    }

    const fn utf8(mut self, text: &[u8]) -> Self {
        if text.len() > CAPACITY - self.len {
            return self;
        }
        let (_, free) = self.bytes.split_at_mut(self.len);
        free.split_at_mut(text.len()).0.copy_from_slice(text);
        self.len += text.len();
        self
    }

    /// Adds a number.
    pub const fn number(mut self, n: usize) -> Self {
        let mut divisor = 1;
        while n / divisor >= 10 {
            divisor *= 10;
        }
        while divisor > 0 && self.len < CAPACITY {
            self.bytes[self.len] = b'0' + ((n / divisor) % 10) as u8;
            self.len += 1;
            divisor /= 10;
        }
        self
    }

    /// Adds the last `count` digits of a number, zeros in front.
    pub(crate) const fn digits(mut self, n: usize, count: u32) -> Self {
        let mut digit = count;
        while digit > 0 && self.len < CAPACITY {
            digit -= 1;
            self.bytes[self.len] = b'0' + (n / 10_usize.pow(digit) % 10) as u8;
            self.len += 1;
        }
        self
    }

    /// Adds a shape: `(26, 26, 16)`, or the number alone for a vector.
    pub const fn shape(self, shape: Shape) -> Self {
        if !shape.is_known() {
            return self.text("?");
        }
        if shape.rank() == 1 {
            return self.number(shape.dim(0));
        }
        let mut message = self.text("(");
        let mut axis = 0;
        while axis < shape.rank() {
            if axis > 0 {
                message = message.text(", ");
            }
            message = message.number(shape.dim(axis));
            axis += 1;
        }
        message.text(")")
    }

    /// Adds who gives which shape: `` `Flatten()` gives 3136 ``. The input of a network gives nothing: it *is* (28, 28, 1).
    pub const fn gives(self, shape: Shape) -> Self {
        let verb = if shape.is_input() { " is " } else { " gives " };
        self.text(shape.from()).text(verb).shape(shape)
    }

    /// Starts a new line with the edit that mends the mistake.
    pub const fn help(self, text: &str) -> Self {
        self.text("\nhelp: ").text(text)
    }

    /// The text in UTF-8.
    pub(crate) const fn bytes(&self) -> &[u8] {
        self.bytes.split_at(self.len).0
    }

    /// The text.
    pub const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes()) {
            Ok(text) => text,
            Err(_) => "a message that is not UTF-8",
        }
    }
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_str().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_full() {
        for n in [0, 7, 10, 909, 1_000_000, usize::MAX] {
            assert_eq!(Message::new("").number(n).as_str(), n.to_string());
        }
    }

    #[test]
    fn a_message_never_outgrows_its_room() {
        let mut message = Message::new("");
        for _ in 0..100 {
            message = message.text("twelve bytes").number(usize::MAX);
        }
        assert!(message.as_str().starts_with("twelve bytes1844"));
        assert!(message.as_str().len() <= CAPACITY);
    }
}
