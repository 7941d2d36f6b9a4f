//! From the values to dfdx's types.

use super::{Context, numbered};
use proc_macro2::TokenStream;
use quote::quote;

/// Aliases for the shapes between the layers and for the parameters.
pub(super) fn types(context: &Context<'_>) -> TokenStream {
    let this = &context.this;
    let input = shape_type(&quote!(<#this>::__INPUT));
    let output = shape_type(&quote!(<#this>::__DECLARED));
    let layers = context.layers().map(|(i, _)| {
        let outcome = numbered("__OUTCOME", i);
        let (alias, first, second) = (numbered("__Shape", i), numbered("__First", i), numbered("__Second", i));
        let shape = shape_type(&context.shape_after(i));
        let first_type = shape_type(&quote!(<#this>::#outcome.parameter_shape(0)));
        let second_type = shape_type(&quote!(<#this>::#outcome.parameter_shape(1)));
        quote! {
            type #alias = #shape;
            type #first = #first_type;
            type #second = #second_type;
        }
    });
    quote! {
        type __Input = #input;
        type __Output = #output;
        #(#layers)*
    }
}

/// The tuple of dfdx dimensions for a shape: rustc shows it as `(Const<26>, Const<26>, Const<16>)`.
fn shape_type(shape: &TokenStream) -> TokenStream {
    quote! {
        <__addax::Dims<
            { #shape.rank() },
            { #shape.dim(0) },
            { #shape.dim(1) },
            { #shape.dim(2) },
            { #shape.dim(3) },
        > as __addax::AsShape>::Sample
    }
}

/// The type of the layer at `i`, built for a device.
pub(super) fn built(context: &Context<'_>, i: usize) -> TokenStream {
    let (layer, shape) = (numbered("__Layer", i), numbered("__Shape", i));
    let (first, second) = (numbered("__First", i), numbered("__Second", i));
    let before = match i.checked_sub(1) {
        None => quote!(__Input),
        Some(before) if matches!(context.plan.steps.get(before), Some(crate::check::PlannedStep::Layer(_))) => {
            let before = numbered("__Shape", before);
            quote!(#before)
        }
        // Behind a hole: the type of an unknown shape.
        Some(_) => quote!(()),
    };
    quote!(__addax::Built<#layer, __addax::Sizes<#before, #shape, #first, #second>, __D>)
}
