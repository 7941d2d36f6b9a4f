//! The named side of a header: `(image: (28, 28, 1), age: 1)`.

use super::shape;
use crate::ast::Port;
use crate::cursor::{Cursor, Piece, pieces, place_of, stream, tokens_of};
use crate::errors::{Errors, Place};
use crate::names::is_reserved;
use crate::text;
use proc_macro2::{Delimiter, Group, Ident, TokenTree};

/// One side of `=>`.
pub(super) struct Side {
    pub(super) ports: Vec<Port>,
    /// Whether its shapes have names, which makes the network a graph.
    pub(super) named: bool,
    pub(super) place: Place,
    /// As the user wrote it.
    pub(super) text: String,
}

/// Reads one side. `kind` is what messages call its ports: "input" or "output".
pub(super) fn side(tokens: &[TokenTree], place: Place, kind: &str, errors: &mut Errors) -> Side {
    let named = named_group(tokens);
    let ports = match named {
        Some(group) => ports(group, kind, errors),
        None => vec![Port {
            name: None,
            shape: shape::shape(tokens, errors),
        }],
    };
    Side {
        ports,
        named: named.is_some(),
        place,
        text: text::tokens(stream(tokens)),
    }
}

/// The parentheses around named shapes, if that is what these tokens are.
fn named_group(tokens: &[TokenTree]) -> Option<&Group> {
    let [TokenTree::Group(group)] = tokens else {
        return None;
    };
    let inside = tokens_of(group.stream());
    let named = pieces(&inside, &[',']).iter().any(|piece| {
        let cursor = Cursor::new(piece.tokens, group.span_close());
        let has_name = cursor.ident(0).is_some() || cursor.literal(0).is_some();
        has_name && cursor.is_symbol(1, ":")
    });
    (group.delimiter() == Delimiter::Parenthesis && named).then_some(group)
}

fn ports(group: &Group, kind: &str, errors: &mut Errors) -> Vec<Port> {
    let tokens = tokens_of(group.stream());
    pieces(&tokens, &[',', ';'])
        .iter()
        .filter_map(|piece| port(piece, group, kind, errors))
        .collect()
}

fn port(piece: &Piece<'_>, group: &Group, kind: &str, errors: &mut Errors) -> Option<Port> {
    if let Some(separator) = piece.separator
        && separator.as_char() == ';'
    {
        errors.push_help(
            separator.span(),
            format!("{kind}s are separated by `,`"),
            "write `,`",
        );
    }
    if piece.tokens.is_empty() {
        let comma = piece.separator?;
        errors.push_help(
            comma.span(),
            format!("there is no {kind} in front of this comma"),
            "take the comma out",
        );
        return None;
    }
    let mut cursor = Cursor::new(piece.tokens, group.span_close());
    while cursor.is_symbol(0, "#") && cursor.group(1, Delimiter::Bracket).is_some() {
        errors.push_help(
            place_of(cursor.take(2), group.span_close()),
            format!("an {kind} takes no doc comment"),
            "write it in front of the network or of a layer",
        );
    }
    let name = name(&mut cursor, kind, errors);
    if cursor.is_empty() {
        let name = text::tokens(stream(piece.tokens));
        let name = name.trim_end_matches(':');
        errors.push_help(
            place_of(piece.tokens, group.span_close()),
            format!("the {kind} `{name}` has no shape"),
            format!("write `{name}: (28, 28, 1)`"),
        );
        return Some(Port {
            name: None,
            shape: None,
        });
    }
    Some(Port {
        name,
        shape: shape::shape(cursor.rest(), errors),
    })
}

/// Reads `image:`.
fn name(cursor: &mut Cursor<'_>, kind: &str, errors: &mut Errors) -> Option<Ident> {
    if let Some(text) = cursor.literal(0)
        && cursor.is_symbol(1, ":")
    {
        let name = text.to_string().trim_matches('"').to_owned();
        errors.push_help(
            text.span(),
            format!("the name of an {kind} is a word, not a string"),
            format!("write `{name}: ..`"),
        );
        cursor.take(2);
        return syn::parse_str::<Ident>(&name).ok().map(|mut name| {
            name.set_span(text.span());
            name
        });
    }
    let shape = cursor.rest();
    let name = cursor
        .ident(0)
        .filter(|_| cursor.is_symbol(1, ":") || cursor.is_symbol(1, "="));
    let Some(name) = name else {
        errors.push_help(
            cursor.rest_place(),
            format!("this {kind} has no name"),
            format!("write `name: {}`", text::tokens(stream(shape))),
        );
        return None;
    };
    if cursor.is_symbol(1, "=") {
        errors.push_help(
            name.span(),
            format!("the name of an {kind} is followed by `:`"),
            format!("write `{name}: ..`"),
        );
    }
    cursor.take(2);
    if is_reserved(name) {
        errors.push_help(
            name.span(),
            format!("`{name}` is a word of Rust and cannot name an {kind}"),
            "choose another name",
        );
        return None;
    }
    Some(name.clone())
}
