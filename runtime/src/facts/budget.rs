//! What a network may cost: the clause `budget(params < 50_000)` of `network!`.

use super::Blueprint;
use super::blueprint::bytes;
use crate::shape::{Message, Outcome, Shape};

/// What a budget can limit.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Quantity {
    /// See [`Facts::PARAMS`](super::Facts::PARAMS).
    Params,
    /// See [`Facts::MACS`](super::Facts::MACS).
    Macs,
    /// See [`Facts::WEIGHT_BYTES`](super::Facts::WEIGHT_BYTES).
    WeightBytes,
    /// See [`Facts::ACTIVATION_BYTES`](super::Facts::ACTIVATION_BYTES).
    ActivationBytes,
}

impl Quantity {
    const fn name(self) -> &'static str {
        match self {
            Quantity::Params => "params",
            Quantity::Macs => "macs",
            Quantity::WeightBytes => "weight_bytes",
            Quantity::ActivationBytes => "activation_bytes",
        }
    }

    const fn total(self, blueprint: &Blueprint) -> usize {
        match self {
            Quantity::Params => blueprint.params(),
            Quantity::Macs => blueprint.macs(),
            Quantity::WeightBytes => blueprint.weight_bytes(),
            Quantity::ActivationBytes => blueprint.activation_bytes(),
        }
    }

    const fn of_layer(self, blueprint: &Blueprint, layer: usize) -> usize {
        match self {
            Quantity::Params => blueprint.layer_params(layer),
            Quantity::Macs => blueprint.layer_macs(layer),
            Quantity::WeightBytes => bytes(blueprint.layer_params(layer)),
            Quantity::ActivationBytes => bytes(blueprint.layer_activations(layer)),
        }
    }
}

/// Compares what a network costs with what it may cost: less than `limit`, or `at_most` that.
#[doc(hidden)]
pub const fn budget(
    blueprint: &Blueprint,
    quantity: Quantity,
    at_most: bool,
    limit: usize,
) -> Outcome {
    // What a network with a mistake in it costs, nobody knows.
    if !blueprint.fits() {
        return Outcome::ok(Shape::UNKNOWN);
    }
    let total = quantity.total(blueprint);
    if total < limit || (at_most && total == limit) {
        return Outcome::ok(Shape::UNKNOWN);
    }
    let (mut heaviest, mut most) = (0, 0);
    let mut layer = 0;
    while layer < blueprint.layers.len() {
        let cost = quantity.of_layer(blueprint, layer);
        if cost > most {
            (heaviest, most) = (layer, cost);
        }
        layer += 1;
    }
    let message = Message::new("the budget is `")
        .text(quantity.name())
        .text(if at_most { " <= " } else { " < " })
        .number(limit)
        .text("`, but this network has ")
        .number(total);
    if most == 0 {
        return Outcome::error(message);
    }
    let share = (most as u128 * 100 / total as u128) as usize;
    Outcome::error(
        message
            .help("the heaviest layer is `")
            .text(blueprint.layers[heaviest].name)
            .text("`, ")
            .text(blueprint.first_call(heaviest).shape.from())
            .text(", with ")
            .number(most)
            .text(" of them (")
            .number(share)
            .text(" %)"),
    )
}
