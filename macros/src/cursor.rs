//! Reading tokens without giving up.
//!
//! syn stops at the first thing it did not expect. A declaration is read with this cursor instead, down to the single
//! size or argument; only those are left to syn.

use crate::errors::Place;
use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use syn::parse::Parse;

/// A place in a slice of tokens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    tokens: &'a [TokenTree],
    /// Where to point if something is missing at the end.
    end: Span,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(tokens: &'a [TokenTree], end: Span) -> Self {
        Cursor { tokens, end }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// What has not been read.
    pub(crate) fn rest(&self) -> &'a [TokenTree] {
        self.tokens
    }

    /// The next token but `ahead`, without reading it.
    pub(crate) fn peek(&self, ahead: usize) -> Option<&'a TokenTree> {
        self.tokens.get(ahead)
    }

    /// Reads one token.
    pub(crate) fn next(&mut self) -> Option<&'a TokenTree> {
        let (token, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(token)
    }

    /// Reads `count` tokens, or as many as there are.
    pub(crate) fn take(&mut self, count: usize) -> &'a [TokenTree] {
        let (taken, rest) = self.tokens.split_at(count.min(self.tokens.len()));
        self.tokens = rest;
        taken
    }

    /// Reads all that is left.
    pub(crate) fn take_all(&mut self) -> &'a [TokenTree] {
        self.take(self.tokens.len())
    }

    /// What has been read between this place and a later one.
    pub(crate) fn until(&self, later: &Cursor<'_>) -> &'a [TokenTree] {
        let length = self.tokens.len().saturating_sub(later.tokens.len());
        self.tokens.get(..length).unwrap_or(&[])
    }

    /// The next token's place, or the end.
    pub(crate) fn here(&self) -> Place {
        match self.tokens.first() {
            Some(token) => token.span().into(),
            None => self.end.into(),
        }
    }

    /// The place of all that has not been read.
    pub(crate) fn rest_place(&self) -> Place {
        place_of(self.tokens, self.end)
    }

    pub(crate) fn ident(&self, ahead: usize) -> Option<&'a Ident> {
        match self.peek(ahead) {
            Some(TokenTree::Ident(ident)) => Some(ident),
            _ => None,
        }
    }

    pub(crate) fn literal(&self, ahead: usize) -> Option<&'a Literal> {
        match self.peek(ahead) {
            Some(TokenTree::Literal(literal)) => Some(literal),
            _ => None,
        }
    }

    pub(crate) fn group(&self, ahead: usize, delimiter: Delimiter) -> Option<&'a Group> {
        match self.peek(ahead) {
            Some(TokenTree::Group(group)) if group.delimiter() == delimiter => Some(group),
            _ => None,
        }
    }

    pub(crate) fn is_ident(&self, ahead: usize, word: &str) -> bool {
        self.ident(ahead).is_some_and(|ident| ident == word)
    }

    /// Whether the operator `symbol`, such as `=>`, comes next, and not a longer one that starts with it.
    pub(crate) fn is_symbol(&self, ahead: usize, symbol: &str) -> bool {
        symbol_at(self.tokens.get(ahead..).unwrap_or(&[]), symbol)
    }
}

/// Operators of which a shorter one is the beginning.
const LONGER: &[&str] = &[
    "::", "=>", "==", "->", "..", "<=", ">=", "&&", "||", "<<", ">>",
];

fn symbol_at(tokens: &[TokenTree], symbol: &str) -> bool {
    starts_with(tokens, symbol)
        && !LONGER.iter().any(|longer| {
            longer.len() > symbol.len() && longer.starts_with(symbol) && starts_with(tokens, longer)
        })
}

fn starts_with(tokens: &[TokenTree], symbol: &str) -> bool {
    let last = symbol.chars().count().saturating_sub(1);
    symbol
        .chars()
        .enumerate()
        .all(|(i, character)| match tokens.get(i) {
            Some(TokenTree::Punct(punct)) => {
                punct.as_char() == character && (i == last || punct.spacing() == Spacing::Joint)
            }
            _ => false,
        })
}

/// Where the operator `symbol` first stands, groups and what is between `<` and `>` left out.
pub(crate) fn find_symbol(tokens: &[TokenTree], symbol: &str) -> Option<usize> {
    let mut i = 0;
    while let Some((before, here)) = tokens.split_at_checked(i)
        && !here.is_empty()
    {
        if symbol_at(here, symbol) {
            return Some(i);
        }
        i += token_or_generics(before, here);
    }
    None
}

/// The place of some tokens.
pub(crate) fn place_of(tokens: &[TokenTree], otherwise: Span) -> Place {
    match (tokens.first(), tokens.last()) {
        (Some(first), Some(last)) => Place {
            first: first.span(),
            last: last.span(),
        },
        _ => otherwise.into(),
    }
}

/// Tokens as a stream.
pub(crate) fn stream(tokens: &[TokenTree]) -> TokenStream {
    tokens.iter().cloned().collect()
}

/// The tokens as a type or a value, if that is what they are.
pub(crate) fn parsed<T: Parse>(tokens: &[TokenTree]) -> Option<T> {
    let tokens = stream(tokens);
    // To syn it is a name, and rustc would read nothing that is emitted with it.
    if has_word(&tokens, "try") {
        return None;
    }
    syn::parse2(tokens).ok()
}

fn has_word(tokens: &TokenStream, word: &str) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => has_word(&group.stream(), word),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// The tokens of a group.
pub(crate) fn tokens_of(stream: TokenStream) -> Vec<TokenTree> {
    stream.into_iter().collect()
}

/// One piece between two separators.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'a> {
    pub(crate) tokens: &'a [TokenTree],
    /// The separator behind it.
    pub(crate) separator: Option<&'a Punct>,
}

/// Cuts at each of `separators`, except inside of generic arguments such as `size::<2, 3>()`.
pub(crate) fn pieces<'a>(tokens: &'a [TokenTree], separators: &[char]) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let mut rest = tokens;
    // Of the piece that `rest` starts with.
    let mut length = 0;
    while let Some((piece, here)) = rest.split_at_checked(length)
        && let Some((token, behind)) = here.split_first()
    {
        match token {
            TokenTree::Punct(punct) if separators.contains(&punct.as_char()) => {
                pieces.push(Piece {
                    tokens: piece,
                    separator: Some(punct),
                });
                rest = behind;
                length = 0;
            }
            _ => length += token_or_generics(piece, here),
        }
    }
    if !rest.is_empty() {
        pieces.push(Piece {
            tokens: rest,
            separator: None,
        });
    }
    pieces
}

/// How many tokens to step over: one, or the whole `<..>` that starts `here`.
///
/// In an expression, `<` opens generic arguments behind `::` and a qualified path where an operand is due; everywhere
/// else it compares. Without a matching `>` it is a token like any other.
fn token_or_generics(before: &[TokenTree], here: &[TokenTree]) -> usize {
    if symbol_at(here, "<") && opens_generics(before) {
        generics_end(here).unwrap_or(1)
    } else {
        1
    }
}

fn opens_generics(before: &[TokenTree]) -> bool {
    match before {
        [.., TokenTree::Punct(punct)] => !matches!(punct.as_char(), '>' | '?'),
        [] => true,
        _ => false,
    }
}

/// How many tokens `<..>` takes, if it ends at all.
pub(crate) fn generics_end(tokens: &[TokenTree]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut rest = tokens;
    while let Some(token) = rest.first() {
        // The `>` of an arrow closes nothing.
        let arrow = starts_with(rest, "->") || starts_with(rest, "=>");
        if let TokenTree::Punct(punct) = token
            && !arrow
        {
            match punct.as_char() {
                '<' => depth += 1,
                '>' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return Some(tokens.len() - rest.len() + 1);
                    }
                }
                _ => {}
            }
        }
        rest = rest.get(if arrow { 2 } else { 1 }..).unwrap_or(&[]);
    }
    None
}

/// Unwraps the invisible groups that `macro_rules!` puts around a `$shape:expr` or a `$layer:path`.
pub(crate) fn without_invisible_groups(tokens: &[TokenTree]) -> Vec<TokenTree> {
    let mut flat = Vec::new();
    let mut open = vec![tokens_of(stream(tokens)).into_iter()];
    while let Some(tokens) = open.last_mut() {
        match tokens.next() {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::None => {
                open.push(tokens_of(group.stream()).into_iter());
            }
            Some(token) => flat.push(token),
            None => {
                open.pop();
            }
        }
    }
    flat
}

/// Nothing that a person writes comes near these; what does could overflow the stack of a parser that recurses, as syn
/// and rustc do.
const MAX_DEPTH: usize = 32;
const MAX_TOKENS: usize = 1000;

/// The first place that is nested too deeply or goes on for too long without a comma, if there is one.
pub(crate) fn too_much(tokens: &[TokenTree]) -> Option<Place> {
    // The groups that are open, with the tokens since the last comma in each.
    let mut open = vec![(tokens_of(stream(tokens)).into_iter(), 0_usize)];
    let mut total = 0_usize;
    while let Some((tokens, length)) = open.last_mut() {
        let Some(token) = tokens.next() else {
            total -= *length;
            open.pop();
            continue;
        };
        *length += 1;
        total += 1;
        if total > MAX_TOKENS {
            return Some(token.span().into());
        }
        match token {
            TokenTree::Punct(punct) if matches!(punct.as_char(), ',' | ';') => {
                total -= *length;
                *length = 0;
            }
            TokenTree::Group(group) if open.len() > MAX_DEPTH => return Some(group.span().into()),
            TokenTree::Group(group) => open.push((tokens_of(group.stream()).into_iter(), 0)),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<TokenTree> {
        tokens_of(text.parse().expect("tokens"))
    }

    fn cut(text: &str) -> Vec<String> {
        pieces(&tokens(text), &[',', ';'])
            .iter()
            .map(|piece| stream(piece.tokens).to_string())
            .collect()
    }

    #[test]
    fn commas_in_generics_do_not_cut() {
        assert_eq!(cut("a, b; c").len(), 3);
        assert_eq!(cut("size::<2, 3>(), 1").len(), 2);
        assert_eq!(cut("<A<B, C> as D>::N, 1").len(), 2);
        assert_eq!(cut("a < b, c > d").len(), 2);
        assert_eq!(cut("a, b,").len(), 2);
        assert_eq!(cut(",").len(), 1);
    }

    #[test]
    fn long_operators_are_not_short_ones() {
        let at = |text: &str, symbol| symbol_at(&tokens(text), symbol);
        assert!(at(": a", ":") && !at(":: a", ":") && at(":: a", "::"));
        assert!(at("= a", "=") && at("=-1", "=") && !at("=> a", "=") && !at("== a", "="));
        assert!(at("-> a", "->") && !at("- > a", "->"));
    }

    #[test]
    fn the_arrow_is_found_behind_generics() {
        assert_eq!(find_symbol(&tokens("28 => 10"), "=>"), Some(1));
        assert_eq!(find_symbol(&tokens("f::<{ 1 }>() => 10"), "=>"), Some(7));
        assert_eq!(find_symbol(&tokens("28"), "=>"), None);
    }

    #[test]
    fn silly_input_is_noticed() {
        assert!(too_much(&tokens(&format!("{}{}", "(".repeat(30), ")".repeat(30)))).is_none());
        assert!(too_much(&tokens(&format!("{}{}", "(".repeat(300), ")".repeat(300)))).is_some());
        assert!(too_much(&tokens(&"- ".repeat(100_000))).is_some());
        assert!(too_much(&tokens(&"1, ".repeat(100_000))).is_none());
    }
}
