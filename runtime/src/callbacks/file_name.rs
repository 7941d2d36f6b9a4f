//! File names with values in them: `best-{epoch:02}-{val_loss:.3}.safetensors`.

use super::Logs;

/// One `{name:format}`, and the text in front of it.
struct Part<'a> {
    text: &'a str,
    name: &'a str,
    format: &'a str,
}

/// Cuts a pattern into its parts and the text behind the last. `None` if a brace is not closed.
fn parts(pattern: &str) -> Option<(Vec<Part<'_>>, &str)> {
    let mut parts = Vec::new();
    let mut rest = pattern;
    while let Some((text, behind)) = rest.split_once('{') {
        let (inside, behind) = behind.split_once('}')?;
        let (name, format) = inside.split_once(':').unwrap_or((inside, ""));
        parts.push(Part { text, name, format });
        rest = behind;
    }
    Some((parts, rest))
}

/// The names in a pattern, `epoch` left out. `None` if it cannot be read.
pub(super) fn names(pattern: &str) -> Option<Vec<&str>> {
    let (parts, _) = parts(pattern)?;
    parts
        .iter()
        .try_for_each(|part| show(part.format, 0.0).map(drop))?;
    let names = parts.iter().map(|part| part.name);
    Some(names.filter(|name| *name != "epoch").collect())
}

/// The pattern with the values of an epoch.
pub(super) fn fill(pattern: &str, epoch: usize, logs: &Logs) -> String {
    let Some((parts, rest)) = parts(pattern) else {
        return pattern.to_owned();
    };
    let mut name = String::new();
    for part in parts {
        let value = match part.name {
            "epoch" => Some(epoch as f64),
            other => logs.get(other),
        };
        name.push_str(part.text);
        name.push_str(
            &value
                .and_then(|value| show(part.format, value))
                .unwrap_or_default(),
        );
    }
    name + rest
}

/// A number in Python's or Rust's format: `02d`, `02`, `.3f`, `.3`.
fn show(format: &str, value: f64) -> Option<String> {
    let format = format.trim_end_matches(['d', 'f']);
    let (width, precision) = match format.split_once('.') {
        Some((width, precision)) => (width, Some(precision.parse::<usize>().ok()?)),
        None => (format, None),
    };
    let zeros = width.starts_with('0');
    let width = match width {
        "" => 0,
        digits => digits.parse::<usize>().ok()?,
    };
    let text = match precision {
        Some(precision) => format!("{value:.precision$}"),
        None => value.to_string(),
    };
    Some(match zeros {
        true => format!("{text:0>width$}"),
        false => format!("{text:>width$}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_in_the_name() {
        let logs = Logs::new(vec![("val_loss".to_owned(), 0.12345)]);
        for (pattern, name) in [
            ("best.safetensors", "best.safetensors"),
            ("{epoch}.st", "7.st"),
            ("e{epoch:02d}-{val_loss:.3f}.st", "e07-0.123.st"),
            ("e{epoch:03}-{val_loss:.1}.st", "e007-0.1.st"),
        ] {
            assert_eq!(fill(pattern, 7, &logs), name);
        }
        assert_eq!(names("{epoch}-{val_loss:.2f}"), Some(vec!["val_loss"]));
    }

    #[test]
    fn what_cannot_be_read_is_noticed() {
        assert_eq!(names("{epoch"), None);
        assert_eq!(names("{epoch:xx}"), None);
    }
}
