//! Options of a layer that decide what its weights mean.

/// The value of an option, see [`Outcome::with_setting`](super::Outcome::with_setting).
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Setting {
    /// Yes or no.
    Flag(bool),
    /// A count or a size.
    Number(usize),
    /// (height, width).
    Pair([usize; 2]),
    /// A real number.
    Real(f64),
    /// A choice between words.
    Word(&'static str),
}

impl std::fmt::Display for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Setting::Flag(flag) => flag.fmt(f),
            Setting::Number(number) => number.fmt(f),
            Setting::Pair([height, width]) => write!(f, "({height}, {width})"),
            Setting::Real(number) => number.fmt(f),
            Setting::Word(word) => f.write_str(word),
        }
    }
}
