//! `3 * Dense(250)`: a layer that stands in a list several times, one behind the other.

use crate::ast::Layer;
use crate::cursor::{Cursor, place_of};
use crate::errors::{Errors, Place};
use crate::text;
use proc_macro2::{Group, Span, TokenTree};
use syn::LitInt;

/// Every one of them is compiled.
const MAX_TIMES: usize = 256;

/// Reads the number and the `*` in front of a layer.
pub(super) fn in_front(cursor: &mut Cursor<'_>, errors: &mut Errors) -> Option<usize> {
    if !cursor.is_symbol(1, "*") {
        return None;
    }
    let times = match (cursor.peek(0)?, cursor.ident(0)) {
        (number @ TokenTree::Literal(_), _) => times(number, errors),
        (_, Some(constant)) => {
            errors.push_help(
                constant.span(),
                "how often a layer is repeated is written as a number",
                "write it out, `3 * Dense(250)`: each of them is a field with a name of its own",
            );
            1
        }
        _ => return None,
    };
    cursor.take(2);
    Some(times)
}

/// `3 * [Dense(250), Dropout(0.5)]`
pub(super) fn group<'a>(cursor: &mut Cursor<'a>, errors: &mut Errors) -> Option<&'a Group> {
    let Some(TokenTree::Group(group)) = cursor.peek(0) else {
        return None;
    };
    cursor.next();
    errors.push_help(
        group.span(),
        "one layer is repeated, and not several",
        "declare these as a network of their own, which can be a layer: `3 * Block()`",
    );
    Some(group)
}

/// Reads what somebody wrote behind it: `Dense(250) * 3`.
pub(super) fn behind(cursor: &mut Cursor<'_>, layer: &mut Layer, errors: &mut Errors) {
    if cursor.is_symbol(0, "*")
        && let Some(number @ TokenTree::Literal(_)) = cursor.peek(1)
    {
        let place = Place::of(number, Span::call_site());
        let text = text::layer(layer);
        layer.times = times(number, errors);
        errors.push_help(
            place_of(cursor.take(2), place.first),
            "the number stands in front of the layer that is repeated",
            format!("write `{number} * {}`", text.trim_matches('`')),
        );
    }
}

/// How often that is; once, if the number makes no sense.
fn times(number: &TokenTree, errors: &mut Errors) -> usize {
    let (problem, help) = match syn::parse2::<LitInt>(number.clone().into()) {
        Ok(literal) => match literal.base10_parse::<usize>() {
            Ok(0) => (
                "a layer is repeated at least once".to_owned(),
                "take the layer out, or write a number from 1",
            ),
            Ok(times) if times <= MAX_TIMES => return times,
            _ => (
                format!("a layer is repeated at most {MAX_TIMES} times"),
                "repeat a network of several layers: `100 * Block()`",
            ),
        },
        Err(_) => (
            "a layer is repeated a whole number of times".to_owned(),
            "write a number from 1: `3 * Dense(250)`",
        ),
    };
    errors.push_help(number.span(), problem, help);
    1
}
