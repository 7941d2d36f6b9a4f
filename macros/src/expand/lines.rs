//! The lines of a graph once more, as Rust: so that an editor finds the names in them, lists them where one is being
//! written, and renames them.

use super::Context;
use crate::check::{Bound, Line};
use crate::names::plain;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use std::collections::HashMap;

/// A block with one `let` for each line. It is evaluated, and comes to nothing.
pub(super) fn lines(context: &Context<'_>) -> Option<TokenStream> {
    let wiring = &context.plan.wiring;
    if wiring.lines.is_empty() {
        return None;
    }
    let inputs = context
        .plan
        .inputs
        .iter()
        .enumerate()
        .filter_map(|(i, port)| {
            let (name, shape) = (port.name.as_ref()?, context.constant("__INPUT", i));
            Some(quote!(let #name = #shape;))
        });
    let lines = wiring
        .lines
        .iter()
        .zip(mentioned(context))
        .map(|(line, mentioned)| self::line(context, line, &mentioned));
    let outputs = context
        .plan
        .outputs
        .iter()
        .filter_map(|port| port.name.as_ref());
    // What is unused, or has the name of a constant, has had its message.
    let block = quote! {
        {
            #(#inputs)*
            #(#lines)*
            #(__addax::mention(#outputs);)*
        }
    };
    let (this, brackets) = (&context.this, context.parameters.brackets());
    Some(if context.parameters.is_empty() {
        quote! {
            #[allow(unused, nonstandard_style)]
            const _: () = #block;
        }
    } else {
        quote! {
            #[allow(unused, nonstandard_style)]
            impl #brackets #this {
                const __LINES: () = #block;
            }
        }
    })
}

/// The names in a line.
pub(super) struct Mentioned<'a> {
    /// Layers that are called as their fields are: `editor.rs` mentions the fields, and a name has only one place to go to.
    pub(super) fields: Vec<&'a Ident>,
    others: Vec<&'a Ident>,
}

/// The names in each line.
pub(super) fn mentioned<'a>(context: &'a Context<'_>) -> Vec<Mentioned<'a>> {
    let wiring = &context.plan.wiring;
    let mut bound = HashMap::new();
    wiring
        .lines
        .iter()
        .map(|line| {
            let (fields, others) = line.mentioned.iter().partition(|name| {
                let Some(Bound::Layer(layer)) = bound.get(&plain(name)) else {
                    return false;
                };
                let layer = wiring.layers.get(*layer);
                layer.is_some_and(|layer| layer.field == **name)
            });
            bound.insert(plain(&line.name), line.bound);
            Mentioned { fields, others }
        })
        .collect()
}

fn line(context: &Context<'_>, line: &Line, mentioned: &Mentioned<'_>) -> TokenStream {
    let Line { name, bound, .. } = line;
    let mentioned = &mentioned.others;
    let value = match bound {
        Bound::Value(source) => context.shape_of(*source),
        Bound::Layer(layer) => context.constant("__LAYER", *layer),
    };
    quote! {
        let #name = {
            #(__addax::mention(#mentioned);)*
            #value
        };
    }
}
