//! What the network ends in, so that a loss that does not suit it does not compile.

use super::{Context, numbered};
use proc_macro2::TokenStream;
use quote::quote;

/// The type of the head: rustc computes its kind from what the last layer says of itself.
pub(super) fn head(context: &Context<'_>) -> TokenStream {
    let this = &context.this;
    match context.layers().last() {
        Some((i, _)) if context.plan.faultless => {
            let last = numbered("__OUTCOME", i);
            head_of(&quote!(#last), &quote!(__OUTPUT), &quote!(#this))
        }
        _ => quote!(__addax::AnyHead),
    }
}

/// The head of one output: `last` is the outcome of the layer that gives it, `declared` compares it with the header.
pub(super) fn head_of(
    last: &TokenStream,
    declared: &TokenStream,
    network: &TokenStream,
) -> TokenStream {
    quote! {
        <__addax::HeadKind<{ __addax::head_kind(&#last, &#declared) }> as __addax::AsHead<#network>>::Head
    }
}
