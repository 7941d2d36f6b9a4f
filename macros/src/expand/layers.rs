//! The struct of layers, one field a layer, and what makes the type a network.

use super::{Context, nested, numbered, ports, value_of};
use crate::check::Source;
use crate::names::plain;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// The struct, the network's own impls, and building.
pub(super) fn layers(context: &Context<'_>) -> TokenStream {
    let definition = definition(context);
    let network = network(context);
    let assembling = assembling(context);
    let shortcuts = shortcuts(context);
    quote! {
        #definition
        #network
        #assembling
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
        let place = context.parameters.of(&numbered("__Place", i));
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
    let parameters = context.parameters.declared();
    // As visible as the network: its answers may be a struct that is not more visible than that.
    let visibility = &context.plan.visibility;
    let derived = derived(context);
    quote! {
        #[doc = #doc]
        #visibility struct Layers<#parameters __E: __addax::Dtype, __D: __addax::DfdxDevice<__E>> {
            #(#fields)*
        }
        #derived
    }
}

/// What `derive` would write. In code of its own it would say once more of what is no layer that it is none.
fn derived(context: &Context<'_>) -> TokenStream {
    let fields: Vec<_> = context.layers().map(|(_, layer)| &layer.field).collect();
    let names = fields.iter().map(|field| plain(field));
    let (parameters, given) = (context.parameters.declared(), context.parameters.given());
    quote! {
        impl<#parameters __E: __addax::Dtype, __D: __addax::DfdxDevice<__E>> ::core::clone::Clone
            for Layers<#given __E, __D>
        {
            fn clone(&self) -> Self {
                Layers { #(#fields: ::core::clone::Clone::clone(&self.#fields),)* }
            }
        }
        impl<#parameters __E: __addax::Dtype, __D: __addax::DfdxDevice<__E>> ::core::fmt::Debug
            for Layers<#given __E, __D>
        {
            fn fmt(&self, __formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                __formatter.debug_struct("Layers")#(.field(#names, &self.#fields))*.finish()
            }
        }
    }
}

fn network(context: &Context<'_>) -> TokenStream {
    let this = &context.this;
    let name = &context.name;
    let (input, output) = ports::shapes(context);
    let graph = if context.plan.complete {
        graph(context)
    } else {
        never_runs()
    };
    let checks = (!context.parameters.is_empty() && context.plan.complete)
        .then(|| quote!(const { Self::__CHECKS };));
    let (brackets, given) = (context.parameters.brackets(), context.parameters.given());
    let head = super::head::head(context);
    quote! {
        impl #brackets __addax::Network for #this {
            const NAME: &'static str = #name;
            type Input = #input;
            type Output = #output;
            type Head = #head;
            type Layers<__D: __addax::Device> = Layers<#given f32, __D>;

            fn graph() -> __addax::Graph {
                #checks
                #graph
            }
        }
    }
}

/// The layers and calls at run time.
fn graph(context: &Context<'_>) -> TokenStream {
    let name = &context.name;
    let names = |names: Vec<Ident>| names.iter().map(plain).collect::<Vec<_>>();
    let inputs = names(context.input_names())
        .into_iter()
        .enumerate()
        .map(|(i, name)| {
            let (value, shape) = (
                value_of(Source::Input(i)),
                context.shape_of(Source::Input(i)),
            );
            quote!(let #value = __graph.input(#name, #shape);)
        });
    let calls = context.calls().filter_map(|(i, call)| {
        let (planned, is_first) = context.layer_of(i, call)?;
        let (value, outcome) = (value_of(Source::Call(i)), context.constant("__OUTCOME", i));
        let (layer, constant) = (
            numbered("__layer", call.layer),
            context.constant("__LAYER", call.layer),
        );
        let field = plain(&planned.field);
        let definition =
            is_first.then(|| quote!(let #layer = __graph.layer(#field, #constant, &#outcome);));
        let inputs = call.inputs.iter().flatten().map(|source| value_of(*source));
        Some(quote! {
            #definition
            let #value = __graph.call(#layer, &#outcome, &[#(#inputs),*]);
        })
    });
    let outputs = names(context.output_names())
        .into_iter()
        .enumerate()
        .map(|(i, name)| {
            let value = value_of(context.output(i));
            quote!(__graph.output(#name, #value);)
        });
    quote! {
        let mut __graph = __addax::Graph::new(#name);
        #(#inputs)*
        #(#calls)*
        #(#outputs)*
        __graph
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
    let (parameters, given) = (context.parameters.declared(), context.parameters.given());
    quote! {
        impl<#parameters __D: __addax::Device> __addax::LayerSet<__D> for Layers<#given f32, __D> {
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

fn shortcuts(context: &Context<'_>) -> TokenStream {
    let this = &context.this;
    let value = nested::value(context);
    let side = ports::inputs(context);
    let (shape, batch) = (side.shape(0), side.batch(0, &quote!(usize)));
    let brackets = context.parameters.brackets();
    // Several inputs come from several places.
    let inputs = (context.plan.inputs.len() == 1).then(|| {
        quote! {
            /// Inputs of this network from the numbers of all samples, one sample after the other.
            pub fn inputs(
                values: ::std::vec::Vec<f32>,
            ) -> ::core::result::Result<
                __addax::Tensor<#batch, f32, __addax::Cpu>,
                __addax::Error,
            > {
                __addax::inputs::<#shape>(values)
            }
        }
    });
    quote! {
        impl #brackets #this {
            /// A model of this network on `device`, its weights drawn with the device's generator.
            pub fn build<__D: __addax::Device>(
                device: &__D,
            ) -> ::core::result::Result<__addax::Model<#this, __D>, __addax::Error> {
                __addax::Model::new(#value, device)
            }

            #inputs
        }
    }
}

/// The body of a function of a network that has mistakes in it: the errors that were reported keep it from ever running.
pub(super) fn never_runs() -> TokenStream {
    quote!(loop {})
}
