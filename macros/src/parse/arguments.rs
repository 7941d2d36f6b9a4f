//! The arguments of one layer: `64, activation = relu`.

use crate::ast::Argument;
use crate::cursor::{Cursor, parsed, pieces, place_of, stream, tokens_of};
use crate::errors::Errors;
use crate::names::is_reserved;
use proc_macro2::{Delimiter, Ident, Punct, Spacing, TokenStream, TokenTree};
use syn::Expr;

pub(super) struct Arguments {
    pub(super) arguments: Vec<Argument>,
    /// Some argument could not be read.
    pub(super) incomplete: bool,
}

/// Reads the arguments of a layer called `layer`.
pub(super) fn arguments(tokens: &[TokenTree], layer: &str, errors: &mut Errors) -> Arguments {
    let mut read = Arguments {
        arguments: Vec::new(),
        incomplete: false,
    };
    for piece in pieces(tokens, &[',', ';']) {
        if let Some(separator) = piece.separator
            && separator.as_char() == ';'
        {
            errors.push_help(
                separator.span(),
                "arguments are separated by `,`",
                "write `,`",
            );
        }
        if piece.tokens.is_empty() {
            if let Some(separator) = piece.separator {
                errors.push_help(
                    separator.span(),
                    "there is no argument in front of this comma",
                    "take the comma out",
                );
            }
            continue;
        }
        for tokens in split_at_missing_commas(piece.tokens, errors) {
            match argument(tokens, layer, errors) {
                Read::Argument(argument) => read.arguments.push(argument),
                Read::LeftOut => {}
                Read::Unreadable => read.incomplete = true,
            }
        }
    }
    read
}

enum Read {
    Argument(Argument),
    /// `activation = None`: what the default is anyway.
    LeftOut,
    Unreadable,
}

fn argument(tokens: &[TokenTree], layer: &str, errors: &mut Errors) -> Read {
    let Some(last) = tokens.last() else {
        return Read::LeftOut;
    };
    let mut cursor = Cursor::new(tokens, last.span());
    let name = name(&mut cursor, layer, errors);
    if let Some(name) = &name
        && is_reserved(name)
    {
        errors.push_help(
            name.span(),
            format!("`{name}` is a word of Rust and no option of `{layer}`"),
            "an option is written `name = value`",
        );
        return Read::Unreadable;
    }
    if cursor.is_empty() {
        let text = name.as_ref().map(Ident::to_string).unwrap_or_default();
        errors.push_help(
            place_of(tokens, last.span()),
            format!("the option `{text}` has no value"),
            format!("write `{text} = ..`, or take it out"),
        );
        return Read::Unreadable;
    }
    if let [TokenTree::Ident(word)] = cursor.rest()
        && word == "None"
    {
        let (problem, help) = match &name {
            Some(name) => (
                format!("an option without a value is left out: `{name}` has a default"),
                "take it out",
            ),
            None => (
                "Rust has no `None` here".to_owned(),
                "leave it out, or name the options behind it",
            ),
        };
        errors.push_help(place_of(tokens, last.span()), problem, help);
        return Read::LeftOut;
    }
    let place = cursor.rest_place();
    let Some(value) = parsed::<Expr>(cursor.take_all()) else {
        errors.push_help(
            place,
            format!("this argument of `{layer}` cannot be read"),
            "an argument is a value or an option: `64`, `(3, 3)`, `activation = relu`",
        );
        return Read::Unreadable;
    };
    Read::Argument(Argument {
        value: python_flag(value, errors),
        name,
    })
}

/// Reads `activation =`, if it is there.
fn name(cursor: &mut Cursor<'_>, layer: &str, errors: &mut Errors) -> Option<Ident> {
    let name = cursor.ident(0)?.clone();
    if cursor.is_symbol(1, ":") {
        let value = stream(cursor.rest().get(2..).unwrap_or(&[])).to_string();
        errors.push_help(
            name.span(),
            format!("options of `{layer}` are written with `=`"),
            format!("write `{name} = {value}`"),
        );
    } else if !cursor.is_symbol(1, "=") {
        return None;
    }
    cursor.take(2);
    Some(name)
}

/// `True` and `False`
fn python_flag(value: Expr, errors: &mut Errors) -> Expr {
    let Expr::Path(path) = &value else {
        return value;
    };
    let Some(word) = path.path.get_ident() else {
        return value;
    };
    let flag = match word.to_string().as_str() {
        "True" => "true",
        "False" => "false",
        _ => return value,
    };
    errors.push_help(
        word.span(),
        format!("Rust has no `{word}`"),
        format!("write `{flag}`"),
    );
    let flag = Ident::new(flag, word.span());
    syn::parse_quote!(#flag)
}

/// Cuts where two values stand next to each other: `10 activation = softmax`.
fn split_at_missing_commas<'a>(
    tokens: &'a [TokenTree],
    errors: &mut Errors,
) -> Vec<&'a [TokenTree]> {
    // In `if`, `match`, a block or a closure, words follow each other.
    let plain = !tokens.iter().any(|token| match token {
        TokenTree::Ident(word) => KEYWORDS.iter().any(|keyword| word == keyword),
        TokenTree::Punct(punct) => punct.as_char() == '|',
        _ => false,
    });
    if !plain {
        return vec![tokens];
    }
    let mut parts = Vec::new();
    let mut rest = tokens;
    let mut length = 1;
    while let Some((part, behind)) = rest.split_at_checked(length)
        && let (Some(before), Some(token)) = (part.last(), behind.first())
    {
        if ends_value(before) && starts_value(before, token) {
            errors.push_help(
                token.span(),
                "`,` is missing in front of this argument",
                "write a comma between two arguments",
            );
            parts.push(part);
            rest = behind;
            length = 1;
        } else {
            length += 1;
        }
    }
    parts.push(rest);
    parts
}

const KEYWORDS: &[&str] = &[
    "if", "match", "unsafe", "const", "loop", "while", "for", "move", "async", "return", "break",
];

fn ends_value(token: &TokenTree) -> bool {
    match token {
        TokenTree::Ident(word) => word != "as",
        TokenTree::Literal(_) => true,
        TokenTree::Group(group) => group.delimiter() != Delimiter::Brace,
        TokenTree::Punct(_) => false,
    }
}

fn starts_value(before: &TokenTree, token: &TokenTree) -> bool {
    match token {
        TokenTree::Ident(word) => word != "as",
        TokenTree::Literal(_) => true,
        // `16 (3, 3)`, but `size(3)` is a call.
        TokenTree::Group(_) => matches!(before, TokenTree::Literal(_)),
        TokenTree::Punct(_) => false,
    }
}

/// `units: 64` as `units = 64`, for `Dense { units: 64 }`.
pub(super) fn with_equals(stream: TokenStream) -> TokenStream {
    let tokens = tokens_of(stream);
    let colon = |i: usize| {
        let after_name = i
            .checked_sub(1)
            .and_then(|i| tokens.get(i))
            .is_some_and(|token| matches!(token, TokenTree::Ident(_)));
        after_name && Cursor::new(&tokens, proc_macro2::Span::call_site()).is_symbol(i, ":")
    };
    tokens
        .iter()
        .enumerate()
        .map(|(i, token)| {
            if !colon(i) {
                return token.clone();
            }
            let mut equals = Punct::new('=', Spacing::Alone);
            equals.set_span(token.span());
            TokenTree::Punct(equals)
        })
        .collect()
}
