//! Tokens to syntax tree. Never gives up: what cannot be read becomes a mistake, and reading goes on behind it.
//!
//! Where a mistake has only one sensible repair, the tree gets the repaired form, so that the rest of the declaration is
//! checked as if the advice had been taken.

mod arguments;
mod budget;
mod call;
mod generics;
mod graph;
mod habits;
mod header;
mod inputs;
mod layer;
mod list;
mod misplaced;
mod ports;
mod repetition;
mod shape;
mod shapes;
mod value;

use self::ports::Side;
use crate::ast::{Body, Name, Network, Port};
use crate::cursor::{Cursor, find_symbol, place_of, tokens_of, too_much};
use crate::errors::Errors;
use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use syn::{Generics, Visibility};

/// Reads a declaration. Whatever the tokens, there is a tree.
pub(crate) fn network(tokens: TokenStream, errors: &mut Errors) -> Network {
    let tokens = tokens_of(tokens);
    let (head, body) = split_body(&tokens, errors);
    let (head, budget) = budget::split(head, errors);
    let end = match (body, head.last()) {
        (Some(body), _) => body.span_open(),
        (None, Some(last)) => last.span(),
        (None, None) => Span::call_site(),
    };
    let mut cursor = Cursor::new(&head, end);
    let mut attributes = header::attributes(&mut cursor, errors);
    let silenced = crate::lints::take(&mut attributes, errors);
    let visibility = header::visibility(&mut cursor);
    header::skip_item_keyword(&mut cursor, errors);
    let must_be_named = !attributes.is_empty() || !matches!(visibility, Visibility::Inherited);
    let name = header::name(&mut cursor, must_be_named, errors);
    let mut network = Network {
        attributes,
        silenced,
        visibility,
        name,
        generics: Generics::default(),
        inputs: Vec::new(),
        outputs: Vec::new(),
        budget,
        body: Body::Unreadable,
    };
    match &network.name {
        Name::Named(name) => {
            network.generics = generics::generics(&mut cursor, name, errors);
            header::colon(&mut cursor, name, errors);
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
    if cursor.is_empty() && matches!(network.name, Name::Missing) {
        return network;
    }
    let example = example(&network.name);
    let (input, output) = shapes::shapes(cursor, &example, errors);
    match body {
        Some(group) => {
            let tokens = tokens_of(group.stream());
            network.body = if is_graph(input.as_ref(), output.as_ref(), &tokens, errors) {
                let inputs = input.as_ref().map_or(&[][..], |side| &side.ports);
                Body::Graph(graph::graph(&tokens, inputs, group, errors))
            } else {
                Body::List(
                    list::list(&tokens, group.span_close(), errors),
                    group.span(),
                )
            };
        }
        // Without shapes either, nothing but the name was written, and one message is enough.
        None if input.is_none() && output.is_none() => {}
        None => errors.push_help(
            end,
            "the layers are missing",
            format!("write them in braces: `{example}`"),
        ),
    }
    network.inputs = ports(input);
    network.outputs = ports(output);
    network
}

/// Whether the body gives names to values. Both sides of the header should tell; if they do not agree, or if nothing but
/// the body has names, the body does.
fn is_graph(
    input: Option<&Side>,
    output: Option<&Side>,
    body: &[TokenTree],
    errors: &mut Errors,
) -> bool {
    let named = |side: Option<&Side>| side.is_some_and(|side| side.named);
    match (named(input), named(output)) {
        (true, true) => true,
        (false, false) => match graph::starts_with_applied_let(body) {
            Some(place) => {
                let name = graph::last_name(body).unwrap_or_else(|| "digit".to_owned());
                errors.push_help(
                    place,
                    "values have names only where the inputs and outputs have some",
                    format!(
                        "write `(image: (28, 28, 1)) => ({name}: 10)`, or each layer alone and without `let`: `Dense(10),`"
                    ),
                );
                true
            }
            None => false,
        },
        (input_is_named, _) => {
            let sides = if input_is_named {
                (input, output)
            } else {
                (output, input)
            };
            let (Some(named), plain) = sides else {
                return true;
            };
            if !graph::has_let(body) {
                errors.push_help(
                    named.place,
                    "in a list of layers inputs and outputs have no names",
                    "take the names out: `(28, 28, 1) => 10`",
                );
                return false;
            }
            // One that is missing has got its message.
            let Some(plain) = plain else {
                return true;
            };
            let (problem, name) = if input_is_named {
                let name = graph::last_name(body);
                ("the output has no name, but the input has one", name)
            } else {
                ("the input has no name, but the output has one", None)
            };
            let name = name.unwrap_or_else(|| "image".to_owned());
            errors.push_help(
                plain.place,
                problem,
                format!("write `({name}: {})`", plain.text),
            );
            true
        }
    }
}

/// The ports of one side. Of a side that could not be read it is known that it is there.
fn ports(side: Option<Side>) -> Vec<Port> {
    match side {
        Some(side) if !side.ports.is_empty() => side.ports,
        _ => vec![Port {
            name: None,
            shape: None,
        }],
    }
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
