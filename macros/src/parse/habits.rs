//! What people who come from Keras write where a layer is due.

use super::layer::{Read, path_span};
use crate::ast::{Argument, Layer};
use crate::cursor::tokens_of;
use crate::errors::{Errors, Place};
use crate::keras::{self, LayerName};
use crate::text;
use proc_macro2::{Delimiter, Group, Ident, TokenTree};
use syn::parse_quote;

/// `Flatten,`
pub(super) fn without_parentheses(layer: &mut Layer, name: &str, errors: &mut Errors) {
    let name = match keras::layer(name) {
        LayerName::Written(correct) => correct,
        _ => name,
    };
    let call = match keras::example(name) {
        Some(example) => example.to_owned(),
        None => format!("{name}()"),
    };
    errors.push_help(
        layer.place(),
        "a layer is written with parentheses",
        format!("write `{call}`"),
    );
    // What it lacks has been said.
    layer.incomplete = keras::needs_arguments(name);
}

/// Habits of Keras that look like a layer and are something around one.
pub(super) fn wrapper(
    layer: &Layer,
    dotted: Option<&Place>,
    arguments: Option<&Group>,
    errors: &mut Errors,
) -> Option<Read> {
    let name = layer.plain_name()?;
    let inside = || arguments.map(|group| (tokens_of(group.stream()), group.span_close()));
    match name.as_str() {
        "Sequential" => {
            errors.push_help(
                layer.place(),
                "`network!` is the sequential model: its layers stand directly in the braces",
                "take `Sequential(..)` out",
            );
            let Some((tokens, end)) = inside() else {
                return Some(Read::Hole);
            };
            // The brackets in `Sequential([..])` go with it.
            match tokens.as_slice() {
                [TokenTree::Group(list)] if list.delimiter() == Delimiter::Bracket => {
                    Some(Read::Wrapped(tokens_of(list.stream()), end))
                }
                _ => Some(Read::Wrapped(tokens, end)),
            }
        }
        "add" => {
            let place = Place {
                first: dotted?.first,
                last: path_span(&layer.path),
            };
            Some(inside().map_or(Read::Hole, |(tokens, end)| Read::Added(place, tokens, end)))
        }
        "Input" | "InputLayer" => {
            errors.push_help(
                layer.place(),
                "the input shape stands in front of `=>` and is not a layer",
                format!("take `{name}(..)` out and write `(28, 28, 1) => 10 {{ .. }}`"),
            );
            Some(Read::Nothing)
        }
        _ => None,
    }
}

/// Names that Keras knows and Addax does not, or not under that name. False if there is no such layer.
pub(super) fn known_layer(layer: &mut Layer, errors: &mut Errors) -> bool {
    // `Dense::new(64)`
    if layer.path.segments.len() > 1 && layer.kind().is_some_and(|kind| kind == "new") {
        layer.path.segments.pop();
        layer.path.segments.pop_punct();
        let help = format!("write {}", text::layer(layer));
        errors.push_help(layer.place(), "a layer is written without `::new`", help);
    }
    let Some(name) = layer.plain_name() else {
        return true;
    };
    let span = path_span(&layer.path);
    match keras::layer(&name) {
        LayerName::Known | LayerName::Foreign => {}
        LayerName::Written(correct) => {
            errors.push_help(
                span,
                format!("there is no layer `{name}`"),
                format!("write `{correct}`"),
            );
            let correct = Ident::new(correct, span);
            layer.path = parse_quote!(#correct);
        }
        LayerName::Function(word) => {
            errors.push_help(
                layer.place(),
                format!("`{name}` is an activation, not a layer"),
                format!("write `Activation({word})`, or the option `activation = {word}` of the layer before it"),
            );
            let word = Ident::new(word, span);
            layer.path = parse_quote!(Activation);
            layer.arguments = vec![Argument {
                name: None,
                value: parse_quote!(#word),
            }];
            layer.incomplete = false;
        }
        LayerName::NotYet(instead) => {
            let help = match instead {
                Some(instead) => instead.to_owned(),
                None => format!(
                    "a layer of your own with this name is written with its path: `self::{name}(..)`"
                ),
            };
            errors.push_help(span, format!("`{name}` is not in Addax yet"), help);
            return false;
        }
    }
    true
}
