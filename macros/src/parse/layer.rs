//! One layer: `/// docs`, `label:`, a path, and arguments in parentheses.

use super::{arguments, habits, header, repetition};
use crate::ast::Layer;
use crate::cursor::{Cursor, generics_end, parsed, place_of, tokens_of};
use crate::errors::{Errors, Place};
use crate::names::is_reserved;
use crate::text;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use syn::Path;

/// What was found where a layer was due.
pub(super) enum Read {
    Layer(Box<Layer>),
    /// Layers in a wrapper, `Sequential([..])`, and where it ends. The mistake has been noted.
    Wrapped(Vec<TokenTree>, Span),
    /// Layers in `model.add(..)`, which stands at this place, and where they end.
    Added(Place, Vec<TokenTree>, Span),
    /// Something that belongs elsewhere and changes no shape: `Input(..)`.
    Nothing,
    /// Something that gives nobody knows what. The mistake has been noted.
    Hole,
}

/// Reads one layer.
pub(super) fn layer(cursor: &mut Cursor<'_>, errors: &mut Errors) -> Read {
    let docs = docs(cursor, errors);
    let mut label = label(cursor, errors);
    let times = repetition::in_front(cursor, errors);
    if times.is_some() && label.is_none() {
        label = self::label(cursor, errors);
        if let Some(label) = &label {
            errors.push_help(
                label.span(),
                "the name of a layer stands in front of its number",
                format!("write `{label}: 3 * ..`"),
            );
        }
    }
    if times.is_some()
        && let Some(group) = repetition::group(cursor, errors)
    {
        return Read::Wrapped(tokens_of(group.stream()), group.span_close());
    }
    let Some((path, dotted)) = path(cursor, errors) else {
        cursor.take_all();
        return Read::Hole;
    };
    let name = path
        .segments
        .last()
        .map(|segment| segment.ident.to_string())
        .unwrap_or_default();
    let group = group(cursor, &name, errors);
    let mut layer = Layer {
        docs,
        label,
        last: group.as_ref().map_or_else(|| path_span(&path), Group::span),
        path,
        arguments: Vec::new(),
        times: times.unwrap_or(1),
        incomplete: false,
    };
    if let Some(read) = habits::wrapper(&layer, dotted.as_ref(), group.as_ref(), errors) {
        return read;
    }
    if let Some(dotted) = dotted {
        errors.push_help(
            dotted,
            "layers are known by their name alone",
            format!("write `{name}`"),
        );
    }
    match group {
        Some(group) => {
            let tokens = tokens_of(group.stream());
            let read = arguments::arguments(&tokens, &name, errors);
            layer.arguments = read.arguments;
            layer.incomplete = read.incomplete;
        }
        None => habits::without_parentheses(&mut layer, &name, errors),
    }
    repetition::behind(cursor, &mut layer, errors);
    if habits::known_layer(&mut layer, errors) {
        Read::Layer(Box::new(layer))
    } else {
        Read::Hole
    }
}

/// Reads the doc comments.
pub(super) fn docs(cursor: &mut Cursor<'_>, errors: &mut Errors) -> Vec<TokenStream> {
    let mut docs = Vec::new();
    while cursor.is_symbol(0, "#") {
        let Some(attribute) = cursor.group(1, Delimiter::Bracket) else {
            errors.push_help(cursor.here(), "`#` starts no comment here", "write `// ..`");
            // The comment is made of tokens too: go on where something looks like a layer.
            cursor.next();
            while cursor.ident(0).is_some() && cursor.group(1, Delimiter::Parenthesis).is_none() {
                cursor.next();
            }
            return docs;
        };
        if matches!(attribute.stream().into_iter().next(), Some(TokenTree::Ident(word)) if word == "doc")
        {
            docs.extend(header::attribute(cursor.take(2), errors));
        } else {
            errors.push_help(
                place_of(cursor.take(2), attribute.span()),
                "a layer takes doc comments and no other attributes",
                "take it out, or write it in front of the network",
            );
        }
    }
    docs
}

/// Reads `hidden:`.
fn label(cursor: &mut Cursor<'_>, errors: &mut Errors) -> Option<Ident> {
    if let Some(text) = cursor.literal(0)
        && cursor.is_symbol(1, ":")
    {
        let name = text.to_string().trim_matches('"').to_owned();
        errors.push_help(
            text.span(),
            "the name of a layer is a word, not a string",
            format!("write `{name}: ..`"),
        );
        cursor.take(2);
        return syn::parse_str::<Ident>(&name).ok().map(|mut label| {
            label.set_span(text.span());
            label
        });
    }
    let label = cursor.ident(0)?;
    if cursor.is_symbol(1, "=") {
        errors.push_help(
            label.span(),
            "the name of a layer is followed by `:`",
            format!("write `{label}: ..`"),
        );
    } else if !cursor.is_symbol(1, ":") {
        return None;
    }
    cursor.take(2);
    if is_reserved(label) {
        errors.push_help(
            label.span(),
            format!("`{label}` is a word of Rust and cannot name a layer"),
            "choose another name",
        );
        return None;
    }
    Some(label.clone())
}

/// Reads the layer's type. Of `keras.layers.Dense` only the last part counts; the rest is given back as a place.
fn path(cursor: &mut Cursor<'_>, errors: &mut Errors) -> Option<(Path, Option<Place>)> {
    let mut dotted: Option<Place> = None;
    loop {
        let tokens = cursor.take(path_length(cursor.rest()));
        let place = place_of(tokens, cursor.here().first);
        let Some(path) = parsed::<Path>(tokens) else {
            let place = if tokens.is_empty() {
                cursor.here()
            } else {
                place
            };
            errors.push_help(
                place,
                "this is not a layer",
                "a layer is a name with parentheses: `Dense(10)`",
            );
            return None;
        };
        if !cursor.is_symbol(0, ".") {
            return Some((
                path,
                dotted.map(|start| Place {
                    first: start.first,
                    last: place.last,
                }),
            ));
        }
        cursor.next();
        dotted = Some(dotted.unwrap_or(place));
    }
}

/// How many tokens a path takes: `Dense`, `self::Dense`, `Halve::<2>`, `Halve<2>`.
fn path_length(tokens: &[TokenTree]) -> usize {
    let mut cursor = Cursor::new(tokens, Span::call_site());
    if cursor.is_symbol(0, "::") {
        cursor.take(2);
    }
    while cursor.ident(0).is_some() {
        cursor.next();
        let generics = if cursor.is_symbol(0, "::") && cursor.is_symbol(2, "<") {
            2
        } else {
            0
        };
        if cursor.is_symbol(generics, "<")
            && let Some(length) = generics_end(cursor.rest().get(generics..).unwrap_or(&[]))
        {
            cursor.take(generics + length);
        }
        if !cursor.is_symbol(0, "::") {
            break;
        }
        cursor.take(2);
    }
    tokens.len() - cursor.rest().len()
}

/// The span of a path's last name.
pub(super) fn path_span(path: &Path) -> Span {
    match path.segments.last() {
        Some(segment) => segment.ident.span(),
        None => Span::call_site(),
    }
}

/// The group with the arguments, whatever its brackets.
fn group(cursor: &mut Cursor<'_>, layer: &str, errors: &mut Errors) -> Option<Group> {
    let Some(TokenTree::Group(group)) = cursor.peek(0) else {
        // `Dense 64`
        if let Some(number) = cursor.literal(0) {
            errors.push_help(
                number.span(),
                "the arguments of a layer stand in parentheses",
                format!("write `{layer}({number})`"),
            );
            cursor.next();
            return Some(Group::new(
                Delimiter::Parenthesis,
                TokenTree::from(number.clone()).into(),
            ));
        }
        return None;
    };
    cursor.next();
    if group.delimiter() == Delimiter::Parenthesis {
        return Some(group.clone());
    }
    // `Dense { units: 64 }`: the colons are part of the same mistake.
    let mut repaired = Group::new(
        Delimiter::Parenthesis,
        arguments::with_equals(group.stream()),
    );
    repaired.set_span(group.span());
    errors.push_help(
        group.span(),
        "the arguments of a layer stand in parentheses",
        format!(
            "write `{layer}{}`",
            text::tokens(TokenTree::from(repaired.clone()).into())
        ),
    );
    Some(repaired)
}
