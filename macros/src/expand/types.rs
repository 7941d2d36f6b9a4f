//! From the values to dfdx's types.

use super::{Context, numbered};
use crate::ast::Shape;
use crate::check::{PlannedLayer, PlannedStep};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

/// Aliases for the shapes at both ends, and a type for the place of each layer.
pub(super) fn types(context: &Context<'_>) -> TokenStream {
    let (input_sizes, input, inputs) = border(context.plan.input.as_ref(), "__INPUT");
    let (output_sizes, output, outputs) = border(context.plan.output.as_ref(), "__DECLARED");
    let names = context.layers().map(|(i, _)| names(context, i));
    let places = context.layers().map(|(i, layer)| place(context, i, layer));
    quote! {
        #input_sizes
        #output_sizes
        type __Input = #input;
        type __Inputs<__B> = #inputs;
        type __Output = #output;
        type __Outputs<__B> = #outputs;
        #(#names)*
        const _: () = {
            // The layers' names without an import. Nothing else that the user wrote is in this block: a size may be
            // called as a layer is.
            use ::addax::layers::*;
            #(#places)*
        };
    }
}

/// A shape of the header: its sizes as constants, its type for one sample and that for a batch.
///
/// The number of its sizes is known here, so it is written as a tuple: in the header of an impl rustc does not look
/// through `Dims` to find the batch. The sizes have names for the sake of editors, which do not evaluate `{ .. }` in types.
fn border(written: Option<&Shape>, value: &str) -> (TokenStream, TokenStream, TokenStream) {
    match written {
        Some(shape) => {
            let names: Vec<_> = (0..shape.sizes.len())
                .map(|axis| numbered(value, axis))
                .collect();
            let value = Ident::new(value, Span::call_site());
            let axes = (0..shape.sizes.len()).map(Literal::usize_unsuffixed);
            (
                quote!(#(const #names: usize = #value.dim(#axes);)*),
                quote!((#(::addax::dfdx::shapes::Const<#names>,)*)),
                quote!((__B, #(::addax::dfdx::shapes::Const<#names>,)*)),
            )
        }
        // Any shape will do for a network that does not compile.
        None => {
            let one = quote!(::addax::dfdx::shapes::Const<1>);
            (quote!(), quote!((#one,)), quote!((__B, #one)))
        }
    }
}

/// What the other parts call the layer, what it gives, and its place.
fn names(context: &Context<'_>, i: usize) -> TokenStream {
    let (place, layer, shape) = (
        numbered("__Place", i),
        numbered("__Layer", i),
        numbered("__Shape", i),
    );
    let output = shape_type(&context.shape_before(i + 1));
    quote! {
        #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
        pub struct #place;
        type #layer = <#place as __addax::Place>::Layer;
        #[cfg(not(rust_analyzer))]
        type #shape = #output;
        #[cfg(rust_analyzer)]
        type #shape = <#place as __addax::LayerSizes>::Output;
    }
}

/// One layer in its place as a type: dfdx rebuilds modules from their types, so the options travel in one.
fn place(context: &Context<'_>, i: usize, layer: &PlannedLayer) -> TokenStream {
    let (place, shape, alias) = (
        numbered("__Place", i),
        numbered("__Shape", i),
        numbered("__Layer", i),
    );
    let outcome = numbered("__OUTCOME", i);
    let path = &layer.path;
    let input = type_before(context, i);
    let first = shape_type(&quote!(#outcome.parameter_shape(0)));
    let second = shape_type(&quote!(#outcome.parameter_shape(1)));
    let index = u32::try_from(i).unwrap_or(u32::MAX);
    let value = if layer.call.is_some() {
        let layer = numbered("__LAYER", i);
        quote!(#layer)
    } else {
        // Never evaluated: the mistake in the layer's arguments has been reported.
        quote!(::core::panic!("this layer has no arguments"))
    };
    quote! {
        // For editors there is another one, in `editor.rs`.
        #[cfg(not(rust_analyzer))]
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

/// The shape that the layer at `i` takes, as a type.
pub(super) fn type_before(context: &Context<'_>, i: usize) -> TokenStream {
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
