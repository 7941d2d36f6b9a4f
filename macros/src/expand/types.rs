//! From the values to dfdx's types.

use super::{Context, numbered};
use crate::ast::Shape;
use crate::check::{PlannedLayer, PlannedStep};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// Aliases for the shapes at both ends, and a type for the place of each layer.
pub(super) fn types(context: &Context<'_>) -> TokenStream {
    let this = &context.this;
    let (input, inputs) = border(&context.plan.input, &quote!(<#this>::__INPUT));
    let (output, outputs) = border(&context.plan.output, &quote!(<#this>::__DECLARED));
    let places = context.layers().map(|(i, layer)| place(context, i, layer));
    quote! {
        type __Input = #input;
        type __Inputs<__B> = #inputs;
        type __Output = #output;
        type __Outputs<__B> = #outputs;
        #(#places)*
    }
}

/// A shape of the header, for one sample and for a batch.
///
/// The number of its sizes is known here, so it is written as a tuple: in the header of an impl rustc does not look
/// through `Dims` to find the batch.
fn border(written: &Option<Shape>, value: &TokenStream) -> (TokenStream, TokenStream) {
    match written {
        Some(shape) => {
            let sizes: Vec<_> = (0..shape.sizes.len())
                .map(Literal::usize_unsuffixed)
                .map(|axis| quote!(::addax::dfdx::shapes::Const<{ #value.dim(#axis) }>))
                .collect();
            (quote!((#(#sizes,)*)), quote!((__B, #(#sizes,)*)))
        }
        // What the last layer gives, or nothing known: a network that does not compile needs no batches of it.
        None => (shape_type(value), quote!((__B,))),
    }
}

/// One layer in its place as a type: dfdx rebuilds modules from their types, so the options travel in one.
fn place(context: &Context<'_>, i: usize, layer: &PlannedLayer) -> TokenStream {
    let this = &context.this;
    let (place, shape, alias) = (
        numbered("__Place", i),
        numbered("__Shape", i),
        numbered("__Layer", i),
    );
    let outcome = numbered("__OUTCOME", i);
    let input = type_before(context, i);
    let output = shape_type(&context.shape_after(i));
    let first = shape_type(&quote!(<#this>::#outcome.parameter_shape(0)));
    let second = shape_type(&quote!(<#this>::#outcome.parameter_shape(1)));
    // Here rustc says that something is not a layer, so here it is the user's word.
    let mut kind = alias.clone();
    kind.set_span(layer.place.first);
    let index = u32::try_from(i).unwrap_or(u32::MAX);
    let value = if layer.call.is_some() {
        let layer = numbered("__LAYER", i);
        quote!(<#this>::#layer)
    } else {
        // Never evaluated: the mistake in the layer's arguments has been reported.
        quote!(::core::panic!("this layer has no arguments"))
    };
    quote! {
        type #shape = #output;
        #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
        pub struct #place;
        impl __addax::LayerSizes for #place {
            type Input = #input;
            type Output = #shape;
            type First = #first;
            type Second = #second;
        }
        impl __addax::Place for #place {
            type Layer = #kind;
            const LAYER: #alias = #value;
            const INDEX: u32 = #index;
        }
    }
}

/// The shape that the layer at `i` takes, as a type.
fn type_before(context: &Context<'_>, i: usize) -> TokenStream {
    let before = i
        .checked_sub(1)
        .map(|before| (before, context.plan.steps.get(before)));
    match before {
        None => quote!(__Input),
        Some((before, Some(PlannedStep::Layer(_)))) => {
            let before = numbered("__Shape", before);
            quote!(#before)
        }
        // Behind a hole: the type of an unknown shape.
        Some(_) => quote!(()),
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
