//! The Rust that a network becomes.
//!
//! ```text
//! pub struct Letters;
//! const _: () = {
//!     const __LAYER_0: .. = ..;           // consts.rs: layers, outcomes and shapes as constants, with the user's sizes
//!     const _: () = (report)(..);         //            what the shape rules say, at the user's tokens
//!     pub struct __Place_0;               // types.rs: from the values to dfdx's types
//!     const _: () = {                     // everything that the user's sizes must not see
//!         pub struct Layers<..> ..        // layers.rs: the struct, building, running
//!         impl Module for Layers ..       // dfdx.rs: so that dfdx's own tools work on it
//!     };
//! };
//! ```
//!
//! The user's sizes see two underscores in front of every name that is not their own.

mod consts;
mod dfdx;
mod editor;
mod fallback;
mod layers;
mod types;

use crate::ast::Name;
use crate::check::{Plan, PlannedLayer, PlannedStep};
use crate::errors::Errors;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};
use syn::GenericParam;

/// What the parts of the expansion share.
struct Context<'a> {
    plan: &'a Plan,
    /// The network's type, with a span of the macro's own: an editor that asks for the name finds the user's.
    this: Ident,
    /// The network's name as text.
    name: String,
}

impl Context<'_> {
    /// The layers with their places in the chain of shapes.
    fn layers(&self) -> impl Iterator<Item = (usize, &PlannedLayer)> {
        self.plan
            .steps
            .iter()
            .enumerate()
            .filter_map(|(i, step)| match step {
                PlannedStep::Layer(layer) => Some((i, layer)),
                PlannedStep::Hole => None,
            })
    }

    /// The shape that the step at `i` takes. Behind the last step it is what the network gives.
    fn shape_before(&self, i: usize) -> TokenStream {
        let Some(before) = i.checked_sub(1) else {
            return quote!(__INPUT);
        };
        match self.plan.steps.get(before) {
            Some(PlannedStep::Layer(_)) => {
                let shape = numbered("__SHAPE", before);
                quote!(#shape)
            }
            _ => quote!(__addax::Shape::UNKNOWN),
        }
    }
}

/// `__SHAPE_3`
fn numbered(name: &str, i: usize) -> Ident {
    format_ident!("{name}_{i}", span = Span::call_site())
}

/// The place in front of a token of the user's, for a name that stands for it in the compiler's messages.
///
/// An editor takes the whole span of a token for the token itself: on `Dense` it would show, and go to, all that carries
/// the same span. An empty span is nobody's, and to rustc it is still the user's own place.
fn start(span: Span) -> Span {
    if proc_macro::is_available() {
        span.unwrap().start().into()
    } else {
        span
    }
}

/// What the user wrote, for the place where it is emitted.
///
/// `Self::SIDE` is the network's own constant, but it does not stand in an impl of it there. And `$side` of a
/// `macro_rules!` that stands for `4 + 4` comes in invisible parentheses, which rustc does not see again.
fn transplant(tokens: TokenStream, this: &Ident) -> TokenStream {
    tokens
        .into_iter()
        .map(|token| match token {
            TokenTree::Ident(word) if word == "Self" => {
                let mut this = this.clone();
                this.set_span(word.span());
                TokenTree::Ident(this)
            }
            TokenTree::Group(group) => {
                let inside = transplant(group.stream(), this);
                let (delimiter, span) = match group.delimiter() {
                    Delimiter::None if has_operators(&inside) => (
                        Delimiter::Parenthesis,
                        Span::call_site().located_at(group.span()),
                    ),
                    delimiter => (delimiter, group.span()),
                };
                let mut group = Group::new(delimiter, inside);
                group.set_span(span);
                TokenTree::Group(group)
            }
            token => token,
        })
        .collect()
}

/// Whether parentheses around these tokens mean something: not around a path.
fn has_operators(tokens: &TokenStream) -> bool {
    tokens
        .clone()
        .into_iter()
        .any(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() != ':'))
}

/// The whole expansion, the mistakes first.
pub(crate) fn expand(plan: &Plan, errors: Errors) -> TokenStream {
    let errors = errors.finish();
    let typing = editor::typing(plan);
    match &plan.name {
        Name::Missing => errors,
        Name::Named(name) => {
            let items = items(plan, name);
            quote!(#typing #errors #items)
        }
        Name::Expression => {
            let name = Ident::new("__Network", Span::call_site());
            let items = items(plan, &name);
            quote!({ #typing #errors #items #name })
        }
    }
}

fn items(plan: &Plan, name: &Ident) -> TokenStream {
    let mut this = name.clone();
    this.set_span(Span::call_site());
    let context = Context {
        plan,
        this,
        name: match plan.name {
            Name::Expression => "network".to_owned(),
            _ => crate::names::plain(name),
        },
    };
    let network = network_struct(plan, name);
    let body = if context.layers().next().is_none() || !plan.generics.params.is_empty() {
        fallback::fallback(&context)
    } else {
        let consts = consts::consts(&context);
        let types = types::types(&context);
        let layers = layers::layers(&context);
        let dfdx = dfdx::dfdx(&context);
        let sizes = editor::sizes(&context);
        quote! {
            #consts
            #types
            #sizes
            const _: () = {
                #layers
                #dfdx
            };
        }
    };
    // A condition on the network is one on all of it.
    let conditions: TokenStream = plan
        .attributes
        .iter()
        .filter(|attribute| is_condition(attribute))
        .cloned()
        .collect();
    quote! {
        #network
        #conditions
        // `rust_analyzer`, which rustc does not know.
        #[allow(unexpected_cfgs)]
        const _: () = {
            use ::addax::__private as __addax;
            #body
        };
    }
}

fn is_condition(attribute: &TokenStream) -> bool {
    attribute.to_string().replace(' ', "").starts_with("#[cfg(")
}

/// The network's type. It has no values in it: a network is its name.
fn network_struct(plan: &Plan, name: &Ident) -> TokenStream {
    let attributes = &plan.attributes;
    let visibility = &plan.visibility;
    let generics = &plan.generics;
    // Networks with parameters are refused for now, but their name must be there.
    let types = generics
        .params
        .iter()
        .filter_map(|parameter| match parameter {
            GenericParam::Type(parameter) => Some(&parameter.ident),
            _ => None,
        });
    let lifetimes = generics.lifetimes().map(|parameter| &parameter.lifetime);
    let fields = if generics.params.is_empty() {
        quote!()
    } else {
        quote!((::core::marker::PhantomData<(#(#types,)* #(&#lifetimes (),)*)>))
    };
    // With spans of its own, rustc would show the whole macro where it means the name.
    let keyword = quote_spanned!(start(name.span())=> struct);
    let end = quote_spanned!(name.span()=> ;);
    let definition = quote!(#visibility #keyword #name #generics #fields #end);
    quote! {
        #(#attributes)*
        #[derive(
            ::core::clone::Clone,
            ::core::marker::Copy,
            ::core::fmt::Debug,
            ::core::default::Default,
            ::core::cmp::PartialEq,
            ::core::cmp::Eq,
            ::core::hash::Hash,
        )]
        #definition
    }
}
