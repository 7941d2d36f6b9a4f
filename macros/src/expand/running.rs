//! The calls one after the other, on dfdx's tensors.

use super::layers::never_runs;
use super::{Context, numbered, ports, value_of};
use crate::check::Source;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use std::collections::HashMap;

/// `forward` and `forward_mut`, with types around the calls that both of them make.
pub(super) fn running(context: &Context<'_>) -> TokenStream {
    let (input, output) = ports::batches(context);
    let calls = context.plan.complete.then(|| calls(context));
    let (argument, forward, forward_mut) = if context.plan.complete {
        let argument = argument(context);
        let forward = typed(context, &argument, &quote!(__call));
        let forward_mut = typed(context, &argument, &quote!(__call_mut));
        (argument, forward, forward_mut)
    } else {
        (quote!(_), never_runs(), never_runs())
    };
    let (parameters, given) = (context.parameters.declared(), context.parameters.given());
    quote! {
        impl<#parameters __D: __addax::Device> Layers<#given f32, __D> {
            #calls

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

/// From typed batches to flat ones and back.
fn typed(context: &Context<'_>, argument: &TokenStream, method: &TokenStream) -> TokenStream {
    let names = context.input_names();
    let is_struct = names.len() > 1;
    let inputs = names.iter().enumerate().map(|(i, name)| {
        let shape = ports::inputs(context).shape(i);
        let field = is_struct.then(|| quote!(.#name));
        quote!(__addax::FlatBatch::new::<#shape, __B>(#argument #field)?)
    });
    let names = context.output_names();
    let values: Vec<_> = (0..names.len()).map(|i| numbered("__output", i)).collect();
    let outputs = values.iter().enumerate().map(|(i, value)| {
        let shape = ports::outputs(context).shape(i);
        quote!(#value.typed::<#shape, __B>())
    });
    let result = match ports::outputs(context).name() {
        Some(name) => quote!(::core::result::Result::Ok(#name { #(#names: #outputs?),* })),
        None => quote!(#(#outputs)*),
    };
    quote! {
        let [#(#values),*] = self.#method([#(#inputs),*])?;
        #result
    }
}

/// The calls, compiled once for all sizes of a batch.
fn calls(context: &Context<'_>) -> TokenStream {
    let forward = body(context, &quote!(call));
    let forward_mut = body(context, &quote!(call_mut));
    let inputs: Vec<_> = (0..context.plan.inputs.len())
        .map(|i| value_of(Source::Input(i)))
        .collect();
    let (taken, given) = (inputs.len(), context.plan.outputs.len());
    quote! {
        fn __call<__T: __addax::Tape<f32, __D>>(
            &self,
            [#(#inputs),*]: [__addax::FlatBatch<__D, __T>; #taken],
        ) -> ::core::result::Result<[__addax::FlatBatch<__D, __T>; #given], __addax::Error> {
            #forward
        }

        fn __call_mut<__T: __addax::Tape<f32, __D>>(
            &mut self,
            [#(#inputs),*]: [__addax::FlatBatch<__D, __T>; #taken],
        ) -> ::core::result::Result<[__addax::FlatBatch<__D, __T>; #given], __addax::Error> {
            #forward_mut
        }
    }
}

fn body(context: &Context<'_>, method: &TokenStream) -> TokenStream {
    let mut uses = Uses::count(context);
    let calls: Vec<_> = context
        .calls()
        .filter_map(|(i, call)| {
            let (layer, _) = context.layer_of(i, call)?;
            let field = &layer.field;
            let (value, shape) = (value_of(Source::Call(i)), context.shape_of(Source::Call(i)));
            let inputs = call
                .inputs
                .iter()
                .flatten()
                .map(|source| uses.next(*source));
            Some(quote!(let #value = self.#field.#method([#(#inputs),*], #shape)?;))
        })
        .collect();
    let outputs: Vec<_> = (0..context.plan.outputs.len())
        .map(|i| uses.next(context.output(i)))
        .collect();
    quote! {
        #(#calls)*
        ::core::result::Result::Ok([#(#outputs),*])
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
