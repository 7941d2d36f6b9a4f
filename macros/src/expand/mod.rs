//! The Rust that a network becomes.
//!
//! ```text
//! pub struct Letters;
//! named_ports! { pub struct LettersInputs { .. } }   // ports.rs: where there are several inputs or outputs
//! const _: () = {
//!     const __LAYER_0: .. = ..;           // consts.rs: layers, outcomes and shapes as constants, with the user's sizes
//!     const _: () = (report)(..);         //            what the shape rules say, at the user's tokens
//!     pub struct __Place_0;               // types.rs: from the values to dfdx's types
//!     const _: () = { let x = ..; };      // lines.rs: the names of a graph, for editors
//!     const _: () = {                     // everything that the user's sizes must not see
//!         pub struct Layers<..> ..        // layers.rs: the struct, and the network's own impls
//!         fn forward(..) ..               // running.rs: the calls one after the other
//!         impl Module for Layers ..       // dfdx.rs: so that dfdx's own tools work on it
//!         impl Layer for Letters ..       // nested.rs: so that it can be a layer of another network
//!         impl Facts for Letters ..       // facts.rs: what the compiler knows of the network
//!     };
//!     const _: () = { .. };               // lints.rs: warnings, at the layers' names
//! };
//! ```
//!
//! The user's sizes see two underscores in front of every name that is not their own.

mod consts;
mod dfdx;
mod editor;
mod facts;
mod fallback;
mod generics;
mod head;
mod layers;
mod lines;
mod lints;
mod nested;
mod ports;
mod running;
mod transplant;
mod types;

use self::generics::Parameters;
use crate::ast::Name;
use crate::check::{Plan, PlannedCall, PlannedLayer, Source};
use crate::errors::Errors;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::GenericParam;

/// What the parts of the expansion share.
struct Context<'a> {
    plan: &'a Plan,
    /// The network's type, with spans of the macro's own: an editor that asks for the name finds the user's.
    this: TokenStream,
    /// The type without its parameters.
    type_name: Ident,
    parameters: Parameters,
    /// The network's name as text.
    name: String,
}

impl Context<'_> {
    /// The layers with their numbers.
    fn layers(&self) -> impl Iterator<Item = (usize, &PlannedLayer)> {
        self.plan.wiring.layers.iter().enumerate()
    }

    /// The calls with their numbers.
    fn calls(&self) -> impl Iterator<Item = (usize, &PlannedCall)> {
        self.plan.wiring.calls.iter().enumerate()
    }

    /// The layer of a call, and whether the call is its first.
    fn layer_of(&self, i: usize, call: &PlannedCall) -> Option<(&PlannedLayer, bool)> {
        let layer = self.plan.wiring.layers.get(call.layer)?;
        Some((layer, layer.first_call == i))
    }

    /// Where the output at `i` comes from.
    fn output(&self, i: usize) -> Source {
        let source = self.plan.wiring.outputs.get(i).copied();
        source.unwrap_or(Source::Unknown)
    }

    /// A constant of the network. With parameters it depends on them, and belongs to the type.
    fn constant(&self, name: &str, i: usize) -> TokenStream {
        let constant = numbered(name, i);
        if self.parameters.is_empty() {
            return quote!(#constant);
        }
        let this = &self.this;
        quote!(<#this>::#constant)
    }

    /// The constant with the shape of a value.
    fn shape_of(&self, source: Source) -> TokenStream {
        match source {
            Source::Input(i) => self.constant("__INPUT", i),
            Source::Call(i) => self.constant("__SHAPE", i),
            Source::Unknown => quote!(__addax::Shape::UNKNOWN),
        }
    }

    /// The inputs' names, as fields.
    fn input_names(&self) -> Vec<Ident> {
        ports::names(&self.plan.inputs, "input")
    }

    /// The outputs' names, as fields.
    fn output_names(&self) -> Vec<Ident> {
        ports::names(&self.plan.outputs, "output")
    }
}

/// The variable that holds a value in the functions that run the network or describe it.
fn value_of(source: Source) -> Ident {
    match source {
        Source::Input(i) => numbered("__input", i),
        Source::Call(i) => numbered("__value", i),
        // Does not occur: these functions are written only for networks in which every value is known.
        Source::Unknown => numbered("__unknown", 0),
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
    let mut type_name = name.clone();
    type_name.set_span(Span::call_site());
    let parameters = Parameters::new(&plan.generics);
    let context = Context {
        plan,
        this: parameters.of(&type_name),
        type_name,
        parameters,
        name: match plan.name {
            Name::Expression => "network".to_owned(),
            _ => crate::names::plain(name),
        },
    };
    let network = network_struct(plan, name);
    let body = if context.layers().next().is_none() {
        fallback::fallback(&context)
    } else {
        let consts = consts::consts(&context);
        let types = types::types(&context);
        let layers = layers::layers(&context);
        let running = running::running(&context);
        let dfdx = dfdx::dfdx(&context);
        let sizes = editor::sizes(&context);
        let applied = editor::applied(&context);
        let lines = lines::lines(&context);
        let nested = nested::nested(&context);
        let facts = facts::facts(&context);
        let lints = lints::lints(&context);
        quote! {
            #consts
            #types
            #sizes
            #lines
            const _: () = {
                #layers
                #applied
                #running
                #dfdx
                #nested
                #facts
            };
            // Last, so that an editor that asks for a layer's name finds the layer before a warning.
            #lints
        }
    };
    let ports = ports::structs(&context);
    // A condition on the network is one on all of it.
    let conditions: TokenStream = plan
        .attributes
        .iter()
        .filter(|attribute| is_condition(attribute))
        .cloned()
        .collect();
    let ports = ports.iter().map(|ports| quote!(#conditions #ports));
    quote! {
        #network
        #(#ports)*
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
