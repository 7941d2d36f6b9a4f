//! The constants that rustc computes the shapes with.
//!
//! For each layer there is the layer itself, what its shape rule says of it, and the shape it gives.

use super::{Context, numbered, start, transplant};
use crate::ast::Shape;
use crate::check::PlannedLayer;
use crate::errors::Place;
use crate::sugar::Call;
use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

/// The constants, and what the shape rules have to say.
pub(super) fn consts(context: &Context<'_>) -> TokenStream {
    let one_or_two = uses_one_or_two(context).then(one_or_two);
    let input = match &context.plan.input {
        Some(shape) => {
            let shape = sizes(context, shape);
            quote!(#shape.named("the input"))
        }
        None => quote!(__addax::Shape::UNKNOWN),
    };
    let layers = context
        .layers()
        .map(|(i, layer)| layer_consts(context, i, layer));
    let last = context.shape_before(context.plan.steps.len());
    let declared = match &context.plan.output {
        Some(shape) => sizes(context, shape),
        None => last.clone(),
    };
    let report = context
        .plan
        .output
        .as_ref()
        .map(|shape| report(&quote!(__OUTPUT), shape.place));
    quote! {
        #one_or_two
        const __INPUT: __addax::Shape = #input;
        #(#layers)*
        const __DECLARED: __addax::Shape = #declared;
        const __OUTPUT: __addax::Outcome = __addax::declared(#last, __DECLARED);
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

fn layer_consts(context: &Context<'_>, i: usize, planned: &PlannedLayer) -> TokenStream {
    let alias = numbered("__Layer", i);
    let layer = numbered("__LAYER", i);
    let outcome = numbered("__OUTCOME", i);
    let shape = numbered("__SHAPE", i);
    let text = &planned.text;
    let before = context.shape_before(i);
    let rule = match &planned.call {
        Some(call) => {
            let value = transplant(value(&alias, planned, call), &context.this);
            let output = located(&alias, "output", planned.place.first);
            let report = report(&outcome.to_token_stream(), planned.place);
            // With every option there is given by name, `new` gives nothing: only Clippy minds.
            let allow = (!call.positional && !call.fields.is_empty())
                .then(|| quote!(#[allow(clippy::needless_update)]));
            quote! {
                #allow
                const #layer: #alias = {
                    use ::addax::words::*;
                    #value
                };
                const #outcome: __addax::Outcome = #output(&#layer, &[#before]);
                #report
            }
        }
        None => quote! {
            const #outcome: __addax::Outcome = __addax::Outcome::ok(__addax::Shape::UNKNOWN);
        },
    };
    quote! {
        #rule
        const #shape: __addax::Shape = #outcome.shape(#text);
    }
}

/// `Dense { activation: relu, ..Dense::new(64) }`
fn value(alias: &Ident, layer: &PlannedLayer, call: &Call) -> TokenStream {
    let arguments = &call.new;
    let new = if call.positional {
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
    // rustc suggests a field only where the struct's name comes from the user.
    let mut name = alias.clone();
    name.set_span(start(layer.place.first));
    quote!(#name #fields)
}

/// `<Alias>::function`, at the layer's name: that is where rustc reports arguments that do not fit.
///
/// From the `<` on all of the name is underlined. The names in it are only near the user's: see [`start`].
fn located(alias: &Ident, function: &str, span: Span) -> TokenStream {
    let function = Ident::new(function, start(span));
    let mut open = Punct::new('<', Spacing::Alone);
    open.set_span(span);
    quote!(#open #alias>::#function)
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
fn report(outcome: &TokenStream, place: Place) -> TokenStream {
    let function = group(Delimiter::Parenthesis, quote!(__addax::report), place.first);
    let arguments = group(Delimiter::Parenthesis, quote!(&#outcome), place.last);
    quote!(const _: () = #function #arguments;)
}

fn uses_one_or_two(context: &Context<'_>) -> bool {
    context
        .layers()
        .any(|(_, layer)| layer.call.as_ref().is_some_and(|call| call.one_or_two))
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
