//! From the values to dfdx's types.

use super::{Context, numbered, ports, shape_of};
use crate::check::{PlannedCall, PlannedLayer, Source};
use proc_macro2::TokenStream;
use quote::quote;

/// Aliases for the shapes at both ends and in between, and a type for the place of each layer.
pub(super) fn types(context: &Context<'_>) -> TokenStream {
    let ends = ports::aliases(context);
    let shapes = context.calls().map(|(i, call)| shape(context, i, call));
    let names = context.layers().map(|(i, _)| names(i));
    let places = context.layers().map(|(i, layer)| place(context, i, layer));
    quote! {
        #ends
        #(#names)*
        #(#shapes)*
        const _: () = {
            // The layers' names without an import. Nothing else that the user wrote is in this block: a size may be
            // called as a layer is.
            use ::addax::layers::*;
            #(#places)*
        };
    }
}

/// What a call gives.
fn shape(context: &Context<'_>, i: usize, call: &PlannedCall) -> TokenStream {
    let alias = numbered("__Shape", i);
    let shape = shape_type(&shape_of(Source::Call(i)));
    let is_first = context.layer_of(i, call).is_some_and(|(_, first)| first);
    // Of a later call of a layer, only the layer that comes next may want to know.
    let allow = (!is_first).then(|| quote!(#[allow(dead_code)]));
    quote! {
        #allow
        type #alias = #shape;
    }
}

/// What the other parts call the layer and its place.
fn names(i: usize) -> TokenStream {
    let (place, layer) = (numbered("__Place", i), numbered("__Layer", i));
    quote! {
        #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
        struct #place;
        type #layer = <#place as __addax::Place>::Layer;
    }
}

/// One layer in its place as a type: dfdx rebuilds modules from their types, so the options travel in one.
fn place(context: &Context<'_>, i: usize, layer: &PlannedLayer) -> TokenStream {
    let (place, alias) = (numbered("__Place", i), numbered("__Layer", i));
    let (outcome, shape) = (
        numbered("__OUTCOME", layer.first_call),
        numbered("__Shape", layer.first_call),
    );
    let path = &layer.path;
    let input = input_type(context, layer);
    let first = shape_type(&quote!(#outcome.parameter_shape(0)));
    let second = shape_type(&quote!(#outcome.parameter_shape(1)));
    let index = u32::try_from(i).unwrap_or(u32::MAX);
    let value = if layer.construction.is_some() {
        let layer = numbered("__LAYER", i);
        quote!(#layer)
    } else {
        // Never evaluated: the mistake in the layer's arguments has been reported.
        quote!(::core::panic!("this layer has no arguments"))
    };
    quote! {
        impl __addax::LayerSizes for #place {
            type Input = #input;
            type Output = #shape;
            type First = #first;
            type Second = #second;
        }
        impl __addax::Place for #place {
            // The only place where the user's path stands: a slip in it is one error.
            type Layer = #path;
            const LAYER: #alias = #value;
            const INDEX: u32 = #index;
        }
    }
}

/// The shape that the layer takes, or the first of them, as a type.
fn input_type(context: &Context<'_>, layer: &PlannedLayer) -> TokenStream {
    let call = context.plan.wiring.calls.get(layer.first_call);
    let source = call
        .and_then(|call| call.inputs.as_ref())
        .and_then(|inputs| inputs.first());
    let alias = match source {
        Some(Source::Input(i)) => numbered("__Input", *i),
        Some(Source::Call(i)) => numbered("__Shape", *i),
        // The type of an unknown shape.
        Some(Source::Unknown) | None => return quote!(()),
    };
    quote!(#alias)
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
