//! What only editors see: the numbers of a layer where the user points at it, and options that are half typed.
//!
//! rust-analyzer sets `cfg(rust_analyzer)` and rustc does not, so nothing here costs a build anything but its tokens.

use super::{Context, numbered};
use crate::check::{Plan, PlannedLayer, PlannedStep};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// The numbers of all layers.
pub(super) fn numbers(context: &Context<'_>) -> TokenStream {
    let layers = context.layers().map(|(i, layer)| layer_numbers(i, layer));
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
    let layers = plan.steps.iter().filter_map(|step| match step {
        PlannedStep::Layer(layer) => Some(&layer.path),
        PlannedStep::Hole => None,
    });
    only_in_editors(&quote! {
        use ::addax::layers::*;
        #(#options)*
        #(const _: #layers = loop {};)*
    })
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

/// `Output<26, 26, 16>` and `Parameters<160>`, for who points at the layer's name.
///
/// The token at the layer's name is a field of a tuple: an editor shows its type, but has nothing to go to there. In the
/// arguments of a type rust-analyzer evaluates names of constants, but not `{ .. }`.
fn layer_numbers(i: usize, layer: &PlannedLayer) -> TokenStream {
    let (shape, outcome) = (numbered("__SHAPE", i), numbered("__OUTCOME", i));
    let mut field = Literal::usize_unsuffixed(0);
    field.set_span(layer.place.first);
    quote! {
        const _: () = {
            const __R: usize = #shape.rank();
            const __A: usize = #shape.dim(0);
            const __B: usize = #shape.dim(1);
            const __C: usize = #shape.dim(2);
            const __D: usize = #shape.dim(3);
            const __P: usize = __addax::parameters(&#outcome);
            fn __numbers(__tuple: ((
                <__addax::Sizes<__R, __A, __B, __C, __D> as __addax::AsOutput>::Output,
                __addax::Parameters<__P>,
            ),)) {
                let _ = &__tuple.#field;
            }
        };
    }
}
