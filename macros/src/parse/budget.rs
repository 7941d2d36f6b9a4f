//! What the network may cost: `=> 10, budget(params < 50_000, macs < 3_000_000)`.

use crate::ast::{Limit, Quantity};
use crate::cursor::{Cursor, parsed, pieces, place_of, tokens_of};
use crate::errors::Errors;
use proc_macro2::{Delimiter, Group, TokenTree};

/// Takes the budget out of a header.
pub(super) fn split(head: &[TokenTree], errors: &mut Errors) -> (Vec<TokenTree>, Vec<Limit>) {
    let Some((start, group)) = find(head) else {
        return (head.to_vec(), Vec::new());
    };
    let (shapes, clause) = head.split_at_checked(start).unwrap_or((head, &[]));
    let (clause, behind) = clause.split_at_checked(2).unwrap_or((clause, &[]));
    let place = place_of(clause, group.span());
    if !behind.is_empty() {
        errors.push_help(
            place,
            "the budget is the last thing in front of the layers",
            "write the shapes first: `Letters: (28, 28, 1) => 10, budget(params < 50_000) { .. }`",
        );
    }
    let shapes = match shapes {
        [shapes @ .., TokenTree::Punct(comma)] if comma.as_char() == ',' => shapes,
        _ => {
            errors.push_help(
                place,
                "`,` is missing in front of the budget",
                "write a comma between the output shape and `budget`",
            );
            shapes
        }
    };
    ([shapes, behind].concat(), limits(group, errors))
}

/// `budget(..)` where no size can be: behind a comma or something complete.
fn find(head: &[TokenTree]) -> Option<(usize, &Group)> {
    head.windows(3).enumerate().find_map(|(i, window)| {
        let [before, TokenTree::Ident(word), TokenTree::Group(group)] = window else {
            return None;
        };
        let complete = match before {
            TokenTree::Punct(punct) => punct.as_char() == ',',
            TokenTree::Ident(word) => word != "as",
            TokenTree::Literal(_) | TokenTree::Group(_) => true,
        };
        let is_budget = word == "budget" && group.delimiter() == Delimiter::Parenthesis && complete;
        is_budget.then_some((i + 1, group))
    })
}

fn limits(group: &Group, errors: &mut Errors) -> Vec<Limit> {
    let tokens = tokens_of(group.stream());
    if tokens.is_empty() {
        errors.push_help(
            group.span(),
            "this budget limits nothing",
            format!("write what the network may cost: `budget({EXAMPLE})`"),
        );
    }
    let limits = pieces(&tokens, &[',', ';']);
    let limits = limits.iter().filter(|piece| !piece.tokens.is_empty());
    limits
        .filter_map(|piece| limit(piece.tokens, group, errors))
        .collect()
}

const EXAMPLE: &str = "params < 50_000";

/// `params < 50_000`
fn limit(tokens: &[TokenTree], group: &Group, errors: &mut Errors) -> Option<Limit> {
    let place = place_of(tokens, group.span());
    let mut cursor = Cursor::new(tokens, group.span_close());
    let Some(word) = cursor.ident(0) else {
        errors.push_help(
            place,
            "a limit starts with what it limits",
            format!("write `{EXAMPLE}`"),
        );
        return None;
    };
    cursor.next();
    let at_most = cursor.is_symbol(0, "<=");
    if !at_most && !cursor.is_symbol(0, "<") {
        errors.push_help(
            place,
            "a budget is an upper limit",
            format!("write `{word} < 50_000` or `{word} <= 50_000`"),
        );
        return None;
    }
    cursor.take(if at_most { 2 } else { 1 });
    let limit = cursor.take_all();
    if limit.is_empty() {
        errors.push_help(
            place,
            format!("how much is missing behind `{word}`"),
            format!("write a number: `{word} < 50_000`"),
        );
        return None;
    }
    let Some(limit) = parsed(limit) else {
        errors.push_help(
            place_of(limit, group.span()),
            "this limit cannot be read",
            format!("a limit is a number or a constant: `{EXAMPLE}`"),
        );
        return None;
    };
    let Some(quantity) = quantity(&word.to_string()) else {
        let meant = match similar(&word.to_string()) {
            Some(meant) => format!("write `{meant}`; a budget limits {KNOWN}"),
            None => format!("a budget limits {KNOWN}"),
        };
        errors.push_help(word.span(), format!("a budget knows no `{word}`"), meant);
        return None;
    };
    Some(Limit {
        quantity,
        at_most,
        limit,
        place,
    })
}

const KNOWN: &str = "`params`, `macs`, `weight_bytes` and `activation_bytes`";

fn quantity(word: &str) -> Option<Quantity> {
    match word {
        "params" => Some(Quantity::Params),
        "macs" => Some(Quantity::Macs),
        "weight_bytes" => Some(Quantity::WeightBytes),
        "activation_bytes" => Some(Quantity::ActivationBytes),
        _ => None,
    }
}

/// What people call these elsewhere.
fn similar(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    let is_like = |parts: &[&str]| parts.iter().any(|part| word.contains(part));
    if is_like(&["activation"]) {
        Some("activation_bytes")
    } else if is_like(&["byte", "memory", "size"]) {
        Some("weight_bytes")
    } else if is_like(&["param", "weight"]) {
        Some("params")
    } else if is_like(&["mac", "flop", "op"]) {
        Some("macs")
    } else {
        None
    }
}
