//! The two sides of the header: `(28, 28, 1) => 10`.

use super::ports::{self, Side};
use crate::cursor::{Cursor, find_symbol, place_of};
use crate::errors::{Errors, Place};
use proc_macro2::{Span, TokenTree};

/// Reads both sides; one that is missing is `None`. `example` is a header to show in messages.
pub(super) fn shapes(
    mut cursor: Cursor<'_>,
    example: &str,
    errors: &mut Errors,
) -> (Option<Side>, Option<Side>) {
    if cursor.is_empty() {
        errors.push_help(
            cursor.here(),
            "the input and output shapes are missing",
            format!("write `{example}`"),
        );
        return (None, None);
    }
    let (input, output) = split_shapes(&mut cursor, example, errors);
    let mut side = |tokens: Option<Tokens<'_>>, kind| {
        let tokens = tokens?;
        let place = place_of(tokens, Span::call_site());
        Some(ports::side(tokens, place, kind, errors))
    };
    (side(input, "input"), side(output, "output"))
}

type Tokens<'a> = &'a [TokenTree];

/// Cuts at the arrow.
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
