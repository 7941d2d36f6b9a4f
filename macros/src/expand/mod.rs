//! The Rust that a network becomes.
//!
//! ```text
//! pub struct Letters;
//! const _: () = {                    // consts.rs: layers, outcomes and shapes as constants, next to the user's sizes
//!     impl Letters { const __LAYER_0: .. }
//!     const _: () = {                // everything that the user's sizes must not see
//!         type __Shape0 = ..;        // types.rs: from the values to dfdx's types
//!         pub struct Layers<..> ..   // layers.rs: the struct, building, running
//!         impl Module for Layers ..  // dfdx.rs: so that dfdx's own tools work on it
//!     };
//! };
//! const _: () = (report)(..);        // consts.rs: what the shape rules say, at the user's tokens
//! ```
//!
//! Names that a user could have are either inside a block or start with two underscores.

mod consts;
mod dfdx;
mod fallback;
mod layers;
mod types;

use crate::ast::Name;
use crate::check::{Plan, PlannedLayer, PlannedStep};
use crate::errors::Errors;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
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

    /// What the step at `i` takes.
    fn shape_before(&self, i: usize) -> TokenStream {
        let this = &self.this;
        match i.checked_sub(1) {
            None => quote!(<#this>::__INPUT),
            Some(before) => self.shape_after(before),
        }
    }

    /// What the step at `i` gives.
    fn shape_after(&self, i: usize) -> TokenStream {
        let this = &self.this;
        match self.plan.steps.get(i) {
            Some(PlannedStep::Layer(_)) => {
                let shape = numbered("__SHAPE", i);
                quote!(<#this>::#shape)
            }
            _ => quote!(__addax::Shape::UNKNOWN),
        }
    }
}

/// `__SHAPE_3`
fn numbered(name: &str, i: usize) -> Ident {
    format_ident!("{name}_{i}", span = Span::call_site())
}

/// The whole expansion, the mistakes first.
pub(crate) fn expand(plan: &Plan, errors: Errors) -> TokenStream {
    let errors = errors.finish();
    match &plan.name {
        Name::Missing => errors,
        Name::Named(name) => {
            let items = items(plan, name);
            quote!(#errors #items)
        }
        Name::Expression => {
            let name = Ident::new("__Network", Span::call_site());
            let items = items(plan, &name);
            quote!({ #errors #items #name })
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
    // A condition on the network is one on all of it.
    let conditions: TokenStream = plan
        .attributes
        .iter()
        .filter(|attribute| is_condition(attribute))
        .cloned()
        .collect();
    let network = network_struct(plan, name);
    if !plan.generics.params.is_empty() {
        let fallback = fallback::fallback(plan, &context.this, &context.name);
        return quote!(#network #conditions #fallback);
    }
    let consts = consts::consts(&context);
    let types = types::types(&context);
    let layers = layers::layers(&context);
    let dfdx = dfdx::dfdx(&context);
    let reports = consts::reports(&context);
    quote! {
        #network
        #conditions
        const _: () = {
            use ::addax::__private as __addax;
            #[allow(unused_imports)]
            use ::addax::layers::*;
            #consts
            const _: () = {
                #types
                #layers
                #dfdx
            };
        };
        #(#conditions #reports)*
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
        #visibility struct #name #generics #fields;
    }
}
