//! Every layer gets its name, and its arguments their places.

use super::PlannedLayer;
use crate::ast::Layer;
use crate::errors::Errors;
use crate::names::Names;
use crate::sugar::{self, Construction};
use crate::text;
use proc_macro2::{Ident, Span};

/// The layers, in the order in which they are written, each as often as it says.
pub(super) fn planned(mut layers: Vec<Layer>, errors: &mut Errors) -> Vec<PlannedLayer> {
    // The arguments first: one of them may hold the layer's name, `name = "hidden"`.
    let constructions: Vec<_> = layers
        .iter_mut()
        .map(|layer| sugar::construction(layer, errors))
        .collect();
    let mut names = Names::default();
    claim_labels(&mut layers, &mut names, errors);
    layers
        .into_iter()
        .zip(constructions)
        .flat_map(|(layer, construction)| repeated(&layer, construction.as_ref(), &mut names))
        .collect()
}

/// One layer, or one behind the other with names of their own: `hidden`, `hidden_1`, `hidden_2`.
fn repeated(
    layer: &Layer,
    construction: Option<&Construction>,
    names: &mut Names,
) -> Vec<PlannedLayer> {
    let kind = layer.kind().map(Ident::to_string).unwrap_or_default();
    (0..layer.times)
        .map(|i| {
            let mut field = match &layer.label {
                Some(label) if i == 0 => label.clone(),
                Some(label) => names.numbered(label),
                None => names.automatic(&kind),
            };
            let defined_at = field.span();
            field.set_span(Span::call_site());
            PlannedLayer {
                text: text::layer(layer),
                place: layer.place(),
                field,
                defined_at,
                docs: layer.docs.clone(),
                path: layer.path.clone(),
                construction: construction.cloned(),
                first_call: 0,
            }
        })
        .collect()
}

/// What the user named keeps its name; the automatic names give way, also those of layers that stand before it.
fn claim_labels(layers: &mut [Layer], names: &mut Names, errors: &mut Errors) {
    for layer in layers {
        if let Some(label) = &layer.label
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
