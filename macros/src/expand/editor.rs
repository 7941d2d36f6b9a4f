//! What only editors see: the sizes of a layer where the user points at it, and options that are half typed.
//!
//! rust-analyzer sets `cfg(rust_analyzer)` and rustc does not, so nothing here costs a build anything but its tokens.

use super::lines::mentioned;
use super::types::input_type;
use super::{Context, numbered};
use crate::check::{Plan, PlannedCall, PlannedLayer};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

/// The sizes of all layers. With parameters they are not known where the network is declared.
pub(super) fn sizes(context: &Context<'_>) -> TokenStream {
    if !context.parameters.is_empty() {
        return TokenStream::new();
    }
    let layers = context
        .layers()
        .map(|(i, layer)| layer_sizes(context, i, layer));
    only_in_editors(&quote!(#(#layers)*))
}

/// What is being typed, first of all in the expansion.
///
/// For a completion rust-analyzer expands the macro again with a word put in at the cursor, and looks for the word at the
/// same distance from the start of both expansions. So there must be nothing in front that is longer with the word in it,
/// such as a message that repeats it.
pub(super) fn typing(plan: &Plan) -> TokenStream {
    let options = plan.half_typed.iter().map(|(path, option)| {
        quote! {
            const _: () = {
                type __Layer = #path;
                const _: __Layer = __Layer { #option: loop {}, ..loop {} };
            };
        }
    });
    let layers = plan.wiring.layers.iter().map(|layer| &layer.path);
    only_in_editors(&quote! {
        use ::addax::layers::*;
        #(#options)*
        #(const _: #layers = loop {};)*
    })
}

/// The layers of a graph that a `let` names, where other lines apply them: there the name is that of the field.
pub(super) fn applied(context: &Context<'_>) -> TokenStream {
    let uses: Vec<_> = mentioned(context)
        .into_iter()
        .flat_map(|mentioned| mentioned.fields)
        .collect();
    if uses.is_empty() {
        return TokenStream::new();
    }
    let (parameters, given) = (context.parameters.declared(), context.parameters.given());
    quote! {
        #[cfg(rust_analyzer)]
        fn __applied<#parameters __D: __addax::Device>(__layers: &Layers<#given f32, __D>) {
            #(let _ = &__layers.#uses;)*
        }
    }
}

fn only_in_editors(items: &TokenStream) -> TokenStream {
    quote! {
        #[allow(unexpected_cfgs)]
        const _: () = {
            #[cfg(rust_analyzer)]
            const _: () = {
                #items
            };
        };
    }
}

/// The shape that a call gives, as in `types.rs`.
pub(super) fn shape(context: &Context<'_>, i: usize, call: &PlannedCall) -> TokenStream {
    let (alias, shape) = (numbered("__Shape", i), numbered("__SHAPE", i));
    if context.layer_of(i, call).is_some_and(|(_, first)| first) {
        let place = numbered("__Place", call.layer);
        return quote! {
            #[cfg(rust_analyzer)]
            type #alias = <#place as __addax::LayerSizes>::Output;
        };
    }
    let (consts, sizes) = dimensions(&format!("CALL_{i}"), &quote!(#shape));
    quote! {
        #consts
        #[cfg(rust_analyzer)]
        type #alias = <__addax::Dims<#sizes> as __addax::AsShape>::Sample;
    }
}

/// The shapes of a layer, as in `types.rs`, and its numbers for who points at its name.
///
/// In the arguments of a type rust-analyzer evaluates names of constants, but not `{ .. }`; it even panics at some of them.
/// rustc takes longer for the names.
fn layer_sizes(context: &Context<'_>, i: usize, layer: &PlannedLayer) -> TokenStream {
    let (place, shape, outcome) = (
        numbered("__Place", i),
        numbered("__SHAPE", layer.first_call),
        numbered("__OUTCOME", layer.first_call),
    );
    let input = input_type(context, layer);
    let (output_consts, output_sizes) = dimensions("OUTPUT", &quote!(#shape));
    let parameters = ["First", "Second", "Third"].into_iter().enumerate();
    let (consts, types): (Vec<_>, Vec<_>) = parameters
        .map(|(parameter, name)| {
            let parameter = Literal::usize_unsuffixed(parameter);
            let shape = quote!(#outcome.parameter_shape(#parameter));
            let (consts, sizes) = dimensions(&name.to_uppercase(), &shape);
            let name = format_ident!("{name}");
            let shape = quote!(<__addax::Dims<#sizes> as __addax::AsShape>::Sample);
            (consts, quote!(type #name = #shape;))
        })
        .unzip();
    // At the layer's name stands a field of a tuple: an editor shows its type, and there is nothing to go to.
    let mut field = Literal::usize_unsuffixed(0);
    field.set_span(layer.place.first);
    quote! {
        const _: () = {
            #output_consts
            #(#consts)*
            const __PARAMETERS: usize = __addax::parameters(&#outcome);
            impl __addax::LayerSizes for #place {
                type Input = #input;
                type Output = <__addax::Dims<#output_sizes> as __addax::AsShape>::Sample;
                #(#types)*
            }
            fn __numbers(__tuple: ((
                <__addax::Dims<#output_sizes> as __addax::AsOutput>::Output,
                __addax::Parameters<__PARAMETERS>,
            ),)) {
                let _ = &__tuple.#field;
            }
        };
    }
}

/// The rank and the sizes of a shape as constants, and their names.
fn dimensions(name: &str, shape: &TokenStream) -> (TokenStream, TokenStream) {
    let rank = format_ident!("__{name}_RANK");
    let sizes = [0, 1, 2, 3].map(|axis| format_ident!("__{name}_{axis}"));
    let axes = (0..sizes.len()).map(Literal::usize_unsuffixed);
    (
        quote! {
            #[cfg(rust_analyzer)]
            const #rank: usize = #shape.rank();
            #(#[cfg(rust_analyzer)] const #sizes: usize = #shape.dim(#axes);)*
        },
        quote!(#rank, #(#sizes),*),
    )
}
