//! The name that was meant.

/// The nearest of `names`, if one is near enough to be a slip of the fingers.
pub(super) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    names
        .into_iter()
        .filter(|name| *name != word)
        .map(|name| (distance(word, name), name))
        .filter(|(distance, name)| {
            // Of two names of one letter, none is near the other.
            let length = name.len().max(word.len());
            *distance < length && *distance <= length.div_ceil(3)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// How many letters must be inserted, taken out, replaced or swapped with their neighbour to get from `a` to `b`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    let b: Vec<char> = b.chars().collect();
    // The last two rows of the table whose rows are letters of `a` and whose columns are letters of `b`.
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let mut last = None;
    for (i, letter) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, other) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX / 2);
            let replaced = at(&row, j) + usize::from(letter != *other);
            let mut best = replaced.min(at(&row, j + 1) + 1).min(at(&next, j) + 1);
            let swapped = j
                .checked_sub(1)
                .filter(|&j| last == Some(*other) && b.get(j) == Some(&letter));
            if let Some(j) = swapped {
                best = best.min(at(&before, j) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
        last = Some(letter);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted() {
        for (a, b, slips) in [
            ("image", "image", 0),
            ("imag", "image", 1),
            ("iamge", "image", 1),
            ("imaage", "image", 1),
            ("imoge", "image", 1),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), slips, "{a} {b}");
        }
    }

    #[test]
    fn only_what_is_near_is_suggested() {
        assert_eq!(nearest("imag", ["age", "image"]), Some("image"));
        assert_eq!(nearest("photograph", ["age", "image"]), None);
        assert_eq!(nearest("x", ["x", "y"]), None);
    }
}
