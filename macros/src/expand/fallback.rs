//! The names of a network that cannot be emitted yet, so that its uses give no errors of their own.

use crate::check::Plan;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// The impls of a network with parameters, whose shapes are unknown.
pub(super) fn fallback(plan: &Plan, this: &Ident, name: &str) -> TokenStream {
    let (parameters, arguments, conditions) = plan.generics.split_for_impl();
    quote! {
        const _: () = {
            use ::addax::__private as __addax;
            /// No layers: the network was not understood.
            #[derive(::core::clone::Clone, ::core::fmt::Debug)]
            pub struct Layers;
            impl #parameters __addax::Network for #this #arguments #conditions {
                const NAME: &'static str = #name;
                type Input = ();
                type Output = ();
                type Layers<__D: __addax::Device> = Layers;

                fn graph() -> __addax::Graph {
                    loop {}
                }
            }
            impl<__D: __addax::Device> __addax::LayerSet<__D> for Layers {
                fn assemble(_: &__D, _: &mut __addax::Weights) -> ::core::result::Result<Self, __addax::Error> {
                    loop {}
                }

                fn visit(&self, _: &mut dyn ::core::ops::FnMut(::std::vec::Vec<f32>)) {}
            }
            impl #parameters #this #arguments #conditions {
                /// A model of this network.
                pub fn build<__D: __addax::Device>(
                    _: &__D,
                ) -> ::core::result::Result<__addax::Model<Self, __D>, __addax::Error> {
                    loop {}
                }

                /// Inputs of this network.
                pub fn inputs(
                    _: ::std::vec::Vec<f32>,
                ) -> ::core::result::Result<__addax::Tensor<(usize,), f32, __addax::Cpu>, __addax::Error> {
                    loop {}
                }
            }
        };
    }
}
