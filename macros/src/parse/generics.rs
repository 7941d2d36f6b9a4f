//! The parameters of a network: `<const SIDE: usize = 28, Classes>`.

use crate::cursor::{Cursor, generics_end, parsed, place_of};
use crate::errors::{Errors, Place};
use proc_macro2::{Ident, Span};
use syn::punctuated::Punctuated;
use syn::{GenericParam, Generics, Token, Type, parse_quote};

/// Reads the parameters behind the name, if there are any.
pub(super) fn generics(cursor: &mut Cursor<'_>, name: &Ident, errors: &mut Errors) -> Generics {
    if !cursor.is_symbol(0, "<") {
        return Generics::default();
    }
    let tokens = cursor.take(generics_end(cursor.rest()).unwrap_or(1));
    let Some(mut generics) = parsed::<Generics>(tokens) else {
        errors.push_help(
            place_of(tokens, name.span()),
            "these parameters cannot be read",
            format!("a parameter is a size: `{name}<const SIDE: usize>`, or `{name}<Side>` for a dimension of dfdx"),
        );
        return Generics::default();
    };
    generics.params = std::mem::take(&mut generics.params)
        .into_iter()
        .filter_map(|parameter| checked(parameter, errors))
        .collect::<Punctuated<GenericParam, Token![,]>>();
    generics
}

/// The parameter as it can be emitted, if it is a size.
fn checked(mut parameter: GenericParam, errors: &mut Errors) -> Option<GenericParam> {
    match &mut parameter {
        GenericParam::Lifetime(lifetime) => {
            errors.push_help(
                Place::of(&lifetime.lifetime, Span::call_site()),
                "a network has no lifetimes",
                "take it out; its parameters are sizes: `<const SIDE: usize>`",
            );
            return None;
        }
        GenericParam::Type(parameter) => {
            if !parameter.bounds.is_empty() {
                errors.push_help(
                    Place::of(&parameter.bounds, parameter.ident.span()),
                    format!("`{}` needs no bound: it is a dimension of dfdx, since the network uses it as a size", parameter.ident),
                    format!("write `{}`", parameter.ident),
                );
                parameter.bounds.clear();
                parameter.colon_token = None;
            }
        }
        GenericParam::Const(parameter) => {
            let is_size = matches!(&parameter.ty, Type::Path(path) if path.path.is_ident("usize"));
            if !is_size {
                errors.push_help(
                    Place::of(&parameter.ty, parameter.ident.span()),
                    "a parameter of a network is a size, and a size is a `usize`",
                    format!("write `const {}: usize`", parameter.ident),
                );
                parameter.ty = parse_quote!(usize);
            }
        }
    }
    Some(parameter)
}
