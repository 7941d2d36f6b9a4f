//! The constants that rustc computes the shapes with.
//!
//! For each layer there is the layer itself, and for each call what the shape rule says of it and the shape it gives.

use super::transplant::transplant;
use super::{Context, facts, generics, numbered, start};
use crate::ast::{Port, Shape};
use crate::check::{PlannedCall, PlannedLayer, Source};
use crate::errors::Place;
use crate::keras;
use crate::names::plain;
use crate::sugar::Construction;
use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

/// The constants, and what the shape rules have to say.
pub(super) fn consts(context: &Context<'_>) -> TokenStream {
    let one_or_two = uses_one_or_two(context).then(one_or_two);
    let mut reports = Reports {
        are_constants: !context.parameters.is_empty(),
        count: 0,
    };
    let inputs = context
        .plan
        .inputs
        .iter()
        .enumerate()
        .map(|(i, port)| input(context, i, port));
    let mut constants: TokenStream = inputs.collect();
    for (i, call) in context.calls() {
        constants.extend(call_consts(context, i, call, &mut reports));
    }
    for (i, port) in context.plan.outputs.iter().enumerate() {
        constants.extend(output(context, i, port, &mut reports));
    }
    constants.extend(facts::budget(context, &mut reports));
    if !context.parameters.is_empty() {
        let (this, brackets) = (&context.this, context.parameters.brackets());
        let all = (0..reports.count).map(|i| numbered("__CHECK", i));
        // Where it is used, all of it is checked.
        constants = quote! {
            #[allow(dead_code)]
            impl #brackets #this {
                #constants
                const __CHECKS: () = { #(Self::#all;)* };
            }
        };
    }
    let checks = generics::checks(context, reports.count);
    let table = generics::table(context);
    quote! {
        #one_or_two
        #constants
        #table
        #checks
    }
}

/// The reports of a network: constants without a name, which rustc evaluates where they stand. With parameters they belong
/// to the type, and are evaluated with it.
pub(super) struct Reports {
    are_constants: bool,
    count: usize,
}

impl Reports {
    /// `const _: () = (report)(&outcome);`
    ///
    /// The two pairs of parentheses carry the spans of the first and the last token, so that an error in this call underlines
    /// all between them. The tokens inside have none: an editor must find the user's own there.
    pub(super) fn report(&mut self, outcome: &TokenStream, place: Place) -> TokenStream {
        let function = group(Delimiter::Parenthesis, quote!(__addax::report), place.first);
        let arguments = group(Delimiter::Parenthesis, quote!(&#outcome), place.last);
        let name = if self.are_constants {
            numbered("__CHECK", self.count).to_token_stream()
        } else {
            quote!(_)
        };
        self.count += 1;
        quote!(const #name: () = #function #arguments;)
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
fn output(context: &Context<'_>, i: usize, port: &Port, reports: &mut Reports) -> TokenStream {
    let (declared, outcome) = (numbered("__DECLARED", i), numbered("__OUTPUT", i));
    let declared_shape = context.constant("__DECLARED", i);
    let given = context.shape_of(context.output(i));
    let shape = match &port.shape {
        Some(shape) => sizes(context, shape),
        None => given.clone(),
    };
    let rule = match &port.name {
        Some(name) => {
            let name = name.to_string();
            quote!(__addax::declared_output(#name, #given, #declared_shape))
        }
        None => quote!(__addax::declared(#given, #declared_shape)),
    };
    let report = port
        .shape
        .as_ref()
        .map(|shape| reports.report(&context.constant("__OUTPUT", i), shape.place));
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
        .map(|size| transplant(size.to_token_stream(), context));
    quote!(__addax::Shape::new([#(#sizes),*]))
}

/// What one call gives and, if it is the first of its layer, the layer.
fn call_consts(
    context: &Context<'_>,
    i: usize,
    call: &PlannedCall,
    reports: &mut Reports,
) -> TokenStream {
    let (outcome, shape) = (numbered("__OUTCOME", i), numbered("__SHAPE", i));
    let Some((layer, is_first)) = context.layer_of(i, call) else {
        return TokenStream::new();
    };
    let definition = is_first.then(|| layer_const(context, call.layer, layer));
    let text = &call.text;
    let given = context.constant("__OUTCOME", i);
    let rule = match (&layer.construction, &call.inputs) {
        (Some(_), Some(inputs)) => {
            let rule = |output| {
                let rule = rule(context, call, inputs, layer, output);
                quote!(const #outcome: __addax::Outcome = #rule;)
            };
            let alias = context.parameters.of(&numbered("__Layer", call.layer));
            let span = layer.place.first;
            let near = located(&alias, "output", span);
            let outcome = if !is_first {
                rule(None)
            } else if is_known(layer) {
                rule(Some(near))
            } else {
                // It may have no such function. Then rustc underlines this word, which an editor must not see.
                let (exact, near) = (
                    rule(Some(at(quote!(<#alias>::output), span))),
                    rule(Some(near)),
                );
                quote! {
                    #[cfg(not(rust_analyzer))]
                    #exact
                    #[cfg(rust_analyzer)]
                    #near
                }
            };
            let report = reports.report(&context.constant("__OUTCOME", i), call.place);
            quote! {
                #outcome
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
        const #shape: __addax::Shape = #given.shape(#text);
    }
}

/// Whether it is a layer of Addax.
fn is_known(layer: &PlannedLayer) -> bool {
    let name = layer.path.get_ident().map(Ident::to_string);
    name.is_some_and(|name| keras::signature(&name).is_some())
}

/// What the layer's shape rule says of these inputs. Later calls must need the parameters of the first.
///
/// `output` is the rule, if this is the first call.
fn rule(
    context: &Context<'_>,
    call: &PlannedCall,
    inputs: &[Source],
    planned: &PlannedLayer,
    output: Option<TokenStream>,
) -> TokenStream {
    let layer = context.constant("__LAYER", call.layer);
    let inputs = inputs.iter().map(|source| context.shape_of(*source));
    if let Some(output) = output {
        return quote!(#output(&#layer, &[#(#inputs),*]));
    }
    let alias = context.parameters.of(&numbered("__Layer", call.layer));
    let first = context.constant("__OUTCOME", planned.first_call);
    let name = plain(&planned.field);
    quote!(<#alias>::output(&#layer, &[#(#inputs),*]).shared_with(&#first, #name))
}

/// The layer with its options.
fn layer_const(context: &Context<'_>, i: usize, planned: &PlannedLayer) -> Option<TokenStream> {
    let (alias, layer) = (numbered("__Layer", i), numbered("__LAYER", i));
    let construction = planned.construction.as_ref()?;
    let value = value(context, &alias, planned, construction);
    let alias = context.parameters.of(&alias);
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
fn value(
    context: &Context<'_>,
    alias: &Ident,
    layer: &PlannedLayer,
    construction: &Construction,
) -> TokenStream {
    let moved = |tokens: &TokenStream| transplant(tokens.clone(), context);
    let arguments: Vec<_> = construction.new.iter().map(moved).collect();
    let typed = context.parameters.of(alias);
    let new = if construction.positional {
        let arguments = group(
            Delimiter::Parenthesis,
            quote!(#(#arguments),*),
            layer.place.last,
        );
        let new = located(&typed, "new", layer.place.first);
        quote!(#new #arguments)
    } else {
        // Nothing in it is the user's.
        quote!(<#typed>::new(#(#arguments),*))
    };
    if construction.fields.is_empty() {
        return new;
    }
    let fields = construction.fields.iter().map(|(name, value)| {
        let value = moved(value);
        quote!(#name: #value)
    });
    let fields = group(
        Delimiter::Brace,
        quote!(#(#fields,)* ..#new),
        layer.place.last,
    );
    // rustc suggests a field only where the struct's name comes from the user.
    let name = at(context.parameters.of_value(alias), start(layer.place.first));
    quote!(#name #fields)
}

/// `<Alias>::function`, at the layer's name: that is where rustc reports arguments that do not fit.
///
/// From the `<` on all of the name is underlined. The names in it are only near the user's: see [`start`].
fn located(alias: &TokenStream, function: &str, span: Span) -> TokenStream {
    let function = Ident::new(function, start(span));
    let mut open = Punct::new('<', Spacing::Alone);
    open.set_span(span);
    quote!(#open #alias>::#function)
}

/// The tokens at another place.
fn at(tokens: TokenStream, span: Span) -> TokenStream {
    tokens
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
