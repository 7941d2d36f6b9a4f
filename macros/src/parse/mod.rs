//! Tokens to syntax tree. Never gives up: what cannot be read becomes a mistake, and reading goes on behind it.
//!
//! Where a mistake has only one sensible repair, the tree gets the repaired form, so that the rest of the declaration is
//! checked as if the advice had been taken.

mod arguments;
mod layer;
mod list;
mod shape;

use crate::ast::{Body, Name, Network, Shape};
use crate::cursor::{Cursor, find_symbol, generics_end, place_of, stream, tokens_of, too_much};
use crate::errors::{Errors, Place};
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use syn::parse::Parser;
use syn::{Attribute, Generics, Visibility};

/// Reads a declaration. Whatever the tokens, there is a tree.
pub(crate) fn network(tokens: TokenStream, errors: &mut Errors) -> Network {
    let tokens = tokens_of(tokens);
    let (head, body) = split_body(&tokens, errors);
    let end = match (body, head.last()) {
        (Some(body), _) => body.span_open(),
        (None, Some(last)) => last.span(),
        (None, None) => Span::call_site(),
    };
    let mut cursor = Cursor::new(head, end);
    let attributes = attributes(&mut cursor, errors);
    let visibility = visibility(&mut cursor);
    skip_item_keyword(&mut cursor, errors);
    let must_be_named = !attributes.is_empty() || !matches!(visibility, Visibility::Inherited);
    let name = name(&mut cursor, must_be_named, errors);
    let mut network = Network {
        attributes,
        visibility,
        name,
        generics: Generics::default(),
        input: None,
        output: None,
        body: Body::Unreadable,
    };
    match &network.name {
        Name::Named(name) => {
            network.generics = generics(&mut cursor, name, errors);
            colon(&mut cursor, name, errors);
        }
        // What stood in the place of the name has been read.
        Name::Missing if cursor.is_symbol(0, ":") => {
            cursor.next();
        }
        Name::Missing | Name::Expression => {}
    }
    if let Some(place) = too_much(&tokens) {
        errors.push(
            place,
            "this declaration is too long, or nested too deeply, to be read",
        );
        return network;
    }
    let example = example(&network.name);
    match shapes(cursor, &example, errors) {
        Header::List { input, output } => {
            network.input = input;
            network.output = output;
        }
        Header::Graph(place) => {
            errors.push_help(
                place,
                "networks with named inputs and outputs are not supported yet",
                format!("write the shapes without names and the layers as a list: `{example}`"),
            );
            return network;
        }
    }
    match body {
        Some(body) => {
            let tokens = tokens_of(body.stream());
            network.body = Body::List(list::list(&tokens, body.span_close(), errors), body.span());
        }
        // Without shapes either, nothing but the name was written, and one message is enough.
        None if network.input.is_none() && network.output.is_none() => {}
        None => errors.push_help(
            end,
            "the layers are missing",
            format!("write them in braces: `{example}`"),
        ),
    }
    network
}

/// The header as it should have been written.
fn example(name: &Name) -> String {
    match name {
        Name::Named(name) => format!("{name}: (28, 28, 1) => 10 {{ Flatten(), Dense(10) }}"),
        Name::Expression => "network!((28, 28, 1) => 10 { Flatten(), Dense(10) })".to_owned(),
        Name::Missing => "Letters: (28, 28, 1) => 10 { Flatten(), Dense(10) }".to_owned(),
    }
}

/// Cuts the declaration in front of the layers.
fn split_body<'a>(
    tokens: &'a [TokenTree],
    errors: &mut Errors,
) -> (&'a [TokenTree], Option<&'a Group>) {
    if let Some((head, rest)) = body_index(tokens).and_then(|i| tokens.split_at_checked(i))
        && let Some((TokenTree::Group(body), behind)) = rest.split_first()
    {
        if !behind.is_empty() {
            errors.push_help(
                place_of(behind, body.span()),
                "a network ends with its layers",
                "take this out; another network gets a `network!` of its own",
            );
        }
        return (head, Some(body));
    }
    // `=> 10 [Dense(10)]`, but not `=> [10]`.
    if let [head @ .., TokenTree::Group(body)] = tokens
        && body.delimiter() == Delimiter::Bracket
        && let Some(arrow) = find_symbol(head, "=>")
        && arrow + 2 < head.len()
    {
        errors.push_help(
            body.span(),
            "the layers stand in braces, not in brackets",
            "write `{ Dense(10), .. }`",
        );
        return (head, Some(body));
    }
    (tokens, None)
}

/// Which group in braces holds the layers: the first that cannot be part of a size.
fn body_index(tokens: &[TokenTree]) -> Option<usize> {
    let braces = |token: &TokenTree| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    let keyword = |token: &TokenTree| {
        matches!(token, TokenTree::Ident(word)
            if ["if", "match", "unsafe", "const"].iter().any(|known| word == known))
    };
    let Some(arrow) = find_symbol(tokens, "=>").or_else(|| find_symbol(tokens, "->")) else {
        return tokens.iter().position(braces);
    };
    // The two tokens of the arrow, and one that may be a block: `=> { 10 } { .. }`.
    let (head, behind) = tokens.split_at_checked(arrow + 3)?;
    match behind.iter().position(braces) {
        // `=> if LARGE { 10 } else { 5 } { .. }`: of the size's own braces nothing is known but that they come first.
        Some(first) if head.iter().chain(behind.iter().take(first)).any(keyword) => {
            tokens.iter().rposition(braces)
        }
        Some(first) => Some(head.len() + first),
        None => tokens.iter().rposition(braces),
    }
}

fn attributes(cursor: &mut Cursor<'_>, errors: &mut Errors) -> Vec<TokenStream> {
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
fn attribute(tokens: &[TokenTree], errors: &mut Errors) -> Option<TokenStream> {
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

fn visibility(cursor: &mut Cursor<'_>) -> Visibility {
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
fn skip_item_keyword(cursor: &mut Cursor<'_>, errors: &mut Errors) {
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

fn name(cursor: &mut Cursor<'_>, must_be_named: bool, errors: &mut Errors) -> Name {
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
    if syn::parse2::<Ident>(TokenTree::from(first.clone()).into()).is_err() {
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

/// Networks with parameters come later. They are read so far that the struct can be emitted.
fn generics(cursor: &mut Cursor<'_>, name: &Ident, errors: &mut Errors) -> Generics {
    if !cursor.is_symbol(0, "<") {
        return Generics::default();
    }
    let length = generics_end(cursor.rest()).unwrap_or(1);
    let tokens = cursor.take(length);
    errors.push_help(
        place_of(tokens, name.span()),
        "networks with parameters are not supported yet",
        format!("use constants for the sizes: `const SIDE: usize = 28;` and `{name}: (SIDE, SIDE, 1) => 10 {{ .. }}`"),
    );
    syn::parse2(stream(tokens)).unwrap_or_default()
}

fn colon(cursor: &mut Cursor<'_>, name: &Ident, errors: &mut Errors) {
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

enum Header {
    List {
        input: Option<Shape>,
        output: Option<Shape>,
    },
    Graph(Place),
}

/// `(28, 28, 1) => 10`
fn shapes(mut cursor: Cursor<'_>, example: &str, errors: &mut Errors) -> Header {
    if cursor.is_empty() {
        errors.push_help(
            cursor.here(),
            "the input and output shapes are missing",
            format!("write `{example}`"),
        );
        return Header::List {
            input: None,
            output: None,
        };
    }
    let (input, output) = split_shapes(&mut cursor, example, errors);
    for side in [input, output].into_iter().flatten() {
        if shape::has_names(side) {
            return Header::Graph(place_of(side, Span::call_site()));
        }
    }
    Header::List {
        input: input.and_then(|tokens| shape::shape(tokens, errors)),
        output: output.and_then(|tokens| shape::shape(tokens, errors)),
    }
}

type Tokens<'a> = &'a [TokenTree];

fn split_shapes<'a>(
    cursor: &mut Cursor<'a>,
    example: &str,
    errors: &mut Errors,
) -> (Option<Tokens<'a>>, Option<Tokens<'a>>) {
    let tokens = cursor.rest();
    let arrow = ["=>", "->"]
        .iter()
        .find_map(|symbol| Some((*symbol, find_symbol(tokens, symbol)?)));
    let (input, output) = match arrow {
        Some((symbol, at)) => {
            let input = cursor.take(at);
            let arrow = cursor.take(2);
            if symbol == "->" {
                errors.push_help(
                    place_of(arrow, Span::call_site()),
                    "the output shape follows `=>`",
                    "write `=>`, not `->`",
                );
            }
            (input, cursor.take_all())
        }
        None => {
            let input = cursor.take(one_shape(tokens));
            let place = cursor.here();
            if cursor.is_empty() {
                errors.push_help(
                    place,
                    "`=>` and the output shape are missing",
                    format!("write `{example}`"),
                );
                return (Some(input), None);
            }
            errors.push_help(
                place,
                "`=>` is missing between the input shape and the output shape",
                format!("write `{example}`"),
            );
            if let Some(TokenTree::Punct(_)) = cursor.peek(0) {
                cursor.next();
            }
            (input, cursor.take_all())
        }
    };
    let here = |tokens: &[TokenTree]| place_of(tokens, cursor.here().first);
    if input.is_empty() {
        let place = Place {
            first: here(tokens).first,
            last: here(tokens.get(..2).unwrap_or(&[])).last,
        };
        errors.push_help(
            place,
            "the input shape is missing",
            format!("write `{example}`"),
        );
    }
    if output.is_empty() {
        errors.push_help(
            cursor.here(),
            "the output shape is missing",
            format!("write `{example}`"),
        );
    }
    (
        (!input.is_empty()).then_some(input),
        (!output.is_empty()).then_some(output),
    )
}

/// How many tokens the first shape takes where no arrow tells: one group, or everything.
fn one_shape(tokens: &[TokenTree]) -> usize {
    match tokens.first() {
        Some(TokenTree::Group(_)) => 1,
        Some(TokenTree::Literal(_)) if tokens.len() == 2 => 1,
        _ => tokens.len(),
    }
}
