//! The lines of a graph once more, as Rust: so that an editor finds the names in them, lists them where one is being
//! written, and renames them.

use super::{Context, numbered, shape_of};
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
            let (name, shape) = (port.name.as_ref()?, numbered("__INPUT", i));
            Some(quote!(let #name = #shape;))
        });
    let lines = wiring.lines.iter().map(line);
    let outputs = context
        .plan
        .outputs
        .iter()
        .filter_map(|port| port.name.as_ref());
    // What is unused, or has the name of a constant, has had its message.
    Some(quote! {
        #[allow(unused, nonstandard_style)]
        const _: () = {
            #(#inputs)*
            #(#lines)*
            #(__addax::mention(#outputs);)*
        };
    })
}

fn line(line: &Line) -> TokenStream {
    let Line {
        name,
        mentioned,
        bound,
    } = line;
    let value = match bound {
        Bound::Value(source) => shape_of(*source),
        Bound::Layer(layer) => {
            let layer = numbered("__LAYER", *layer);
            quote!(#layer)
        }
    };
    quote! {
        let #name = {
            #(__addax::mention(#mentioned);)*
            #value
        };
    }
}
