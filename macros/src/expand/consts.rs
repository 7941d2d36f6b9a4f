//! The constants that rustc computes the shapes with.
//!
//! For each layer there is the layer itself, what its shape rule says of it, and the shape it gives. They are associated
//! constants of the network, so that `Self::SIDE` in a size is the user's own.

use super::{Context, numbered};
use crate::ast::Shape;
use crate::check::{PlannedLayer, PlannedStep};
use crate::errors::Place;
use crate::sugar::Call;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

/// The layers' types and the constants.
pub(super) fn consts(context: &Context<'_>) -> TokenStream {
    let this = &context.this;
    let aliases = context.layers().map(|(i, layer)| {
        let alias = numbered("__Layer", i);
        let path = &layer.path;
        // The only place where the user's path stands: a slip in it is one error.
        quote!(type #alias = #path;)
    });
    let pair = uses_pair(context).then(pair);
    let input = match &context.plan.input {
        Some(shape) => {
            let shape = sizes(shape);
            quote!(#shape.named("the input"))
        }
        None => quote!(__addax::Shape::UNKNOWN),
    };
    let layers = context
        .layers()
        .map(|(i, layer)| layer_consts(context, i, layer));
    let last = match context.plan.steps.len().checked_sub(1) {
        Some(last) => context.shape_after(last),
        None => quote!(<#this>::__INPUT),
    };
    let declared = match &context.plan.output {
        Some(shape) => sizes(shape),
        None => last.clone(),
    };
    quote! {
        #(#aliases)*
        #pair
        impl #this {
            const __INPUT: __addax::Shape = #input;
            #(#layers)*
            const __DECLARED: __addax::Shape = #declared;
            const __OUTPUT: __addax::Outcome = __addax::declared(#last, <#this>::__DECLARED);
        }
    }
}

fn sizes(shape: &Shape) -> TokenStream {
    let sizes = &shape.sizes;
    quote!(__addax::Shape::new([#(#sizes),*]))
}

fn layer_consts(context: &Context<'_>, i: usize, planned: &PlannedLayer) -> TokenStream {
    let this = &context.this;
    let alias = numbered("__Layer", i);
    let layer = numbered("__LAYER", i);
    let outcome = numbered("__OUTCOME", i);
    let shape = numbered("__SHAPE", i);
    let text = &planned.text;
    let before = context.shape_before(i);
    let rule = match &planned.call {
        Some(call) => {
            let value = value(&alias, planned, call);
            let output = located(&alias, "output", planned.place.first);
            quote! {
                const #layer: #alias = {
                    #[allow(unused_imports)]
                    use ::addax::words::*;
                    #value
                };
                const #outcome: __addax::Outcome = #output(&<#this>::#layer, &[#before]);
            }
        }
        None => quote! {
            const #outcome: __addax::Outcome = __addax::Outcome::ok(__addax::Shape::UNKNOWN);
        },
    };
    quote! {
        #rule
        const #shape: __addax::Shape = <#this>::#outcome.shape(#text);
    }
}

/// `Dense { activation: relu, ..Dense::new(64) }`
fn value(alias: &Ident, layer: &PlannedLayer, call: &Call) -> TokenStream {
    let new = located(alias, "new", layer.place.first);
    let arguments = &call.new;
    let new = {
        let arguments = group(
            Delimiter::Parenthesis,
            quote!(#(#arguments),*),
            layer.place.last,
        );
        quote!(#new #arguments)
    };
    if call.fields.is_empty() {
        return new;
    }
    let fields = call
        .fields
        .iter()
        .map(|(name, value)| quote!(#name: #value));
    let fields = group(
        Delimiter::Brace,
        quote!(#(#fields,)* ..#new),
        layer.place.last,
    );
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

fn uses_pair(context: &Context<'_>) -> bool {
    let mentions = |tokens: &TokenStream| {
        tokens
            .clone()
            .into_iter()
            .next()
            .is_some_and(|token| token.to_string() == "__Pair")
    };
    context.layers().any(|(_, layer)| match &layer.call {
        Some(call) => call
            .new
            .iter()
            .chain(call.fields.iter().map(|(_, value)| value))
            .any(|v| mentions(v)),
        None => false,
    })
}

/// One number or two, told apart by their type, which the macro does not see.
fn pair() -> TokenStream {
    quote! {
        struct __Pair<T>(T);
        impl __Pair<usize> {
            const fn sizes(self) -> [usize; 2] {
                [self.0, self.0]
            }
        }
        impl __Pair<[usize; 2]> {
            const fn sizes(self) -> [usize; 2] {
                self.0
            }
        }
        impl __Pair<(usize, usize)> {
            const fn sizes(self) -> [usize; 2] {
                [self.0.0, self.0.1]
            }
        }
    }
}

/// What the shape rules have to say, as compile errors at the user's own tokens.
///
/// These are free constants outside of any block: only such are always evaluated, and rustc calls them `_`.
pub(super) fn reports(context: &Context<'_>) -> Vec<TokenStream> {
    let this = &context.this;
    let mut reports = Vec::new();
    for (i, step) in context.plan.steps.iter().enumerate() {
        if let PlannedStep::Layer(layer) = step
            && layer.call.is_some()
        {
            let outcome = numbered("__OUTCOME", i);
            reports.push(report(&quote!(<#this>::#outcome), layer.place));
        }
    }
    if let Some(output) = &context.plan.output {
        reports.push(report(&quote!(<#this>::__OUTPUT), output.place));
    }
    reports
}

/// `(report)(&outcome)`: the two pairs of parentheses carry the spans of the first and the last token, so that an error
/// in this call underlines all between them. The tokens inside have none: an editor must find the user's own there.
fn report(outcome: &TokenStream, place: Place) -> TokenStream {
    let function = group(
        Delimiter::Parenthesis,
        quote!(::addax::__private::report),
        place.first,
    );
    let arguments = group(Delimiter::Parenthesis, quote!(&#outcome), place.last);
    let call: TokenStream = [function, arguments].into_iter().collect();
    let call = call.into_token_stream();
    quote!(const _: () = #call;)
}
