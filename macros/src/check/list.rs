//! A list of layers: each takes what the one before it gives.

use super::{Source, Wiring, layers};
use crate::ast::Step;
use crate::errors::Errors;

/// The calls of a list.
pub(super) fn wiring(steps: Vec<Step>, errors: &mut Errors) -> Wiring {
    let mut layers = Vec::new();
    // Which steps are layers.
    let is_layer: Vec<bool> = steps
        .into_iter()
        .map(|step| match step {
            Step::Layer(layer) => {
                layers.push(layer);
                true
            }
            Step::Hole => false,
        })
        .collect();
    let mut layers = layers::planned(layers, errors).into_iter();
    let mut wiring = Wiring::default();
    let mut value = Source::Input(0);
    for is_layer in is_layer {
        let layer = if is_layer { layers.next() } else { None };
        value = layer.map_or(Source::Unknown, |layer| {
            let (text, place) = (layer.text.clone(), layer.place);
            wiring.call_first(layer, Some(vec![value]), text, place)
        });
    }
    wiring.outputs.push(value);
    wiring
}
