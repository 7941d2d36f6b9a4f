//! The parameters of a network: sizes that are known when it is used.

use super::transplant::transplant;
use super::types::TYPED_PARAMETERS;
use super::{Context, numbered};
use crate::names::is_reserved;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, GenericParam, Generics};

/// The parameters, in the forms in which Rust wants them.
pub(super) struct Parameters {
    names: Vec<Parameter>,
    /// Whether `Convnet` alone means something.
    pub(super) have_defaults: bool,
}

enum Parameter {
    /// `const SIDE: usize`
    Const(Ident),
    /// `Side`, a dimension of dfdx.
    Type(Ident),
}

impl Parameters {
    pub(super) fn new(generics: &Generics) -> Self {
        let names = generics
            .params
            .iter()
            .filter_map(|parameter| match parameter {
                GenericParam::Const(parameter) => Some(Parameter::Const(parameter.ident.clone())),
                GenericParam::Type(parameter) => Some(Parameter::Type(parameter.ident.clone())),
                GenericParam::Lifetime(_) => None,
            });
        let has_default = |parameter: &GenericParam| match parameter {
            GenericParam::Const(parameter) => parameter.default.is_some(),
            GenericParam::Type(parameter) => parameter.default.is_some(),
            GenericParam::Lifetime(_) => false,
        };
        Parameters {
            names: names.collect(),
            have_defaults: generics.params.iter().all(has_default),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    pub(super) fn is_type(&self, word: &Ident) -> bool {
        self.names
            .iter()
            .any(|parameter| matches!(parameter, Parameter::Type(name) if name == word))
    }

    fn has(&self, word: &Ident) -> bool {
        self.names.iter().any(|parameter| parameter.name() == word)
    }

    /// `const SIDE: usize, Side: ConstDim,` for the head of an impl.
    pub(super) fn declared(&self) -> TokenStream {
        let parameters = self.names.iter().map(|parameter| match parameter {
            Parameter::Const(name) => quote!(const #name: usize),
            Parameter::Type(name) => quote!(#name: __addax::ConstDim),
        });
        quote!(#(#parameters,)*)
    }

    /// `const SIDE: usize, Side,` for the head of a type.
    pub(super) fn plain(&self) -> TokenStream {
        let parameters = self.names.iter().map(|parameter| match parameter {
            Parameter::Const(name) => quote!(const #name: usize),
            Parameter::Type(name) => quote!(#name),
        });
        quote!(#(#parameters,)*)
    }

    /// `SIDE, Side,`
    pub(super) fn given(&self) -> TokenStream {
        let names = self.names.iter().map(Parameter::name);
        quote!(#(#names,)*)
    }

    /// The types among them, as a field that holds none of their values.
    pub(super) fn held(&self) -> TokenStream {
        let types = self.names.iter().filter_map(|parameter| match parameter {
            Parameter::Type(name) => Some(name),
            Parameter::Const(_) => None,
        });
        quote!(::core::marker::PhantomData<(#(#types,)*)>)
    }

    /// `<const SIDE: usize, Side: ConstDim>`, or nothing.
    pub(super) fn brackets(&self) -> TokenStream {
        self.in_brackets(&self.declared())
    }

    /// `<const SIDE: usize, Side>`, or nothing.
    pub(super) fn plain_brackets(&self) -> TokenStream {
        self.in_brackets(&self.plain())
    }

    fn in_brackets(&self, parameters: &TokenStream) -> TokenStream {
        if self.is_empty() {
            return TokenStream::new();
        }
        quote!(<#parameters>)
    }

    /// The type of this name with the parameters: `Convnet<SIDE, Side>`.
    pub(super) fn of(&self, name: &Ident) -> TokenStream {
        let given = self.in_brackets(&self.given());
        quote!(#name #given)
    }

    /// The same where a value is due: `Convnet::<SIDE, Side>`.
    pub(super) fn of_value(&self, name: &Ident) -> TokenStream {
        let given = self.given();
        let given = (!self.is_empty()).then(|| quote!(::<#given>));
        quote!(#name #given)
    }
}

impl Parameter {
    fn name(&self) -> &Ident {
        match self {
            Parameter::Const(name) | Parameter::Type(name) => name,
        }
    }
}

/// A size of the header as a dimension of dfdx, in a network with parameters.
pub(super) fn dimension(size: &Expr, context: &Context<'_>) -> TokenStream {
    let name = match size {
        Expr::Path(path) => path.path.get_ident(),
        _ => None,
    };
    match name {
        Some(name) if context.parameters.is_type(name) => name.to_token_stream(),
        // Of a name that is not known rustc speaks better in braces; a word of Rust cannot be read in them.
        Some(name) if context.parameters.has(name) || is_reserved(name) => {
            quote!(::addax::dfdx::shapes::Const<#name>)
        }
        _ => {
            let size = transplant(size.to_token_stream(), context);
            quote!(::addax::dfdx::shapes::Const<{ #size }>)
        }
    }
}

/// All shapes of a network with parameters, by number: what the calls give, then the parameters of each layer.
pub(super) fn table(context: &Context<'_>) -> TokenStream {
    if context.parameters.is_empty() {
        return TokenStream::new();
    }
    let (this, brackets) = (&context.this, context.parameters.brackets());
    let shapes = context.calls().map(|(i, _)| context.constant("__SHAPE", i));
    let parameters = context.layers().flat_map(|(_, layer)| {
        let outcome = context.constant("__OUTCOME", layer.first_call);
        let parameters = (0..TYPED_PARAMETERS).map(Literal::usize_unsuffixed);
        parameters.map(move |parameter| quote!(#outcome.parameter_shape(#parameter)))
    });
    quote! {
        impl #brackets __addax::Table for #this {
            const SHAPES: &'static [__addax::Shape] = &[#(#shapes,)* #(#parameters),*];
        }
    }
}

/// The network with the default of each parameter is checked where it is declared; any other when it is used.
pub(super) fn checks(context: &Context<'_>, reports: usize) -> TokenStream {
    let name = &context.type_name;
    if context.parameters.is_empty() || !context.parameters.have_defaults {
        return TokenStream::new();
    }
    let checks = (0..reports).map(|i| numbered("__CHECK", i));
    quote!(#(const _: () = <#name>::#checks;)*)
}
