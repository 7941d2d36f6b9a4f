//! What stands in front of the shapes: attributes, visibility, name.

use crate::ast::Name;
use crate::cursor::{Cursor, place_of, stream};
use crate::errors::Errors;
use crate::names::is_reserved;
use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use syn::parse::Parser;
use syn::{Attribute, Visibility};

/// Reads the doc comments and attributes.
pub(super) fn attributes(cursor: &mut Cursor<'_>, errors: &mut Errors) -> Vec<TokenStream> {
    let mut attributes = Vec::new();
    loop {
        if cursor.is_symbol(0, "#") && cursor.group(1, Delimiter::Bracket).is_some() {
            attributes.extend(attribute(cursor.take(2), errors));
        } else if cursor.is_symbol(0, "#") && cursor.is_symbol(1, "!") {
            let inner = cursor.take(3);
            errors.push_help(
                place_of(inner, Span::call_site()),
                "an attribute of the network stands in front of it",
                "write `#[..]`, without `!`",
            );
        } else {
            return attributes;
        }
    }
}

/// One attribute as written, if rustc will be able to read it.
pub(super) fn attribute(tokens: &[TokenTree], errors: &mut Errors) -> Option<TokenStream> {
    let attribute = stream(tokens);
    if Attribute::parse_outer.parse2(attribute.clone()).is_ok() {
        return Some(attribute);
    }
    errors.push(
        place_of(tokens, Span::call_site()),
        "this attribute cannot be read",
    );
    None
}

/// Reads `pub`, `pub(crate)` or nothing.
pub(super) fn visibility(cursor: &mut Cursor<'_>) -> Visibility {
    if !cursor.is_ident(0, "pub") {
        return Visibility::Inherited;
    }
    // `pub (28, 28, 1) => ..` has lost its name; the parentheses are not the visibility's.
    let restricted = cursor
        .group(1, Delimiter::Parenthesis)
        .is_some_and(|group| {
            matches!(group.stream().into_iter().next(), Some(TokenTree::Ident(word))
            if ["crate", "self", "super", "in"].iter().any(|known| word == known))
        });
    let tokens = stream(cursor.take(if restricted { 2 } else { 1 }));
    syn::parse2(tokens).unwrap_or(Visibility::Inherited)
}

/// `pub struct Letters: ..`, `class Letters: ..`
pub(super) fn skip_item_keyword(cursor: &mut Cursor<'_>, errors: &mut Errors) {
    const KEYWORDS: &[&str] = &[
        "struct", "type", "const", "static", "let", "fn", "mod", "class", "def", "enum",
    ];
    if let (Some(keyword), Some(_)) = (cursor.ident(0), cursor.ident(1))
        && KEYWORDS.iter().any(|word| keyword == word)
    {
        errors.push_help(
            keyword.span(),
            "a network starts with its name",
            format!("take `{keyword}` out; `network!` makes a struct of that name"),
        );
        cursor.next();
    }
}

/// Reads the name, or finds that there is none: the network is an expression then, unless it `must_be_named`.
pub(super) fn name(cursor: &mut Cursor<'_>, must_be_named: bool, errors: &mut Errors) -> Name {
    let Some(first) = cursor.ident(0) else {
        if !must_be_named && !cursor.is_empty() {
            return Name::Expression;
        }
        errors.push_help(
            cursor.here(),
            if must_be_named {
                "the name of the network is missing"
            } else {
                "there is no network here"
            },
            "write `Letters: (28, 28, 1) => 10 { Flatten(), Dense(10) }`",
        );
        return Name::Missing;
    };
    if !must_be_named && !looks_like_a_name(cursor, first) {
        return Name::Expression;
    }
    cursor.next();
    if is_reserved(first) {
        errors.push_help(
            first.span(),
            format!("`{first}` is a word of Rust and cannot name a network"),
            "choose another name, such as `Letters`",
        );
        return Name::Missing;
    }
    Name::Named(first.clone())
}

/// Tells `Letters: ..` from a size that starts an expression: `SIDE => 10 { .. }`.
fn looks_like_a_name(cursor: &Cursor<'_>, first: &Ident) -> bool {
    if cursor.is_symbol(1, ":") {
        return true;
    }
    let text = first.to_string();
    // A type's name; constants have no small letters, functions no capitals.
    let is_type =
        text.starts_with(char::is_uppercase) && text.contains(char::is_lowercase) && text != "Self";
    is_type && !cursor.is_symbol(1, "::")
}

/// Reads the `:` behind the name.
pub(super) fn colon(cursor: &mut Cursor<'_>, name: &Ident, errors: &mut Errors) {
    if cursor.is_symbol(0, ":") {
        cursor.next();
        return;
    }
    // With nothing behind the name, or its output only, the shapes are missing and not just the colon.
    if cursor.is_empty() || cursor.is_symbol(0, "=>") || cursor.is_symbol(0, "->") {
        return;
    }
    let place = cursor.here();
    if cursor.is_symbol(0, "=") || cursor.is_symbol(0, "::") {
        let length = if cursor.is_symbol(0, "=") { 1 } else { 2 };
        let place = place_of(cursor.take(length), name.span());
        errors.push_help(
            place,
            "`:` stands between the name and the input shape",
            format!("write `{name}: (28, 28, 1) => 10`"),
        );
        return;
    }
    errors.push_help(
        place,
        "`:` is missing in front of the input shape",
        format!("write `{name}: (28, 28, 1) => 10`"),
    );
}
