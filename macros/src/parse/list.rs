//! The list of layers.

use super::layer;
use crate::ast::Step;
use crate::cursor::{Cursor, pieces, tokens_of, ungroup};
use crate::errors::Errors;
use proc_macro2::{Delimiter, Span, TokenTree};

/// Reads `Flatten(), hidden: Dense(64), ..`. `end` is where to point if something is missing at the end.
pub(super) fn list(tokens: &[TokenTree], end: Span, errors: &mut Errors) -> Vec<Step> {
    let mut steps = Vec::new();
    // One wrong habit gets one message, however often it shows.
    let mut told = tokens
        .iter()
        .any(|token| matches!(token, TokenTree::Ident(word) if word == "let"));
    for piece in pieces(tokens, &[',', ';']) {
        if let Some(separator) = piece.separator
            && separator.as_char() == ';'
            && !told
        {
            told = true;
            errors.push_help(
                separator.span(),
                "layers are separated by `,`",
                "write `,` for each `;`",
            );
        }
        let tokens = ungroup(piece.tokens);
        if tokens.is_empty() {
            if let Some(separator) = piece
                .separator
                .filter(|separator| separator.as_char() == ',')
            {
                errors.push_help(
                    separator.span(),
                    "there is no layer in front of this comma",
                    "take the comma out",
                );
            }
            continue;
        }
        let mut cursor = Cursor::new(
            &tokens,
            piece.separator.map_or(end, proc_macro2::Punct::span),
        );
        while !cursor.is_empty() {
            steps.extend(step(&mut cursor, errors));
            missing_comma(&mut cursor, errors);
        }
    }
    steps
}

/// Reads one layer, or what somebody took for one.
fn step(cursor: &mut Cursor<'_>, errors: &mut Errors) -> Vec<Step> {
    if let Some(steps) = nested(cursor, errors) {
        return steps;
    }
    skip_let(cursor, errors);
    match layer::layer(cursor, errors) {
        layer::Read::Layer(layer) => vec![Step::Layer(*layer)],
        layer::Read::Layers(tokens, end) => list(&tokens, end, errors),
        layer::Read::Nothing => vec![],
        layer::Read::Hole => vec![Step::Hole],
    }
}

/// `[Dense(3), Dense(4)]`
fn nested(cursor: &mut Cursor<'_>, errors: &mut Errors) -> Option<Vec<Step>> {
    let Some(TokenTree::Group(group)) = cursor.peek(0) else {
        return None;
    };
    if group.delimiter() != Delimiter::None {
        errors.push_help(
            group.span(),
            "the layers of a network stand directly in its braces",
            "take the brackets around the layers out",
        );
    }
    cursor.next();
    Some(list(&tokens_of(group.stream()), group.span_close(), errors))
}

/// `let x = Dense(10)(x);`
fn skip_let(cursor: &mut Cursor<'_>, errors: &mut Errors) {
    if !cursor.is_ident(0, "let") {
        return;
    }
    let place = cursor.here();
    cursor.next();
    while !cursor.is_empty() && !cursor.is_symbol(0, "=") {
        cursor.next();
    }
    cursor.next();
    errors.push_help(
        place,
        "a list of layers has no `let`: each layer takes what the one before it gives",
        "write the layer alone: `Dense(10),`",
    );
}

/// What follows a layer inside the same piece.
fn missing_comma(cursor: &mut Cursor<'_>, errors: &mut Errors) {
    // `Dense(10)(x)`
    while let Some(inputs) = cursor.group(0, Delimiter::Parenthesis) {
        errors.push_help(
            inputs.span(),
            "in a list each layer takes what the one before it gives",
            "take these parentheses out",
        );
        cursor.next();
    }
    if cursor.is_empty() {
        return;
    }
    if cursor.ident(0).is_some() || cursor.is_symbol(0, "#") || cursor.is_symbol(0, "::") {
        errors.push_help(
            cursor.here(),
            "`,` is missing in front of this layer",
            "write a comma after each layer",
        );
        return;
    }
    errors.push_help(
        cursor.rest_place(),
        "a layer ends with its parentheses",
        "options stand in them: `Dense(64, activation = relu)`",
    );
    cursor.take_all();
}
