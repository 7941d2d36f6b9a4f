//! The lines of a graph once more, as Rust: so that an editor finds the names in them, lists them where one is being
//! written, and renames them.

use super::Context;
use crate::check::{Bound, Line};
use proc_macro2::TokenStream;
use quote::quote;

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
    let lines = wiring.lines.iter().map(|line| self::line(context, line));
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

fn line(context: &Context<'_>, line: &Line) -> TokenStream {
    let Line {
        name,
        mentioned,
        bound,
    } = line;
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
