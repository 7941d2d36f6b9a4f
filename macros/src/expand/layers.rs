//! The struct of layers: one field a layer, and what the network does with them.

use super::{Context, numbered};
use proc_macro2::TokenStream;
use quote::quote;

/// The struct, the network's own impls, building and running.
pub(super) fn layers(context: &Context<'_>) -> TokenStream {
    let definition = definition(context);
    let network = network(context);
    let assembling = assembling(context);
    let running = running(context);
    let shortcuts = shortcuts(context);
    quote! {
        #definition
        #network
        #assembling
        #running
        #shortcuts
    }
}

fn definition(context: &Context<'_>) -> TokenStream {
    let doc = format!(
        " The layers of `{}` with their parameters as dfdx tensors.",
        context.name
    );
    let fields = context.layers().map(|(i, layer)| {
        let docs = &layer.docs;
        let text = &layer.text;
        let mut field = layer.field.clone();
        field.set_span(layer.defined_at);
        let place = numbered("__Place", i);
        let text = format!(" {text}");
        // The layer's name would otherwise run into what the user says of it.
        let gap = (!docs.is_empty()).then(|| quote!(#[doc = ""]));
        quote! {
            #[doc = #text]
            #gap
            #(#docs)*
            pub #field: __addax::Built<#place, __E, __D>,
        }
    });
    quote! {
        #[doc = #doc]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        pub struct Layers<__E: __addax::Dtype, __D: __addax::DfdxDevice<__E>> {
            #(#fields)*
        }
    }
}

fn network(context: &Context<'_>) -> TokenStream {
    let this = &context.this;
    let name = &context.name;
    let graph = if context.plan.complete {
        let layers = context.layers().map(|(i, layer)| {
            let field = crate::names::plain(&layer.field);
            let (layer, outcome) = (numbered("__LAYER", i), numbered("__OUTCOME", i));
            quote!(let __value = __graph.layer(#field, #layer, &#outcome, &[__value]);)
        });
        quote! {
            let mut __graph = __addax::Graph::new(#name);
            let __value = __graph.input("input", __INPUT);
            #(#layers)*
            __graph.output("output", __value);
            __graph
        }
    } else {
        never_runs()
    };
    quote! {
        impl __addax::Network for #this {
            const NAME: &'static str = #name;
            type Input = __Input;
            type Output = __Output;
            type Layers<__D: __addax::Device> = Layers<f32, __D>;

            fn graph() -> __addax::Graph {
                #graph
            }
        }
    }
}

fn assembling(context: &Context<'_>) -> TokenStream {
    let (device, weights, assemble) = if context.plan.complete {
        let fields = context.layers().map(|(_, layer)| {
            let field = &layer.field;
            quote!(#field: __addax::BuiltLayer::assemble(__device, __weights)?,)
        });
        (
            quote!(__device),
            quote!(__weights),
            quote!(::core::result::Result::Ok(Layers { #(#fields)* })),
        )
    } else {
        (quote!(_), quote!(_), never_runs())
    };
    let fields = context.layers().map(|(_, layer)| &layer.field);
    quote! {
        impl<__D: __addax::Device> __addax::LayerSet<__D> for Layers<f32, __D> {
            fn assemble(
                #device: &__D,
                #weights: &mut __addax::Weights,
            ) -> ::core::result::Result<Self, __addax::Error> {
                #assemble
            }

            fn visit(&self, __visitor: &mut dyn ::core::ops::FnMut(::std::vec::Vec<f32>)) {
                #(self.#fields.visit(__visitor);)*
            }
        }
    }
}

/// A batch that the network takes and one that it gives.
pub(super) fn batches() -> (TokenStream, TokenStream) {
    (
        quote!(__addax::Tensor<__Inputs<__B>, f32, __D, __T>),
        quote!(__addax::Tensor<__Outputs<__B>, f32, __D, __T>),
    )
}

fn running(context: &Context<'_>) -> TokenStream {
    let (input, output) = batches();
    let last = numbered("__Shape", context.plan.steps.len().saturating_sub(1));
    let body = |method: TokenStream| {
        if !context.plan.complete {
            return (quote!(_), never_runs());
        }
        let steps = context.layers().map(|(_, layer)| {
            let field = &layer.field;
            quote!(let __value = self.#field.#method(__value)?;)
        });
        let body = quote! {
            let __value = input;
            #(#steps)*
            __addax::finish::<#last, __Output, __B, __D, __T>(__value)
        };
        (quote!(input), body)
    };
    let (argument, forward) = body(quote!(forward));
    let (_, forward_mut) = body(quote!(forward_mut));
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

fn shortcuts(context: &Context<'_>) -> TokenStream {
    let this = &context.this;
    quote! {
        impl #this {
            /// A model of this network on `device`, its weights drawn with the device's generator.
            pub fn build<__D: __addax::Device>(
                device: &__D,
            ) -> ::core::result::Result<__addax::Model<#this, __D>, __addax::Error> {
                __addax::Model::new(#this, device)
            }

            /// Inputs of this network from the numbers of all samples, one sample after the other.
            pub fn inputs(
                values: ::std::vec::Vec<f32>,
            ) -> ::core::result::Result<
                __addax::Tensor<__Inputs<usize>, f32, __addax::Cpu>,
                __addax::Error,
            > {
                __addax::inputs::<#this>(values)
            }
        }
    }
}

/// The body of a function of a network that has mistakes in it: the errors that were reported keep it from ever running.
fn never_runs() -> TokenStream {
    quote!(loop {})
}
