//! What makes a network a layer of others.

use super::Context;
use super::layers::never_runs;
use crate::check::Source;
use proc_macro2::TokenStream;
use quote::quote;

/// `new` and `output`, as every layer has them, and the traits of a layer and of its parameters.
pub(super) fn nested(context: &Context<'_>) -> TokenStream {
    let this = &context.this;
    let name = &context.name;
    let functions = functions(context, &rule(context));
    let graph = if context.plan.complete {
        quote!(::core::option::Option::Some(<#this as __addax::Network>::graph()))
    } else {
        never_runs()
    };
    let parameters = parameters(context);
    let (brackets, given) = (context.parameters.brackets(), context.parameters.given());
    quote! {
        #functions
        impl #brackets __addax::Layer for #this {
            const KIND: &'static str = #name;
            type Parameters<__S: __addax::LayerSizes, __E: __addax::Dtype, __D: __addax::DfdxDevice<__E>> =
                Layers<#given __E, __D>;

            fn op(&self, _: &[__addax::Shape], _: __addax::Shape) -> ::std::boxed::Box<dyn __addax::Op> {
                ::core::unreachable!("the layers of a network run, and not the network")
            }

            fn network(&self) -> ::core::option::Option<__addax::Graph> {
                #graph
            }
        }
        #parameters
    }
}

/// The names for a network that was not understood.
pub(super) fn fallback(context: &Context<'_>) -> TokenStream {
    let this = &context.this;
    let brackets = context.parameters.brackets();
    let name = &context.name;
    let value = value(context);
    quote! {
        impl #brackets #this {
            /// The network as a layer.
            #[must_use]
            pub const fn new() -> Self {
                #value
            }

            /// What it gives as a layer.
            #[must_use]
            pub const fn output(&self, _: &[__addax::Shape]) -> __addax::Outcome {
                __addax::Outcome::ok(__addax::Shape::UNKNOWN)
            }
        }
        impl #brackets __addax::Layer for #this {
            const KIND: &'static str = #name;
            type Parameters<__S: __addax::LayerSizes, __E: __addax::Dtype, __D: __addax::DfdxDevice<__E>> =
                __addax::NoParameters<__E, __D>;

            fn op(&self, _: &[__addax::Shape], _: __addax::Shape) -> ::std::boxed::Box<dyn __addax::Op> {
                loop {}
            }
        }
    }
}

/// The network as a value: it has none in it.
pub(super) fn value(context: &Context<'_>) -> TokenStream {
    let name = &context.type_name;
    if context.parameters.is_empty() {
        quote!(#name)
    } else {
        quote!(#name(::core::marker::PhantomData))
    }
}

fn functions(context: &Context<'_>, rule: &TokenStream) -> TokenStream {
    let (this, brackets) = (&context.this, context.parameters.brackets());
    let value = value(context);
    quote! {
        impl #brackets #this {
            /// The network as a layer of another one.
            #[must_use]
            pub const fn new() -> Self {
                #value
            }

            /// What the network gives as a layer, if it can take these inputs.
            #[must_use]
            pub const fn output(&self, inputs: &[__addax::Shape]) -> __addax::Outcome {
                #rule
            }
        }
    }
}

/// Its shape rule: what the header says.
fn rule(context: &Context<'_>) -> TokenStream {
    let this = &context.this;
    let name = &context.name;
    let given = context.plan.outputs.len();
    if given > 1 {
        return quote! {
            let _ = inputs;
            __addax::several_outputs(#name, #given)
        };
    }
    let takes = (0..context.plan.inputs.len()).map(|i| context.shape_of(Source::Input(i)));
    let gives = context.constant("__DECLARED", 0);
    let totals = context
        .plan
        .complete
        .then(|| quote!(.with_network(__addax::totals_of::<#this>())));
    let rule = quote!(__addax::nested(#name, inputs, &[#(#takes),*], #gives)#totals);
    if context.parameters.is_empty() {
        return rule;
    }
    // Its own layers are checked where it is declared. With parameters that may be here.
    let calls = context
        .calls()
        .map(|(i, _)| context.constant("__OUTCOME", i));
    let output = context.constant("__OUTPUT", 0);
    quote!(__addax::inside(#name, &[#(&#calls,)* &#output], #rule))
}

/// The struct of layers as what the network has in another one.
fn parameters(context: &Context<'_>) -> TokenStream {
    let fields: Vec<_> = context.layers().map(|(_, layer)| &layer.field).collect();
    // Of several outputs one cannot be a layer's.
    let running = (context.plan.complete && context.plan.outputs.len() == 1).then(|| {
        quote! {
            fn call_network<__T: __addax::Tape<f32, __D>>(
                &self,
                __inputs: ::std::vec::Vec<__addax::FlatBatch<__D, __T>>,
            ) -> ::core::result::Result<__addax::FlatBatch<__D, __T>, __addax::Error> {
                let [__output] = self.__call(__addax::FlatBatch::array(__inputs)?)?;
                ::core::result::Result::Ok(__output)
            }

            fn call_network_mut<__T: __addax::Tape<f32, __D>>(
                &mut self,
                __inputs: ::std::vec::Vec<__addax::FlatBatch<__D, __T>>,
            ) -> ::core::result::Result<__addax::FlatBatch<__D, __T>, __addax::Error> {
                let [__output] = self.__call_mut(__addax::FlatBatch::array(__inputs)?)?;
                ::core::result::Result::Ok(__output)
            }
        }
    });
    let (parameters, given) = (context.parameters.declared(), context.parameters.given());
    quote! {
        impl<#parameters __D: __addax::Device> __addax::LayerParameters for Layers<#given f32, __D> {
            type Device = __D;
            const IS_NETWORK: bool = true;

            fn assemble(
                __device: &__D,
                __weights: &mut __addax::Weights,
            ) -> ::core::result::Result<Self, __addax::Error> {
                __addax::LayerSet::assemble(__device, __weights)
            }

            fn read(&self, __visitor: &mut dyn ::core::ops::FnMut(::std::vec::Vec<f32>)) {
                __addax::LayerSet::visit(self, __visitor);
            }

            fn write(&mut self, __values: &mut dyn ::core::ops::FnMut() -> ::std::vec::Vec<f32>) {
                #(__addax::LayerParameters::write(&mut self.#fields.parameters, __values);)*
            }

            fn add_gradients(
                &self,
                __gradients: &mut __addax::Gradients<f32, __D>,
                __values: &mut dyn ::core::ops::FnMut() -> ::std::vec::Vec<f32>,
            ) -> ::core::result::Result<(), __D::Err> {
                #(__addax::LayerParameters::add_gradients(&self.#fields.parameters, __gradients, __values)?;)*
                ::core::result::Result::Ok(())
            }

            #running
        }
    }
}
