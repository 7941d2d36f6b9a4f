//! What the compiler knows of the network, as constants of its type.
//!
//! Only the wiring is written here. The facts are `const fn`s of it in the runtime crate, and rustc computes those that
//! somebody asks for.

use super::consts::Reports;
use super::transplant::transplant;
use super::{Context, numbered};
use crate::ast::Quantity;
use crate::check::Source;
use crate::names::plain;
use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};

/// The constants of the trait and, so that they need no import, of the type.
pub(super) fn facts(context: &Context<'_>) -> TokenStream {
    let this = &context.this;
    let parts = match context.plan.complete {
        true => Parts {
            inputs: context.plan.inputs.len(),
            has_input_rows: context.plan.inputs.iter().all(|port| port.name.is_some()),
            layers: context.layers().count(),
            calls: context.calls().count(),
            connections: context
                .calls()
                .map(|(_, call)| call.inputs.iter().flatten().count())
                .sum(),
            blueprint: blueprint(context),
        },
        false => Parts::unknown(&context.name),
    };
    // With parameters there is a table for each of their values, and rustdoc has none.
    let documentation =
        (context.plan.complete && context.parameters.is_empty()).then(|| documentation(context));
    let brackets = context.parameters.brackets();
    let traits = parts.implementation(&brackets, this);
    let constants = constants();
    quote! {
        #traits
        /// What the compiler knows of the network.
        impl #brackets #this {
            #constants
        }
        #documentation
    }
}

/// Compares what the network costs with its budget. It stands where the sizes of the layers stand, because the limits are
/// the user's as well.
pub(super) fn budget(context: &Context<'_>, reports: &mut Reports) -> TokenStream {
    let this = &context.this;
    let limits = context.plan.budget.iter().enumerate().map(|(i, limit)| {
        let (most, within) = (numbered("__LIMIT", i), numbered("__BUDGET", i));
        let value = transplant(limit.limit.to_token_stream(), context);
        let most_of = context.constant("__LIMIT", i);
        let quantity = match limit.quantity {
            Quantity::Params => quote!(Params),
            Quantity::Macs => quote!(Macs),
            Quantity::WeightBytes => quote!(WeightBytes),
            Quantity::ActivationBytes => quote!(ActivationBytes),
        };
        let at_most = limit.at_most;
        let report = reports.report(&context.constant("__BUDGET", i), limit.place);
        quote! {
            const #most: usize = #value;
            const #within: __addax::Outcome = __addax::budget(
                __addax::facts_of::<#this>(),
                __addax::Quantity::#quantity,
                #at_most,
                #most_of,
            );
            #report
        }
    });
    limits.collect()
}

/// The same for a network that was not understood: its names.
pub(super) fn fallback(context: &Context<'_>) -> TokenStream {
    let this = &context.this;
    let brackets = context.parameters.brackets();
    let traits = Parts::unknown(&context.name).implementation(&brackets, this);
    let constants = constants();
    quote! {
        #traits
        impl #brackets #this {
            #constants
        }
    }
}

/// The number of a value: first come the inputs, then what each call gives.
fn value(context: &Context<'_>, source: Source) -> Literal {
    Literal::usize_unsuffixed(match source {
        Source::Input(i) => i,
        Source::Call(i) => context.plan.inputs.len() + i,
        // Does not occur: this is written only for networks in which every value is known.
        Source::Unknown => 0,
    })
}

/// The wiring as a constant.
fn blueprint(context: &Context<'_>) -> TokenStream {
    let name = &context.name;
    let inputs = context.input_names().into_iter().enumerate();
    let inputs = inputs.map(|(i, name)| {
        let (name, shape) = (plain(&name), context.constant("__INPUT", i));
        quote!((#name, #shape))
    });
    let layers = context.layers().map(|(i, layer)| {
        let alias = context.parameters.of(&numbered("__Layer", i));
        let name = plain(&layer.field);
        let call = Literal::usize_unsuffixed(layer.first_call);
        quote!(__addax::LayerEntry { name: #name, kind: <#alias as __addax::Layer>::KIND, call: #call })
    });
    let calls = context.calls().map(|(i, call)| {
        let (outcome, shape) = (context.constant("__OUTCOME", i), context.constant("__SHAPE", i));
        let layer = Literal::usize_unsuffixed(call.layer);
        let inputs = call.inputs.iter().flatten().map(|source| value(context, *source));
        quote! {
            __addax::Call { layer: #layer, outcome: &#outcome, shape: #shape, inputs: &[#(#inputs),*] }
        }
    });
    let outputs = context.output_names().into_iter().enumerate();
    let outputs = outputs.map(|(i, name)| {
        let (name, value) = (plain(&name), value(context, context.output(i)));
        quote!((#name, #value))
    });
    quote! {
        __addax::Blueprint {
            name: #name,
            inputs: &[#(#inputs),*],
            layers: &[#(#layers),*],
            calls: &[#(#calls),*],
            outputs: &[#(#outputs),*],
        }
    }
}

/// A row for each layer in the network's documentation. rustdoc shows the lengths of arrays as numbers, and no other
/// constants in types.
fn documentation(context: &Context<'_>) -> TokenStream {
    let this = &context.this;
    let rows = context.layers().map(|(i, layer)| {
        let docs = &layer.docs;
        let text = format!(" `{}`: {}", plain(&layer.field), layer.text);
        let gap = (!docs.is_empty()).then(|| quote!(#[doc = ""]));
        let (outcome, shape) = (
            numbered("__OUTCOME", layer.first_call),
            numbered("__SHAPE", layer.first_call),
        );
        let index = Literal::usize_unsuffixed(i);
        quote! {
            #[cfg(doc)]
            #[doc = #text]
            #gap
            #(#docs)*
            impl __addax::LayerAt<#index> for #this {
                /// The shape that it gives.
                type Output = __addax::Axes<
                    [(); #shape.dim(0)],
                    [(); #shape.dim(1)],
                    [(); #shape.dim(2)],
                    [(); #shape.dim(3)],
                >;
                /// How many numbers its parameters have.
                type Params = [f32; #outcome.params(true) + #outcome.params(false)];
                /// Multiplications with an addition for one sample.
                type Macs = [(); #outcome.macs()];
            }
        }
    });
    rows.collect()
}

/// What differs between networks.
struct Parts {
    inputs: usize,
    /// In the table: the input of a list has no name there.
    has_input_rows: bool,
    layers: usize,
    calls: usize,
    /// What all calls take.
    connections: usize,
    blueprint: TokenStream,
}

/// More than any table has around its rows, for a row of it, whose cells may take five lines, and for the line of a
/// connection.
const TABLE_BYTES: usize = 2048;
const ROW_BYTES: usize = 1152;
const CONNECTION_BYTES: usize = 192;

impl Parts {
    /// For a network with mistakes: nothing is computed from it.
    fn unknown(name: &str) -> Self {
        Parts {
            inputs: 0,
            has_input_rows: false,
            layers: 0,
            calls: 0,
            connections: 0,
            blueprint: quote!(__addax::Blueprint::unknown(#name)),
        }
    }

    fn implementation(&self, parameters: &TokenStream, this: &TokenStream) -> TokenStream {
        let blueprint = &self.blueprint;
        let layers = Literal::usize_unsuffixed(self.layers);
        let values = Literal::usize_unsuffixed(self.inputs + self.calls);
        let has_input_rows = self.has_input_rows;
        let rows = match has_input_rows {
            true => self.inputs + self.layers,
            false => self.layers,
        };
        let bytes = Literal::usize_unsuffixed(
            TABLE_BYTES + ROW_BYTES * rows + CONNECTION_BYTES * self.connections,
        );
        let rows = Literal::usize_unsuffixed(rows);
        quote! {
            #[doc(hidden)]
            impl #parameters __addax::Facts for #this {
                const BLUEPRINT: __addax::Blueprint = #blueprint;
                const MIN_INPUT: ::core::option::Option<(usize, usize)> =
                    __addax::min_input::<Self, #values>();
                const REACH: __addax::Reach = __addax::reach::<Self, #values>();
                const LAYERS: &'static [__addax::LayerInfo] =
                    __addax::layers::<Self, #layers, #values>();
                const SUMMARY: &'static str = __addax::summary::<Self, #bytes>();
                const ROWS: &'static [__addax::TableRow] =
                    __addax::rows::<Self, #has_input_rows, #rows, #values>();
            }
        }
    }
}

/// The constants of the trait under the network's own name.
///
/// rustc evaluates a constant that the body of another one names, whether somebody asks for that one or not. It does not
/// evaluate what is behind the call of a generic function.
fn constants() -> TokenStream {
    quote! {
        /// How many numbers all parameters have.
        pub const PARAMS: usize = __addax::facts_of::<Self>().params();
        /// How many numbers of the parameters the optimizer changes.
        pub const TRAINABLE_PARAMS: usize = __addax::facts_of::<Self>().trainable_params();
        /// How many numbers of the parameters the optimizer leaves alone.
        pub const NON_TRAINABLE_PARAMS: usize = __addax::facts_of::<Self>().non_trainable_params();
        /// Multiplications with an addition for one sample.
        pub const MACS: usize = __addax::facts_of::<Self>().macs();
        /// The bytes of all parameters.
        pub const WEIGHT_BYTES: usize = __addax::facts_of::<Self>().weight_bytes();
        /// The bytes of the inputs and of what every layer gives, for one sample.
        pub const ACTIVATION_BYTES: usize = __addax::facts_of::<Self>().activation_bytes();
        /// The smallest (height, width) of the input for which all windows fit.
        pub const MIN_INPUT: ::core::option::Option<(usize, usize)> = __addax::min_input_of::<Self>();
        /// The layers in order.
        pub const LAYERS: &'static [__addax::LayerInfo] = __addax::layers_of::<Self>();
        /// The table of the layers, as `Model::summary` shows it.
        pub const SUMMARY: &'static str = __addax::summary_of::<Self>();
        /// The architecture as one number.
        pub const FINGERPRINT: u64 = __addax::facts_of::<Self>().fingerprint();
    }
}
