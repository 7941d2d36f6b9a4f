//! What a network with parameters can say in its header.

use super::Wiring;
use crate::ast::{Port, Shape};
use crate::errors::{Errors, Place};
use crate::text;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
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

/// Takes out the names of ports that are names of parameters: Rust would take them for the parameter.
pub(super) fn ports(ports: &mut [Port], generics: &Generics, errors: &mut Errors) {
    for port in ports {
        if port
            .name
            .as_ref()
            .is_some_and(|name| refuse(name, generics, errors))
        {
            port.name = None;
        }
    }
}

/// The same for values. Their names stay, but editors are not told of any.
pub(super) fn lines(wiring: &mut Wiring, generics: &Generics, errors: &mut Errors) {
    let refused = wiring
        .lines
        .iter()
        .filter(|line| refuse(&line.name, generics, errors))
        .count();
    if refused > 0 {
        wiring.lines.clear();
    }
}

fn refuse(name: &Ident, generics: &Generics, errors: &mut Errors) -> bool {
    let taken = generics
        .params
        .iter()
        .any(|parameter| is_named(parameter, name));
    if taken {
        errors.push_help(
            name.span(),
            format!("`{name}` is a parameter of this network, and no value can be called that"),
            "choose another name",
        );
    }
    taken
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

fn is_named(parameter: &GenericParam, name: &Ident) -> bool {
    match parameter {
        GenericParam::Const(parameter) => parameter.ident == *name,
        GenericParam::Type(parameter) => parameter.ident == *name,
        GenericParam::Lifetime(_) => false,
    }
}
