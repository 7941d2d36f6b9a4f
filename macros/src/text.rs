//! A layer as the messages show it: on one line, spaced as people space it, and not too long.

use crate::ast::{Argument, Layer};
use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

/// A message has room for two layers on a line of a terminal.
const WIDTH: usize = 60;

/// `` `Conv2D(16, (3, 3), activation = relu)` ``; what does not fit in is left out: `` `Conv2D(16, (3, 3), ..)` ``.
pub(crate) fn layer(layer: &Layer) -> String {
    let name = layer.kind().map(ToString::to_string).unwrap_or_default();
    let mut text = String::new();
    for argument in &layer.arguments {
        let argument = self::argument(argument);
        if name.len() + text.len() + argument.len() + 4 > WIDTH {
            text.push_str("..");
            break;
        }
        text.push_str(&argument);
        text.push_str(", ");
    }
    format!("`{name}({})`", text.trim_end_matches(", "))
}

fn argument(argument: &Argument) -> String {
    let value = tokens(argument.value.to_token_stream());
    match &argument.name {
        Some(name) => format!("{name} = {value}"),
        None => value,
    }
}

/// Some tokens as messages show them, if they are short enough.
pub(crate) fn shown(written: &[TokenTree]) -> Option<String> {
    let text = tokens(written.iter().cloned().collect());
    (text.len() <= WIDTH).then(|| format!("`{text}`"))
}

/// Tokens with the usual spaces. The compiler's own printing puts one between almost any two.
pub(crate) fn tokens(stream: TokenStream) -> String {
    let mut text = String::new();
    // Whether a sign here would belong to what follows: `-1`, not `a - 1`.
    let mut prefix = true;
    let mut tokens = stream.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) => {
                let inside = self::tokens(group.stream());
                let spaced = match group.delimiter() {
                    Delimiter::Parenthesis => format!("({inside})"),
                    Delimiter::Bracket => format!("[{inside}]"),
                    Delimiter::Brace => format!("{{ {inside} }}"),
                    // An expression that `macro_rules!` has put here as one.
                    Delimiter::None if inside.contains(' ') => format!("({inside})"),
                    Delimiter::None => inside,
                };
                text.push_str(&spaced);
                prefix = false;
            }
            TokenTree::Ident(ident) => {
                if text.ends_with(|last: char| last.is_alphanumeric() || last == '_' || last == ')')
                    && !prefix
                {
                    text.push(' ');
                }
                text.push_str(&ident.to_string());
                prefix = false;
            }
            TokenTree::Literal(literal) => {
                if text.ends_with(|last: char| last.is_alphanumeric() || last == '_') && !prefix {
                    text.push(' ');
                }
                text.push_str(&literal.to_string());
                prefix = false;
            }
            TokenTree::Punct(punct) => {
                let mut symbol = punct.as_char().to_string();
                let mut spacing = punct.spacing();
                while spacing == Spacing::Joint
                    && let Some(TokenTree::Punct(next)) = tokens.peek()
                {
                    symbol.push(next.as_char());
                    spacing = next.spacing();
                    tokens.next();
                }
                match symbol.as_str() {
                    "," | ";" => {
                        text.push_str(&symbol);
                        if tokens.peek().is_some() {
                            text.push(' ');
                        }
                    }
                    "::" | "." | "?" | ":" => text.push_str(&symbol),
                    _ if prefix => text.push_str(&symbol),
                    _ => {
                        text.push(' ');
                        text.push_str(&symbol);
                        text.push(' ');
                    }
                }
                prefix = true;
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_are_where_people_put_them() {
        for text in [
            "(3, 3)",
            "2 * N",
            "-1",
            "Self::W - 1",
            "a::b::C",
            "size(2, 3)",
            "SIDE as usize",
            "\"relu\"",
            "[28, 28]",
            "N / 2 + 1",
            "!true",
        ] {
            assert_eq!(tokens(text.parse().expect("tokens")), text);
        }
    }
}
