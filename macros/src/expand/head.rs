//! What the network ends in, so that a loss that does not suit it does not compile.

use super::{Context, numbered, ports};
use crate::check::Source;
use proc_macro2::TokenStream;
use quote::quote;

/// The type of the head, for several outputs the struct of their heads. What a network with parameters ends in is not
/// known here.
pub(super) fn head(context: &Context<'_>) -> TokenStream {
    if !context.plan.faultless || !context.parameters.is_empty() {
        return unknown(context);
    }
    ports::outputs(context).whole(|i| match context.output(i) {
        Source::Call(call) => of_output(context, i, call),
        Source::Input(_) | Source::Unknown => any(),
    })
}

/// The same for a network with mistakes: every loss suits it.
pub(super) fn unknown(context: &Context<'_>) -> TokenStream {
    ports::outputs(context).whole(|_| any())
}

fn any() -> TokenStream {
    quote!(__addax::AnyHead)
}

/// The head of output `i`, which `call` gives. rustc computes its kind from what the layer says of itself, and compares
/// what it gives with the header.
fn of_output(context: &Context<'_>, i: usize, call: usize) -> TokenStream {
    let this = &context.this;
    let (last, declared) = (numbered("__OUTCOME", call), numbered("__OUTPUT", i));
    quote! {
        <__addax::HeadKind<{ __addax::head_kind(&#last, &#declared) }> as __addax::AsHead<#this>>::Head
    }
}
