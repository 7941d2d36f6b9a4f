//! Warnings: networks that run, but most often are a mistake.
//!
//! rustc finds them in the outcomes of the layers. For each layer there is a use of `FOUND` at the layer's name, which is
//! an item that is deprecated if there is something to say.

use super::{Context, numbered};
use crate::check::Source;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

/// The warnings about a network. One with mistakes has none, nor has one with parameters, whose sizes are not known here.
pub(super) fn lints(context: &Context<'_>) -> TokenStream {
    if !context.plan.faultless || !context.parameters.is_empty() {
        return TokenStream::new();
    }
    let (inputs, of_inputs): (Vec<_>, Vec<_>) = inputs(context).unzip();
    let (calls, of_calls): (Vec<_>, Vec<_>) = calls(context).unzip();
    let wiring = &context.plan.wiring;
    let outputs = wiring.outputs.iter().map(|source| value(*source));
    let silenced = &context.plan.silenced;
    let levels = context
        .plan
        .attributes
        .iter()
        .filter(|attribute| crate::lints::is_level(attribute));
    quote! {
        #(#levels)*
        const _: () = {
            const __CALLS: __addax::lints::Calls<'static> = __addax::lints::Calls {
                inputs: &[#(#inputs),*],
                calls: &[#(#calls),*],
                outputs: &[#(#outputs),*],
            };
            const __SILENCED: u32 = 0 #(| __addax::lints::#silenced::BIT)*;
            #(#of_inputs)*
            #(#of_calls)*
        };
    }
}

/// The shape of each input, and the warning about it.
fn inputs<'a>(context: &'a Context<'_>) -> impl Iterator<Item = (Ident, TokenStream)> + 'a {
    let shapes = context.plan.inputs.iter().enumerate();
    shapes.filter_map(|(i, port)| {
        let place = port.shape.as_ref()?.place.first;
        let number = Literal::usize_unsuffixed(i);
        let warning = found(&quote!(of_input(&__CALLS, #number, __SILENCED)), place);
        Some((numbered("__INPUT", i), warning))
    })
}

/// Each call as the lints see it, and the warning about it.
fn calls<'a>(context: &'a Context<'_>) -> impl Iterator<Item = (TokenStream, TokenStream)> + 'a {
    context.calls().map(|(i, call)| {
        let outcome = numbered("__OUTCOME", i);
        let from = call.inputs.iter().flatten().map(|source| value(*source));
        let number = Literal::usize_unsuffixed(i);
        let layer = Literal::usize_unsuffixed(call.layer);
        (
            quote!(__addax::lints::Call { layer: #layer, outcome: &#outcome, from: &[#(#from),*] }),
            found(
                &quote!(of_call(&__CALLS, #number, __SILENCED)),
                call.place.first,
            ),
        )
    })
}

/// Where a value comes from.
fn value(source: Source) -> TokenStream {
    let (from, i) = match source {
        Source::Input(i) => (quote!(Input), i),
        Source::Call(i) => (quote!(Call), i),
        Source::Unknown => return quote!(__addax::lints::Source::Unknown),
    };
    let i = Literal::usize_unsuffixed(i);
    quote!(__addax::lints::Source::#from(#i))
}

/// The use of the item that the number stands for. rustc reports it at its last word.
fn found(number: &TokenStream, place: Span) -> TokenStream {
    let found = Ident::new("FOUND", place);
    quote! {
        const _: () = <<__addax::lints::Lint<{ __addax::lints::#number }> as __addax::lints::AsLint>::Found>::#found;
    }
}
