//! What a network with parameters can say in its header.

use crate::ast::{Port, Shape};
use crate::errors::{Errors, Place};
use crate::text;
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Expr, GenericParam, Generics};

/// Takes out the shapes whose sizes are computed from parameters.
///
/// The sizes in the header are types, and stable Rust cannot compute with a parameter in a type. Everywhere else the sizes
/// are constants.
pub(super) fn header(ports: &mut [Port], generics: &Generics, errors: &mut Errors) {
    if generics.params.is_empty() {
        return;
    }
    for port in ports {
        let Some(shape) = &port.shape else {
            continue;
        };
        if !is_plain(shape, generics, errors) {
            port.shape = None;
        }
    }
}

fn is_plain(shape: &Shape, generics: &Generics, errors: &mut Errors) -> bool {
    let mut plain = true;
    for size in &shape.sizes {
        if is_parameter(size, generics) || !mentions(size.to_token_stream(), generics) {
            continue;
        }
        plain = false;
        let text = text::tokens(size.to_token_stream());
        errors.push_help(
            Place::of(size, Span::call_site()),
            format!("the header cannot compute `{text}`: Rust knows no arithmetic with parameters in types"),
            "make it a parameter of its own; between the braces sizes may be computed",
        );
    }
    plain
}

fn is_parameter(size: &Expr, generics: &Generics) -> bool {
    let Expr::Path(path) = size else {
        return false;
    };
    path.path.get_ident().is_some_and(|name| {
        generics
            .params
            .iter()
            .any(|parameter| is_named(parameter, name))
    })
}

/// Whether a parameter stands in it, or `Self`, which has some.
fn mentions(tokens: TokenStream, generics: &Generics) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => {
            word == "Self"
                || generics
                    .params
                    .iter()
                    .any(|parameter| is_named(parameter, &word))
        }
        TokenTree::Group(group) => mentions(group.stream(), generics),
        _ => false,
    })
}

fn is_named(parameter: &GenericParam, name: &proc_macro2::Ident) -> bool {
    match parameter {
        GenericParam::Const(parameter) => parameter.ident == *name,
        GenericParam::Type(parameter) => parameter.ident == *name,
        GenericParam::Lifetime(_) => false,
    }
}
