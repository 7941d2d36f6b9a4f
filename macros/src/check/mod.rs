//! From what was written to what will be emitted: layers with their names, and the calls that connect them.
//!
//! A list is a graph in which each call takes what the one before it gives. From here on there are only graphs.

mod ends;
mod generics;
mod graph;
mod layers;
mod list;
mod ports;
mod scope;
mod suggest;
mod unknown;

use crate::ast::{Body, Layer, Limit, Name, Network, Port, Step};
use crate::errors::{Errors, Place};
use crate::sugar::{self, Construction};
use proc_macro2::{Ident, Span, TokenStream};
use syn::{Generics, Path, Visibility};

/// A network that is ready to be emitted.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) attributes: Vec<TokenStream>,
    pub(crate) silenced: Vec<Ident>,
    pub(crate) visibility: Visibility,
    pub(crate) name: Name,
    pub(crate) generics: Generics,
    pub(crate) inputs: Vec<Port>,
    pub(crate) outputs: Vec<Port>,
    pub(crate) budget: Vec<Limit>,
    pub(crate) wiring: Wiring,
    /// Arguments that may be names of options of which the rest is still to be typed, with the layer's type.
    pub(crate) half_typed: Vec<(Path, Ident)>,
    /// Nothing is missing, so that the network could run.
    pub(crate) complete: bool,
    /// No mistake has been found, so that warnings do not stand beside errors.
    pub(crate) faultless: bool,
}

/// The layers, and how values flow through them.
#[derive(Debug, Default)]
pub(crate) struct Wiring {
    /// In the order in which they first run.
    pub(crate) layers: Vec<PlannedLayer>,
    /// In the order in which they run. Each layer has at least one.
    pub(crate) calls: Vec<PlannedCall>,
    /// Where each output comes from.
    pub(crate) outputs: Vec<Source>,
    /// The lines of a graph as the user wrote them, for editors.
    pub(crate) lines: Vec<Line>,
}

/// `let x = ..;`, with the names in it.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) name: Ident,
    pub(crate) mentioned: Vec<Ident>,
    pub(crate) bound: Bound,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound {
    Value(Source),
    /// A layer that is not applied. In a line of the plan it is the number of the layer; in the scope, its place among all
    /// that are written.
    Layer(usize),
}

/// A layer with its name.
#[derive(Debug)]
pub(crate) struct PlannedLayer {
    pub(crate) docs: Vec<TokenStream>,
    /// The field in the struct of layers, with a span of the macro's own: an editor shows each use of a user's token.
    pub(crate) field: Ident,
    /// The label, which is the field's place where it is defined.
    pub(crate) defined_at: Span,
    pub(crate) path: Path,
    /// The layer as messages show it.
    pub(crate) text: String,
    pub(crate) place: Place,
    /// `None` if its arguments could not be understood: what it gives is unknown then.
    pub(crate) construction: Option<Construction>,
    /// The call that says which parameters it has.
    pub(crate) first_call: usize,
}

/// A layer applied to values. A layer that is bound once may be called several times.
#[derive(Debug)]
pub(crate) struct PlannedCall {
    pub(crate) layer: usize,
    /// `None` if nothing is known of them, not even how many there are.
    pub(crate) inputs: Option<Vec<Source>>,
    /// The call as messages show it.
    pub(crate) text: String,
    pub(crate) place: Place,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    Input(usize),
    Call(usize),
    /// From something that could not be understood.
    Unknown,
}

impl Wiring {
    /// Adds a call of a layer that has not been called before, and the layer with it.
    fn call_first(
        &mut self,
        mut layer: PlannedLayer,
        inputs: Option<Vec<Source>>,
        text: String,
        place: Place,
    ) -> Source {
        layer.first_call = self.calls.len();
        self.layers.push(layer);
        self.call(self.layers.len() - 1, inputs, text, place)
    }

    /// Adds a call of a layer that is there.
    fn call(
        &mut self,
        layer: usize,
        inputs: Option<Vec<Source>>,
        text: String,
        place: Place,
    ) -> Source {
        self.calls.push(PlannedCall {
            layer,
            inputs,
            text,
            place,
        });
        Source::Call(self.calls.len() - 1)
    }

    /// Whether every layer and every value is known.
    fn is_complete(&self) -> bool {
        let is_known = |source: &Source| *source != Source::Unknown;
        let has_inputs = |call: &PlannedCall| {
            call.inputs
                .as_ref()
                .is_some_and(|inputs| inputs.iter().all(is_known))
        };
        !self.layers.is_empty()
            && self.layers.iter().all(|layer| layer.construction.is_some())
            && self.calls.iter().all(has_inputs)
            && self.outputs.iter().all(is_known)
    }
}

/// Checks what concerns more than one token.
pub(crate) fn network(network: Network, errors: &mut Errors) -> Plan {
    let Network {
        attributes,
        silenced,
        visibility,
        name,
        generics,
        inputs,
        outputs,
        budget,
        body,
    } = network;
    let mut inputs = ports::different(inputs, "input", errors);
    let mut outputs = ports::different(outputs, "output", errors);
    generics::header(&mut inputs, &generics, errors);
    generics::header(&mut outputs, &generics, errors);
    generics::ports(&mut inputs, &generics, errors);
    generics::ports(&mut outputs, &generics, errors);
    let is_graph = matches!(body, Body::Graph(_));
    let half_typed = half_typed(&body);
    let mut wiring = match body {
        Body::List(steps, braces) => {
            if steps.is_empty() && errors.len() == 0 {
                errors.push_help(
                    braces,
                    "a network has at least one layer",
                    "write one in the braces: `Dense(10)`",
                );
            }
            list::wiring(steps, errors)
        }
        Body::Graph(graph) => graph::wiring(graph, &inputs, &outputs, errors),
        Body::Unreadable => Wiring::default(),
    };
    generics::lines(&mut wiring, &generics, errors);
    ports::need_a_name(&name, &inputs, &outputs, errors);
    if let Name::Named(name) = &name {
        refuse_itself(name, &mut wiring, errors);
    }
    let is_known = |port: &Port| port.shape.is_some() && (port.name.is_some() || !is_graph);
    let complete =
        inputs.iter().chain(&outputs).all(is_known) && !inputs.is_empty() && wiring.is_complete();
    // A network that cannot run must not compile. Why it cannot has been said, and if not, that is a slip of ours.
    if !complete && errors.len() == 0 {
        errors.push(Span::call_site(), "this network was not understood");
    }
    Plan {
        attributes,
        silenced,
        visibility,
        name,
        generics,
        inputs,
        outputs,
        budget,
        wiring,
        half_typed,
        complete,
        faultless: errors.len() == 0,
    }
}

fn half_typed(body: &Body) -> Vec<(Path, Ident)> {
    let layers: Vec<&Layer> = match body {
        Body::List(steps, _) => steps
            .iter()
            .filter_map(|step| match step {
                Step::Layer(layer) => Some(layer),
                Step::Hole => None,
            })
            .collect(),
        Body::Graph(graph) => graph.layers.iter().collect(),
        Body::Unreadable => Vec::new(),
    };
    layers
        .into_iter()
        .flat_map(|layer| {
            let words = sugar::half_typed(layer).into_iter();
            words.map(|word| (layer.path.clone(), word))
        })
        .collect()
}

/// `Block: 8 => 8 { Block() }`
fn refuse_itself(name: &Ident, wiring: &mut Wiring, errors: &mut Errors) {
    for layer in &mut wiring.layers {
        if layer.path.is_ident(name) {
            errors.push_help(
                layer.place,
                format!("`{name}` cannot be a layer of itself"),
                "take it out; what is repeated is a network of its own: `3 * Block()`",
            );
            // As a type it would be infinitely large.
            layer.path = syn::parse_quote!(::addax::layers::Flatten);
            layer.construction = None;
        }
    }
}
