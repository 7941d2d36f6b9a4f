//! The calls one after the other, on dfdx's tensors.

use super::layers::never_runs;
use super::{Context, numbered, ports, shape_of, value_of};
use crate::check::Source;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use std::collections::HashMap;

/// `forward` and `forward_mut`.
pub(super) fn running(context: &Context<'_>) -> TokenStream {
    let (input, output) = ports::batches(context);
    let argument = argument(context);
    let (argument, forward, forward_mut) = if context.plan.complete {
        let forward = body(context, &argument, &quote!(call));
        let forward_mut = body(context, &argument, &quote!(call_mut));
        (argument, forward, forward_mut)
    } else {
        (quote!(_), never_runs(), never_runs())
    };
    quote! {
        impl<__D: __addax::Device> Layers<f32, __D> {
            /// Runs the network on a batch as `predict` does: dropout is off, and batch normalization uses its moving
            /// averages.
            pub fn forward<__B: __addax::Dim, __T: __addax::Tape<f32, __D>>(
                &self,
                #argument: #input,
            ) -> ::core::result::Result<#output, __addax::Error> {
                #forward
            }

            /// Runs the network on a batch as in training: dropout is on, and batch normalization uses the batch and
            /// updates its moving averages.
            pub fn forward_mut<__B: __addax::Dim, __T: __addax::Tape<f32, __D>>(
                &mut self,
                #argument: #input,
            ) -> ::core::result::Result<#output, __addax::Error> {
                #forward_mut
            }
        }
    }
}

/// What `forward` calls its argument: all inputs, or the one there is.
fn argument(context: &Context<'_>) -> TokenStream {
    match context.input_names().as_slice() {
        [only] => {
            let mut only = only.clone();
            only.set_span(proc_macro2::Span::call_site());
            quote!(#only)
        }
        _ => quote!(inputs),
    }
}

fn body(context: &Context<'_>, argument: &TokenStream, method: &TokenStream) -> TokenStream {
    let mut uses = Uses::count(context);
    let names = context.input_names();
    let is_struct = names.len() > 1;
    let inputs = names.iter().enumerate().map(|(i, name)| {
        let (value, shape) = (value_of(Source::Input(i)), numbered("__Input", i));
        let field = is_struct.then(|| quote!(.#name));
        quote!(let #value = __addax::FlatBatch::new::<#shape, __B>(#argument #field)?;)
    });
    let calls: Vec<_> = context
        .calls()
        .filter_map(|(i, call)| {
            let (layer, _) = context.layer_of(i, call)?;
            let field = &layer.field;
            let value = value_of(Source::Call(i));
            let inputs = call
                .inputs
                .iter()
                .flatten()
                .map(|source| uses.next(*source));
            let shape = shape_of(Source::Call(i));
            Some(quote!(let #value = self.#field.#method([#(#inputs),*], #shape)?;))
        })
        .collect();
    let outputs: Vec<_> = (0..context.plan.outputs.len())
        .map(|i| {
            let shape = numbered("__Output", i);
            let value = uses.next(context.output(i));
            quote!(#value.typed::<#shape, __B>())
        })
        .collect();
    let result = match ports::outputs(context).name() {
        Some(name) => {
            let fields = context.output_names();
            quote!(::core::result::Result::Ok(#name { #(#fields: #outputs?),* }))
        }
        None => quote!(#(#outputs)*),
    };
    quote! {
        #(#inputs)*
        #(#calls)*
        #result
    }
}

/// How often each value will still be used.
struct Uses(HashMap<Source, usize>);

impl Uses {
    fn count(context: &Context<'_>) -> Self {
        let mut uses = HashMap::new();
        let wiring = &context.plan.wiring;
        let calls = wiring
            .calls
            .iter()
            .flat_map(|call| call.inputs.iter().flatten());
        for source in calls.chain(&wiring.outputs) {
            *uses.entry(*source).or_insert(0) += 1;
        }
        Uses(uses)
    }

    /// The value itself for its last use, with the tape, and a copy for each use before.
    fn next(&mut self, source: Source) -> TokenStream {
        let value = value_of(source);
        let left = self.0.entry(source).or_insert(1);
        *left = left.saturating_sub(1);
        if *left > 0 {
            quote!(#value.share())
        } else {
            value.into_token_stream()
        }
    }
}
