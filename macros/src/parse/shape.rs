//! Shapes and sizes: `(28, 28, 1)`, `10`, `(SIDE, Self::WIDTH, 2 * N)`.

use crate::ast::Shape;
use crate::cursor::{parsed, pieces, place_of, stream, tokens_of};
use crate::errors::{Errors, Place};
use crate::text;
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::{Expr, ExprLit, ExprUnary, Lit, UnOp};

/// dfdx's tensors have at most six axes; one is the batch, and one is left to its operations.
const MAX_RANK: usize = 4;

/// Unwraps the invisible group that `macro_rules!` puts around a whole `$shape:expr`. Around a part it stands for
/// parentheses.
fn ungroup(tokens: &[TokenTree]) -> Vec<TokenTree> {
    let mut tokens = tokens.to_vec();
    while let [TokenTree::Group(group)] = tokens.as_slice()
        && group.delimiter() == Delimiter::None
    {
        tokens = tokens_of(group.stream());
    }
    tokens
}

/// Reads the shape of one side of the header. `None` if some size cannot be known.
pub(super) fn shape(tokens: &[TokenTree], errors: &mut Errors) -> Option<Shape> {
    let tokens = ungroup(tokens);
    let place = place_of(&tokens, Span::call_site());
    let mut inside = tokens.clone();
    if let [TokenTree::Group(group)] = tokens.as_slice() {
        if group.delimiter() == Delimiter::Bracket {
            errors.push_help(
                group.span(),
                "a shape stands in parentheses, not in brackets",
                format!("write `{}`", parenthesized(group.stream())),
            );
        }
        if matches!(
            group.delimiter(),
            Delimiter::Parenthesis | Delimiter::Bracket
        ) {
            inside = tokens_of(group.stream());
        }
        if inside.is_empty() {
            errors.push_help(
                place,
                "a shape has at least one size",
                "write `1` for a single number",
            );
            return None;
        }
    } else if pieces(&tokens, &[',']).len() > 1 {
        errors.push_help(
            place,
            "a shape of several sizes stands in parentheses",
            format!("write `{}`", parenthesized(stream(&tokens))),
        );
    }
    sizes(&inside, place, errors).map(|sizes| Shape { sizes, place })
}

/// `(28, 28, 1)`, but `10`.
fn parenthesized(sizes: TokenStream) -> String {
    let text = text::tokens(sizes);
    if text.contains(',') {
        format!("({text})")
    } else {
        text
    }
}

fn sizes(tokens: &[TokenTree], place: Place, errors: &mut Errors) -> Option<Vec<Expr>> {
    let mut sizes = Vec::new();
    let mut all_read = true;
    for piece in pieces(tokens, &[',']) {
        if let [TokenTree::Ident(word)] = piece.tokens
            && word == "None"
        {
            errors.push_help(
                word.span(),
                "a shape is that of one sample; the batch is not part of it",
                "leave `None` out",
            );
            continue;
        }
        match size(piece.tokens, place, errors) {
            Some(size) => sizes.push(size),
            None => all_read = false,
        }
    }
    if sizes.len() > MAX_RANK {
        errors.push_help(
            place,
            format!(
                "a sample has at most {MAX_RANK} dimensions, but this one has {}",
                sizes.len()
            ),
            "the batch is not one of them; `Reshape` changes their number",
        );
        return None;
    }
    (all_read && !sizes.is_empty()).then_some(sizes)
}

fn size(tokens: &[TokenTree], shape: Place, errors: &mut Errors) -> Option<Expr> {
    let place = place_of(tokens, shape.last);
    let Some(size) = parsed::<Expr>(tokens) else {
        errors.push_help(
            place,
            "this is not a size",
            "a size is a number, a constant, or arithmetic with them: `28`, `SIDE`, `2 * SIDE`",
        );
        return None;
    };
    let problem = match &size {
        Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        }) if number.base10_digits() == "0" => Some("a size cannot be 0".to_owned()),
        _ => wrong_size(&size),
    };
    match problem {
        Some(problem) => {
            errors.push_help(
                place,
                problem,
                "a size is a whole number from 1, such as `28`",
            );
            None
        }
        None => Some(size),
    }
}

/// Why this cannot be a size, as far as the syntax tells; rustc sees the rest.
pub(crate) fn wrong_size(size: &Expr) -> Option<String> {
    match size {
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Float(number) => Some(format!("a size is a whole number, not `{number}`")),
            Lit::Str(_) | Lit::ByteStr(_) | Lit::CStr(_) | Lit::Char(_) => {
                Some("a size is a number, not text".to_owned())
            }
            Lit::Bool(_) => Some("a size is a number, not true or false".to_owned()),
            _ => None,
        },
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_), ..
        }) => Some("a size cannot be negative".to_owned()),
        Expr::Tuple(_) | Expr::Array(_) => Some("a size is one number".to_owned()),
        Expr::Assign(_) => Some("a size has no name".to_owned()),
        Expr::Paren(inner) => wrong_size(&inner.expr),
        Expr::Group(inner) => wrong_size(&inner.expr),
        _ => None,
    }
}
