//! Numbers as Keras writes them.

use crate::shape::Message;

/// `1,234,567`
pub(in crate::facts) const fn thousands(n: usize) -> Message {
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
pub(super) const fn memory(numbers: usize) -> Message {
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
}
