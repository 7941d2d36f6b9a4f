//! The constants that rustc computes the shapes with.
//!
//! For each layer there is the layer itself, and for each call what the shape rule says of it and the shape it gives.

use super::{Context, numbered, shape_of, transplant};
use crate::ast::{Port, Shape};
use crate::check::{PlannedCall, PlannedLayer, Source};
use crate::errors::Place;
use crate::names::plain;
use crate::sugar::Construction;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

/// The constants, and what the shape rules have to say.
pub(super) fn consts(context: &Context<'_>) -> TokenStream {
    let one_or_two = uses_one_or_two(context).then(one_or_two);
    let inputs = context
        .plan
        .inputs
        .iter()
        .enumerate()
        .map(|(i, port)| input(context, i, port));
    let calls = context
        .calls()
        .map(|(i, call)| call_consts(context, i, call));
    let outputs = context
        .plan
        .outputs
        .iter()
        .enumerate()
        .map(|(i, port)| output(context, i, port));
    quote! {
        #one_or_two
        #(#inputs)*
        #(#calls)*
        #(#outputs)*
    }
}

fn input(context: &Context<'_>, i: usize, port: &Port) -> TokenStream {
    let constant = numbered("__INPUT", i);
    let words = match &port.name {
        Some(name) => format!("the input `{name}`"),
        None => "the input".to_owned(),
    };
    let shape = match &port.shape {
        Some(shape) => {
            let shape = sizes(context, shape);
            quote!(#shape.named(#words))
        }
        None => quote!(__addax::Shape::UNKNOWN),
    };
    quote!(const #constant: __addax::Shape = #shape;)
}

/// What was declared, and whether it is what is given.
fn output(context: &Context<'_>, i: usize, port: &Port) -> TokenStream {
    let (declared, outcome) = (numbered("__DECLARED", i), numbered("__OUTPUT", i));
    let given = shape_of(context.output(i));
    let shape = match &port.shape {
        Some(shape) => sizes(context, shape),
        None => given.clone(),
    };
    let rule = match &port.name {
        Some(name) => {
            let name = name.to_string();
            quote!(__addax::declared_output(#name, #given, #declared))
        }
        None => quote!(__addax::declared(#given, #declared)),
    };
    let report = port
        .shape
        .as_ref()
        .map(|shape| report(&outcome.to_token_stream(), shape.place));
    quote! {
        const #declared: __addax::Shape = #shape;
        const #outcome: __addax::Outcome = #rule;
        #report
    }
}

fn sizes(context: &Context<'_>, shape: &Shape) -> TokenStream {
    let sizes = shape
        .sizes
        .iter()
        .map(|size| transplant(size.to_token_stream(), &context.this));
    quote!(__addax::Shape::new([#(#sizes),*]))
}

/// What one call gives and, if it is the first of its layer, the layer.
fn call_consts(context: &Context<'_>, i: usize, call: &PlannedCall) -> TokenStream {
    let (outcome, shape) = (numbered("__OUTCOME", i), numbered("__SHAPE", i));
    let Some((layer, is_first)) = context.layer_of(i, call) else {
        return TokenStream::new();
    };
    let definition = is_first.then(|| layer_const(context, call.layer, layer));
    let text = &call.text;
    let rule = match (&layer.construction, &call.inputs) {
        (Some(_), Some(inputs)) => {
            let rule = rule(call, inputs, layer, is_first);
            let report = report(&outcome.to_token_stream(), call.place);
            quote! {
                const #outcome: __addax::Outcome = #rule;
                #report
            }
        }
        _ => quote! {
            const #outcome: __addax::Outcome = __addax::Outcome::ok(__addax::Shape::UNKNOWN);
        },
    };
    quote! {
        #definition
        #rule
        const #shape: __addax::Shape = #outcome.shape(#text);
    }
}

/// What the layer's shape rule says of these inputs. Later calls must need the parameters of the first.
fn rule(
    call: &PlannedCall,
    inputs: &[Source],
    planned: &PlannedLayer,
    is_first: bool,
) -> TokenStream {
    let (alias, layer) = (
        numbered("__Layer", call.layer),
        numbered("__LAYER", call.layer),
    );
    let inputs = inputs.iter().map(|source| shape_of(*source));
    if is_first {
        let output = located(&alias, "output", planned.place.first);
        return quote!(#output(&#layer, &[#(#inputs),*]));
    }
    let first = numbered("__OUTCOME", planned.first_call);
    let name = plain(&planned.field);
    quote!(<#alias>::output(&#layer, &[#(#inputs),*]).shared_with(&#first, #name))
}

/// The layer with its options.
fn layer_const(context: &Context<'_>, i: usize, planned: &PlannedLayer) -> Option<TokenStream> {
    let (alias, layer) = (numbered("__Layer", i), numbered("__LAYER", i));
    let construction = planned.construction.as_ref()?;
    let value = transplant(value(&alias, planned, construction), &context.this);
    // With every option there is given by name, `new` gives nothing: only Clippy minds.
    let allow = (!construction.positional && !construction.fields.is_empty())
        .then(|| quote!(#[allow(clippy::needless_update)]));
    Some(quote! {
        #allow
        const #layer: #alias = {
            use ::addax::words::*;
            #value
        };
    })
}

/// `Dense { activation: relu, ..Dense::new(64) }`
fn value(alias: &Ident, layer: &PlannedLayer, construction: &Construction) -> TokenStream {
    let arguments = &construction.new;
    let new = if construction.positional {
        let arguments = group(
            Delimiter::Parenthesis,
            quote!(#(#arguments),*),
            layer.place.last,
        );
        let new = located(alias, "new", layer.place.first);
        quote!(#new #arguments)
    } else {
        // Nothing in it is the user's.
        quote!(<#alias>::new(#(#arguments),*))
    };
    if construction.fields.is_empty() {
        return new;
    }
    let fields = construction
        .fields
        .iter()
        .map(|(name, value)| quote!(#name: #value));
    let fields = group(
        Delimiter::Brace,
        quote!(#(#fields,)* ..#new),
        layer.place.last,
    );
    // rustc suggests a field only where the struct's name comes from the user.
    let mut name = alias.clone();
    name.set_span(layer.place.first);
    quote!(#name #fields)
}

/// `<Alias>::function`, at the layer's name: that is where rustc reports arguments that do not fit, and where an editor
/// shows the signature.
fn located(alias: &Ident, function: &str, span: Span) -> TokenStream {
    let function = Ident::new(function, span);
    quote!(<#alias>::#function)
        .into_iter()
        .map(|mut token| {
            token.set_span(span);
            token
        })
        .collect()
}

fn group(delimiter: Delimiter, tokens: TokenStream, span: Span) -> TokenTree {
    let mut group = Group::new(delimiter, tokens);
    group.set_span(span);
    TokenTree::Group(group)
}

/// `const _: () = (report)(&outcome);`
///
/// The two pairs of parentheses carry the spans of the first and the last token, so that an error in this call underlines
/// all between them. The tokens inside have none: an editor must find the user's own there.
pub(super) fn report(outcome: &TokenStream, place: Place) -> TokenStream {
    let function = group(Delimiter::Parenthesis, quote!(__addax::report), place.first);
    let arguments = group(Delimiter::Parenthesis, quote!(&#outcome), place.last);
    quote!(const _: () = #function #arguments;)
}

fn uses_one_or_two(context: &Context<'_>) -> bool {
    context.layers().any(|(_, layer)| {
        layer
            .construction
            .as_ref()
            .is_some_and(|construction| construction.one_or_two)
    })
}

/// One number or two, told apart by their type, which the macro does not see.
fn one_or_two() -> TokenStream {
    quote! {
        struct __OneOrTwo<T>(T);
        impl __OneOrTwo<usize> {
            const fn height_and_width(self) -> [usize; 2] {
                [self.0, self.0]
            }
        }
        impl __OneOrTwo<[usize; 2]> {
            const fn height_and_width(self) -> [usize; 2] {
                self.0
            }
        }
        impl __OneOrTwo<(usize, usize)> {
            const fn height_and_width(self) -> [usize; 2] {
                [self.0.0, self.0.1]
            }
        }
    }
}
