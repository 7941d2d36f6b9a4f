//! From what was written to what will be emitted: every layer gets its name and its arguments their places.

use crate::ast::{Body, Layer, Name, Network, Shape, Step};
use crate::errors::{Errors, Place};
use crate::names::Names;
use crate::sugar::{self, Call};
use crate::text;
use proc_macro2::{Ident, Span, TokenStream};
use syn::{Generics, Path, Visibility};

/// A network that is ready to be emitted.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) attributes: Vec<TokenStream>,
    pub(crate) visibility: Visibility,
    pub(crate) name: Name,
    pub(crate) generics: Generics,
    pub(crate) input: Option<Shape>,
    pub(crate) output: Option<Shape>,
    pub(crate) steps: Vec<PlannedStep>,
    /// Arguments that may be names of options of which the rest is still to be typed, with the layer's type.
    pub(crate) half_typed: Vec<(Path, Ident)>,
    /// Nothing is missing, so that the network could run.
    pub(crate) complete: bool,
}

/// One place in the chain of shapes.
#[derive(Debug)]
pub(crate) enum PlannedStep {
    Layer(PlannedLayer),
    /// What comes out of this is unknown.
    Hole,
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
    pub(crate) call: Option<Call>,
}

/// Checks what concerns more than one token.
pub(crate) fn network(network: Network, errors: &mut Errors) -> Plan {
    let half_typed = match &network.body {
        Body::List(steps, _) => half_typed(steps),
        Body::Unreadable => Vec::new(),
    };
    let steps = match network.body {
        Body::List(steps, braces) => {
            if steps.is_empty() && errors.len() == 0 {
                errors.push_help(
                    braces,
                    "a network has at least one layer",
                    "write one in the braces: `Dense(10)`",
                );
            }
            plan_steps(steps, errors)
        }
        Body::Unreadable => Vec::new(),
    };
    let is_planned =
        |step: &PlannedStep| matches!(step, PlannedStep::Layer(PlannedLayer { call: Some(_), .. }));
    let complete = network.input.is_some()
        && network.output.is_some()
        && !steps.is_empty()
        && steps.iter().all(is_planned);
    // A network that cannot run must not compile. Why it cannot has been said, and if not, that is a slip of ours.
    if !complete && errors.len() == 0 {
        errors.push(Span::call_site(), "this network was not understood");
    }
    Plan {
        half_typed,
        complete,
        attributes: network.attributes,
        visibility: network.visibility,
        name: network.name,
        generics: network.generics,
        input: network.input,
        output: network.output,
        steps,
    }
}

fn half_typed(steps: &[Step]) -> Vec<(Path, Ident)> {
    let layers = steps.iter().filter_map(|step| match step {
        Step::Layer(layer) => Some(layer),
        Step::Hole => None,
    });
    layers
        .flat_map(|layer| {
            let words = sugar::half_typed(layer).into_iter();
            words.map(|word| (layer.path.clone(), word))
        })
        .collect()
}

fn plan_steps(mut steps: Vec<Step>, errors: &mut Errors) -> Vec<PlannedStep> {
    // The arguments first: one of them may hold the layer's name, `name = "hidden"`.
    let calls: Vec<_> = steps
        .iter_mut()
        .map(|step| match step {
            Step::Layer(layer) => sugar::call(layer, errors),
            Step::Hole => None,
        })
        .collect();
    let mut names = Names::default();
    claim_labels(&mut steps, &mut names, errors);
    steps
        .into_iter()
        .zip(calls)
        .map(|(step, call)| match step {
            Step::Layer(layer) => PlannedStep::Layer(plan_layer(layer, call, &mut names)),
            Step::Hole => PlannedStep::Hole,
        })
        .collect()
}

/// What the user named keeps its name; the automatic names give way, also those of layers that stand before it.
fn claim_labels(steps: &mut [Step], names: &mut Names, errors: &mut Errors) {
    for step in steps {
        if let Step::Layer(layer) = step
            && let Some(label) = &layer.label
            && !names.claim(label)
        {
            errors.push_help(
                label.span(),
                format!("two layers are called `{label}`"),
                "give one of them another name",
            );
            layer.label = None;
        }
    }
}

fn plan_layer(layer: Layer, call: Option<Call>, names: &mut Names) -> PlannedLayer {
    let kind = layer.kind().map(Ident::to_string).unwrap_or_default();
    let mut field = match &layer.label {
        Some(label) => label.clone(),
        None => names.automatic(&kind),
    };
    let defined_at = field.span();
    field.set_span(Span::call_site());
    PlannedLayer {
        text: text::layer(&layer),
        place: layer.place(),
        field,
        defined_at,
        docs: layer.docs,
        path: layer.path,
        call,
    }
}
