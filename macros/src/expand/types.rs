//! From the values to dfdx's types.

use super::{Context, editor, numbered, ports};
use crate::check::{PlannedCall, PlannedLayer, Source};
use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};

/// Aliases for the shapes at both ends and in between, and a type for the place of each layer.
pub(super) fn types(context: &Context<'_>) -> TokenStream {
    let ends = ports::aliases(context);
    let shapes = context.calls().map(|(i, call)| shape(context, i, call));
    let names = context.layers().map(|(i, _)| names(context, i));
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
fn shape(context: &Context<'_>, i: usize, call: &PlannedCall) -> Option<TokenStream> {
    // With parameters, a shape is one of the table.
    if !context.parameters.is_empty() {
        return None;
    }
    let alias = numbered("__Shape", i);
    let shape = shape_type(&context.shape_of(Source::Call(i)));
    let in_editors = editor::shape(context, i, call);
    let is_first = context.layer_of(i, call).is_some_and(|(_, first)| first);
    // Of a later call of a layer, only the layer that comes next may want to know.
    let allow = (!is_first).then(|| quote!(#[allow(dead_code)]));
    Some(quote! {
        #[cfg(not(rust_analyzer))]
        #allow
        type #alias = #shape;
        #in_editors
    })
}

/// What the other parts call the layer and its place.
fn names(context: &Context<'_>, i: usize) -> TokenStream {
    let (place, layer) = (numbered("__Place", i), numbered("__Layer", i));
    let plain = context.parameters.plain_brackets();
    let held = context.parameters.held();
    let field = (!context.parameters.is_empty()).then(|| quote!((#held)));
    let typed = context.parameters.of(&place);
    quote! {
        #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
        struct #place #plain #field;
        type #layer #plain = <#typed as __addax::Place>::Layer;
    }
}

/// One layer in its place as a type: dfdx rebuilds modules from their types, so the options travel in one.
fn place(context: &Context<'_>, i: usize, layer: &PlannedLayer) -> TokenStream {
    let place = context.parameters.of(&numbered("__Place", i));
    let alias = context.parameters.of(&numbered("__Layer", i));
    let brackets = context.parameters.brackets();
    let path = &layer.path;
    let input = input_type(context, layer);
    let shape = value_type(context, Source::Call(layer.first_call));
    let [first, second, third] = parameter_types(context, i);
    let parameter_shapes = parameter_shapes(context, i, layer);
    let shapes = shape_constants(context, layer);
    let index = u32::try_from(i).unwrap_or(u32::MAX);
    let value = if layer.construction.is_some() {
        context.constant("__LAYER", i)
    } else {
        // Never evaluated: the mistake in the layer's arguments has been reported.
        quote!(::core::panic!("this layer has no arguments"))
    };
    // For editors there is another one, in `editor.rs`.
    let condition = context
        .parameters
        .is_empty()
        .then(|| quote!(#[cfg(not(rust_analyzer))]));
    quote! {
        #parameter_shapes
        #condition
        impl #brackets __addax::LayerSizes for #place {
            type Input = #input;
            type Output = #shape;
            type First = #first;
            type Second = #second;
            type Third = #third;
            #shapes
        }
        impl #brackets __addax::Place for #place {
            // The only place where the user's path stands: a slip in it is one error.
            type Layer = #path;
            const LAYER: #alias = #value;
            const INDEX: u32 = #index;
        }
    }
}

/// The shape that the layer takes, or the first of them, as a type.
pub(super) fn input_type(context: &Context<'_>, layer: &PlannedLayer) -> TokenStream {
    let call = context.plan.wiring.calls.get(layer.first_call);
    let source = call
        .and_then(|call| call.inputs.as_ref())
        .and_then(|inputs| inputs.first());
    value_type(context, source.copied().unwrap_or(Source::Unknown))
}

/// The shape of a value as a type.
fn value_type(context: &Context<'_>, source: Source) -> TokenStream {
    match source {
        Source::Input(i) => ports::inputs(context).shape(i),
        Source::Call(i) if context.parameters.is_empty() => {
            numbered("__Shape", i).to_token_stream()
        }
        Source::Call(i) => at(context, i),
        // The type of an unknown shape.
        Source::Unknown => quote!(()),
    }
}

/// Of so many parameters of a layer the types know the shapes.
pub(super) const TYPED_PARAMETERS: usize = 3;

/// The constants with these shapes.
const PARAMETERS: [&str; TYPED_PARAMETERS] = ["__FIRST", "__SECOND", "__THIRD"];

/// The shapes of a layer's parameters.
fn parameter_types(context: &Context<'_>, i: usize) -> [TokenStream; TYPED_PARAMETERS] {
    let mut parameter = 0..;
    PARAMETERS.map(|name| {
        let parameter = parameter.next().unwrap_or(0);
        if context.parameters.is_empty() {
            return shape_type(&numbered(name, i).to_token_stream());
        }
        let first = context.calls().count() + TYPED_PARAMETERS * i;
        at(context, first + parameter)
    })
}

/// These shapes as constants: rustc works each out once, and not for each of its sizes.
fn parameter_shapes(context: &Context<'_>, i: usize, layer: &PlannedLayer) -> Option<TokenStream> {
    if !context.parameters.is_empty() {
        return None;
    }
    let outcome = context.constant("__OUTCOME", layer.first_call);
    let names = PARAMETERS.map(|name| numbered(name, i));
    let parameters = (0..TYPED_PARAMETERS).map(Literal::usize_unsuffixed);
    Some(quote! {
        #(const #names: __addax::Shape = #outcome.parameter_shape(#parameters);)*
    })
}

/// In a network with parameters, types hold the sizes but not the ranks, so these stand apart.
fn shape_constants(context: &Context<'_>, layer: &PlannedLayer) -> Option<TokenStream> {
    if context.parameters.is_empty() {
        return None;
    }
    let call = context.plan.wiring.calls.get(layer.first_call);
    let input = call
        .and_then(|call| call.inputs.as_ref())
        .and_then(|inputs| inputs.first());
    let input = context.shape_of(input.copied().unwrap_or(Source::Unknown));
    let output = context.shape_of(Source::Call(layer.first_call));
    Some(quote! {
        const INPUT: __addax::Shape = #input;
        const OUTPUT: __addax::Shape = #output;
    })
}

/// One shape of the table of a network with parameters.
fn at(context: &Context<'_>, index: usize) -> TokenStream {
    let (this, index) = (&context.this, Literal::usize_unsuffixed(index));
    quote!(__addax::At<#this, #index>)
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
