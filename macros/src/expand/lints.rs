//! Warnings: networks that run, but most often are a mistake.
//!
//! rustc finds them in the outcomes of the layers. For each layer there is a use of `FOUND` at the layer's name, which is
//! an item that is deprecated if there is something to say.

use super::{Context, numbered};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

/// One call of a layer, as the lints see it.
pub(super) struct Call {
    /// The constant with its outcome.
    pub(super) outcome: Ident,
    /// What it takes.
    pub(super) from: Vec<TokenStream>,
    /// Where a warning goes.
    pub(super) place: Span,
}

/// The warnings of a list of layers. A network with mistakes has none.
pub(super) fn lints(context: &Context<'_>) -> TokenStream {
    if !context.plan.faultless {
        return TokenStream::new();
    }
    let calls: Vec<_> = context
        .layers()
        .map(|(i, layer)| Call {
            outcome: numbered("__OUTCOME", i),
            from: vec![i.checked_sub(1).map_or_else(|| input(0), call)],
            place: layer.place.first,
        })
        .collect();
    let inputs = context
        .plan
        .input
        .iter()
        .map(|shape| (quote!(__INPUT), shape.place.first));
    let outputs = [calls.len().saturating_sub(1)];
    emit(context, &inputs.collect::<Vec<_>>(), &calls, &outputs)
}

/// The value of an input of the network.
pub(super) fn input(i: usize) -> TokenStream {
    let i = Literal::usize_unsuffixed(i);
    quote!(__addax::lints::Source::Input(#i))
}

/// The value that a call gives.
pub(super) fn call(i: usize) -> TokenStream {
    let i = Literal::usize_unsuffixed(i);
    quote!(__addax::lints::Source::Call(#i))
}

/// `inputs` are the shapes of the network's inputs and their places; `outputs` are the calls that give its outputs.
pub(super) fn emit(
    context: &Context<'_>,
    inputs: &[(TokenStream, Span)],
    calls: &[Call],
    outputs: &[usize],
) -> TokenStream {
    let shapes = inputs.iter().map(|(shape, _)| shape);
    let described = calls.iter().map(|Call { outcome, from, .. }| {
        quote!(__addax::lints::Call { outcome: &#outcome, from: &[#(#from),*] })
    });
    let outputs = outputs.iter().map(|i| Literal::usize_unsuffixed(*i));
    let of_inputs = inputs.iter().enumerate().map(|(i, (_, place))| {
        let i = Literal::usize_unsuffixed(i);
        found(&quote!(of_input(&__CALLS, #i, __SILENCED)), *place)
    });
    let of_calls = calls.iter().enumerate().map(|(i, call)| {
        let i = Literal::usize_unsuffixed(i);
        found(&quote!(of_call(&__CALLS, #i, __SILENCED)), call.place)
    });
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
                inputs: &[#(#shapes),*],
                calls: &[#(#described),*],
                outputs: &[#(#outputs),*],
            };
            const __SILENCED: u32 = 0 #(| __addax::lints::#silenced::BIT)*;
            #(#of_inputs)*
            #(#of_calls)*
        };
    }
}

/// The use of the item that the number stands for. rustc reports it at its last word.
fn found(number: &TokenStream, place: Span) -> TokenStream {
    let found = Ident::new("FOUND", place);
    quote! {
        const _: () = <<__addax::lints::Lint<{ __addax::lints::#number }> as __addax::lints::AsLint>::Found>::#found;
    }
}
