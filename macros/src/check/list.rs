//! A list of layers: each takes what the one before it gives.

use super::{Source, Wiring, layers};
use crate::ast::Step;
use crate::errors::Errors;

/// The calls of a list.
pub(super) fn wiring(steps: Vec<Step>, errors: &mut Errors) -> Wiring {
    let mut layers = Vec::new();
    // How many layers each step is; `None` for a hole.
    let counts: Vec<Option<usize>> = steps
        .into_iter()
        .map(|step| match step {
            Step::Layer(layer) => {
                let count = layer.times;
                layers.push(layer);
                Some(count)
            }
            Step::Hole => None,
        })
        .collect();
    let mut layers = layers::planned(layers, errors).into_iter();
    let mut wiring = Wiring::default();
    let mut value = Source::Input(0);
    for count in counts {
        let Some(count) = count else {
            value = Source::Unknown;
            continue;
        };
        for layer in layers.by_ref().take(count) {
            let (text, place) = (layer.text.clone(), layer.place);
            value = wiring.call_first(layer, Some(vec![value]), text, place);
        }
    }
    wiring.outputs.push(value);
    wiring
}
