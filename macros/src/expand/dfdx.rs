//! dfdx's own traits for the struct of layers, so that its optimizers and modules work on it.

use super::{Context, numbered, ports};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

/// dfdx takes tuples of at most six fields; more are nested.
const FIELDS: usize = 6;

/// `Module`, `ModuleMut` and `TensorCollection`.
pub(super) fn dfdx(context: &Context<'_>) -> TokenStream {
    let modules = modules(context);
    let collection = collection(context);
    quote! {
        #modules
        #collection
    }
}

fn modules(context: &Context<'_>) -> TokenStream {
    let (input, output) = ports::batches(context);
    let (parameters, given) = (context.parameters.declared(), context.parameters.given());
    quote! {
        impl<#parameters __B: __addax::Dim, __D: __addax::Device, __T: __addax::Tape<f32, __D>> __addax::Module<#input>
            for Layers<#given f32, __D>
        {
            type Output = #output;
            type Error = __addax::Error;

            fn try_forward(&self, __input: #input) -> ::core::result::Result<Self::Output, Self::Error> {
                Layers::forward(self, __input)
            }
        }
        impl<#parameters __B: __addax::Dim, __D: __addax::Device, __T: __addax::Tape<f32, __D>> __addax::ModuleMut<#input>
            for Layers<#given f32, __D>
        {
            type Output = #output;
            type Error = __addax::Error;

            fn try_forward_mut(&mut self, __input: #input) -> ::core::result::Result<Self::Output, Self::Error> {
                Layers::forward_mut(self, __input)
            }
        }
    }
}

fn collection(context: &Context<'_>) -> TokenStream {
    let visited = nested(
        context
            .layers()
            .map(|(_, layer)| {
                let field = &layer.field;
                let name = crate::names::plain(field);
                quote!(Self::module(#name, |__layers| &__layers.#field, |__layers| &mut __layers.#field))
            })
            .collect(),
    );
    let layers: Vec<_> = context
        .layers()
        .map(|(i, _)| numbered("__layer", i))
        .collect();
    let pattern = nested(layers.iter().map(ToTokens::to_token_stream).collect());
    let fields = context.layers().map(|(_, layer)| &layer.field);
    let (parameters, given) = (context.parameters.declared(), context.parameters.given());
    quote! {
        impl<#parameters __E: __addax::Dtype, __D: __addax::DfdxDevice<__E>> __addax::TensorCollection<__E, __D>
            for Layers<#given __E, __D>
        {
            type To<__E2: __addax::Dtype, __D2: __addax::DfdxDevice<__E2>> = Layers<#given __E2, __D2>;

            fn iter_tensors<__V: __addax::ModuleVisitor<Self, __E, __D>>(
                __visitor: &mut __V,
            ) -> ::core::result::Result<::core::option::Option<Self::To<__V::E2, __V::D2>>, __V::Err> {
                __visitor.visit_fields(#visited, |#pattern| Layers { #(#fields: #layers),* })
            }
        }
    }
}

/// `(a, b, c, d, e, f)`, and `((a, ..), (g, ..))` for more.
fn nested(mut fields: Vec<TokenStream>) -> TokenStream {
    while fields.len() > FIELDS {
        fields = fields
            .chunks(FIELDS)
            .map(|chunk| quote!((#(#chunk,)*)))
            .collect();
    }
    quote!((#(#fields,)*))
}
