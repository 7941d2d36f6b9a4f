//! What a network takes and gives, as types.
//!
//! One input is a tensor. Several are the fields of a struct that is called after the network, and so are outputs.

use super::{Context, generics, numbered};
use crate::ast::{Name, Port};
use crate::names::plain;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};

/// The structs of several inputs and of several outputs, each with what stands in front of it but conditions.
pub(super) fn structs(context: &Context<'_>) -> Vec<TokenStream> {
    [inputs(context), outputs(context)]
        .into_iter()
        .filter_map(|side| side.definition())
        .collect()
}

/// The type of one side as a struct of shapes, and of batches.
pub(super) fn aliases(context: &Context<'_>) -> TokenStream {
    let inputs = inputs(context);
    let outputs = outputs(context);
    let (taken, given) = (inputs.aliases(), outputs.aliases());
    quote! {
        #taken
        #given
    }
}

/// What the network takes and what it gives, as types: shapes.
pub(super) fn shapes(context: &Context<'_>) -> (TokenStream, TokenStream) {
    let shape = |side: Side<'_>| side.whole(|i| side.shape(i));
    (shape(inputs(context)), shape(outputs(context)))
}

/// A batch that the network takes and one that it gives.
pub(super) fn batches(context: &Context<'_>) -> (TokenStream, TokenStream) {
    let batch = |side: Side<'_>| {
        side.whole(|i| {
            let shape = side.batch(i, &quote!(__B));
            quote!(__addax::Tensor<#shape, f32, __D, __T>)
        })
    };
    (batch(inputs(context)), batch(outputs(context)))
}

/// The struct of the inputs, where there are several.
pub(super) fn inputs<'a>(context: &'a Context<'_>) -> Side<'a> {
    Side {
        context,
        ports: &context.plan.inputs,
        kind: "input",
        value: "__INPUT",
        alias: "__Input",
        batches: "__Inputs",
    }
}

/// The struct of the outputs, where there are several.
pub(super) fn outputs<'a>(context: &'a Context<'_>) -> Side<'a> {
    Side {
        context,
        ports: &context.plan.outputs,
        kind: "output",
        value: "__DECLARED",
        alias: "__Output",
        batches: "__Outputs",
    }
}

/// The names of ports. One that could not be read gets one.
pub(super) fn names(ports: &[Port], kind: &str) -> Vec<Ident> {
    ports
        .iter()
        .enumerate()
        .map(|(i, port)| match &port.name {
            Some(name) => name.clone(),
            None if ports.len() == 1 => Ident::new(kind, Span::call_site()),
            None => format_ident!("{kind}_{i}"),
        })
        .collect()
}

/// All inputs, or all outputs.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    context: &'a Context<'a>,
    ports: &'a [Port],
    kind: &'static str,
    value: &'static str,
    alias: &'static str,
    batches: &'static str,
}

impl Side<'_> {
    /// The name of the struct, if there is one.
    pub(super) fn name(&self) -> Option<Ident> {
        let name = match self.kind {
            "input" => "Inputs",
            _ => "Outputs",
        };
        (self.ports.len() > 1).then(|| format_ident!("{}{name}", self.context.type_name))
    }

    /// One type for each port, put together.
    pub(super) fn whole(&self, part: impl Fn(usize) -> TokenStream) -> TokenStream {
        let parts = (0..self.ports.len()).map(part);
        match self.name() {
            Some(name) => quote!(#name<#(#parts),*>),
            None => quote!(#(#parts)*),
        }
    }

    /// The shape of one port.
    pub(super) fn shape(&self, i: usize) -> TokenStream {
        if self.context.parameters.is_empty() {
            return numbered(self.alias, i).to_token_stream();
        }
        let sizes = self.dimensions(i);
        quote!((#(#sizes,)*))
    }

    /// The shape of a batch of one port.
    pub(super) fn batch(&self, i: usize, batch: &TokenStream) -> TokenStream {
        if self.context.parameters.is_empty() {
            let alias = numbered(self.batches, i);
            return quote!(#alias<#batch>);
        }
        let sizes = self.dimensions(i);
        quote!((#batch, #(#sizes,)*))
    }

    /// The sizes of one port of a network with parameters.
    fn dimensions(&self, i: usize) -> Vec<TokenStream> {
        match self.ports.get(i).and_then(|port| port.shape.as_ref()) {
            Some(shape) => shape
                .sizes
                .iter()
                .map(|size| generics::dimension(size, self.context))
                .collect(),
            None => vec![quote!(::addax::dfdx::shapes::Const<1>)],
        }
    }

    /// The shapes of the header, each for one sample and for a batch.
    fn aliases(&self) -> TokenStream {
        // With parameters they are written out each time.
        if !self.context.parameters.is_empty() {
            return TokenStream::new();
        }
        let aliases = self.ports.iter().enumerate().map(|(i, port)| {
            let (alias, batches) = (numbered(self.alias, i), numbered(self.batches, i));
            let value = numbered(self.value, i);
            let (sizes, shape, batch) = border(port, &value);
            quote! {
                #sizes
                type #alias = #shape;
                type #batches<__B> = #batch;
            }
        });
        quote!(#(#aliases)*)
    }

    fn definition(&self) -> Option<TokenStream> {
        let name = self.name()?;
        let visibility = match &self.context.plan.name {
            Name::Named(_) => self.context.plan.visibility.to_token_stream(),
            Name::Expression | Name::Missing => TokenStream::new(),
        };
        let doc = format!(" The {}s of [`{}`].", self.kind, self.context.type_name);
        let fields = names(self.ports, self.kind);
        let parameters = parameters(&fields);
        Some(quote! {
            ::addax::named_ports! {
                #[doc = #doc]
                #visibility struct #name { #(#fields: #parameters),* }
            }
        })
    }
}

/// A shape of the header: its sizes as constants, its type for one sample and that for a batch.
///
/// The number of its sizes is known here, so it is written as a tuple: in the header of an impl rustc does not look
/// through `Dims` to find the batch. The sizes have names for the sake of editors, which do not evaluate `{ .. }` in types.
fn border(port: &Port, value: &Ident) -> (TokenStream, TokenStream, TokenStream) {
    match &port.shape {
        Some(shape) => {
            let names: Vec<_> = (0..shape.sizes.len())
                .map(|axis| format_ident!("{value}_SIZE_{axis}"))
                .collect();
            let axes = (0..shape.sizes.len()).map(Literal::usize_unsuffixed);
            (
                quote!(#(const #names: usize = #value.dim(#axes);)*),
                quote!((#(::addax::dfdx::shapes::Const<#names>,)*)),
                quote!((__B, #(::addax::dfdx::shapes::Const<#names>,)*)),
            )
        }
        // Any shape will do for a network that does not compile.
        None => {
            let one = quote!(::addax::dfdx::shapes::Const<1>);
            (quote!(), quote!((#one,)), quote!((__B, #one)))
        }
    }
}

/// The parameters of the struct: `RightEye` for `right_eye`, and a number behind one that is taken.
fn parameters(fields: &[Ident]) -> Vec<Ident> {
    let mut parameters: Vec<Ident> = Vec::new();
    for field in fields {
        let mut capital = true;
        let name: String = plain(field)
            .chars()
            .filter_map(|letter| {
                let letter = (letter != '_').then_some(if capital {
                    letter.to_ascii_uppercase()
                } else {
                    letter
                });
                capital = letter.is_none();
                letter
            })
            .collect();
        let parameter = std::iter::once(name.clone())
            .chain((0..).map(|i| format!("{name}Port{i}")))
            .filter_map(|name| syn::parse_str::<Ident>(&name).ok())
            .find(|parameter| !parameters.contains(parameter));
        parameters.extend(parameter);
    }
    parameters
}
