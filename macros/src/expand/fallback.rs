//! The names of a network that was not understood, so that its uses give no errors of their own.

use super::{Context, ports};
use proc_macro2::TokenStream;
use quote::quote;

/// A network without layers, of some shape.
pub(super) fn fallback(context: &Context<'_>) -> TokenStream {
    let this = &context.this;
    let name = &context.name;
    let shape = || quote!(__Shape);
    let input = ports::inputs(context).whole(|_| shape());
    let output = ports::outputs(context).whole(|_| shape());
    let head = super::head::unknown(context);
    let inputs = (context.plan.inputs.len() == 1).then(|| quote! {
        /// Inputs of this network.
        pub fn inputs(
            _: ::std::vec::Vec<f32>,
        ) -> ::core::result::Result<__addax::Tensor<__Batch, f32, __addax::Cpu>, __addax::Error> {
            loop {}
        }
    });
    // Only where `inputs` gives one.
    let batch = inputs.is_some().then(|| {
        quote! {
            type __Batch = (usize, ::addax::dfdx::shapes::Const<1>);
        }
    });
    let brackets = context.parameters.brackets();
    let facts = super::facts::fallback(context);
    let nested = super::nested::fallback(context);
    quote! {
        #facts
        #nested
        /// No layers: the network was not understood.
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        pub struct __Layers;
        type __Shape = (::addax::dfdx::shapes::Const<1>,);
        #batch
        impl #brackets __addax::Network for #this {
            const NAME: &'static str = #name;
            type Input = #input;
            type Output = #output;
            type Head = #head;
            type Layers<__D: __addax::Device> = __Layers;

            fn graph() -> __addax::Graph {
                loop {}
            }
        }
        impl<__D: __addax::Device> __addax::LayerSet<__D> for __Layers {
            fn assemble(_: &__D, _: &mut __addax::Weights) -> ::core::result::Result<Self, __addax::Error> {
                loop {}
            }

            fn visit(&self, _: &mut dyn ::core::ops::FnMut(::std::vec::Vec<f32>)) {}
        }
        impl #brackets #this {
            /// A model of this network.
            pub fn build<__D: __addax::Device>(
                _: &__D,
            ) -> ::core::result::Result<__addax::Model<Self, __D>, __addax::Error> {
                loop {}
            }

            #inputs
        }
    }
}
