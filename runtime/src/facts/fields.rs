//! Receptive fields, followed from the input to the output, and the smallest input, followed back.

use super::{Blueprint, Facts, LayerInfo};
use crate::shape::{Reach, Window};

/// What one number depends on.
#[derive(Clone, Copy)]
enum Field {
    /// Nobody knows.
    Unknown,
    /// No image.
    Nothing,
    /// A part of the image; its neighbours' parts lie `steps` further.
    Part { size: [usize; 2], steps: [usize; 2] },
    /// The whole image.
    All,
}

impl Field {
    /// What a number depends on that depends on both.
    const fn and(self, other: Field) -> Field {
        match (self, other) {
            (Field::Unknown, _) | (_, Field::Unknown) => Field::Unknown,
            (Field::Nothing, field) | (field, Field::Nothing) => field,
            (Field::All, _) | (_, Field::All) => Field::All,
            (Field::Part { size, steps }, Field::Part { size: s, steps: t }) => Field::Part {
                size: larger(size, s),
                steps: larger(steps, t),
            },
        }
    }

    /// What a number depends on that a layer of this reach makes.
    const fn through(self, reach: Reach) -> Field {
        match (self, reach) {
            (Field::Unknown, _) | (_, Reach::Unknown) => Field::Unknown,
            (Field::Nothing, _) => Field::Nothing,
            (Field::All, _) | (_, Reach::All) => Field::All,
            (part, Reach::Place | Reach::View) => part,
            (Field::Part { size, steps }, Reach::Window(window)) => {
                let (mut wider, mut further) = (size, steps);
                let mut axis = 0;
                while axis < 2 {
                    let more = window.size[axis].saturating_sub(1);
                    wider[axis] = size[axis].saturating_add(more.saturating_mul(steps[axis]));
                    further[axis] = steps[axis].saturating_mul(window.strides[axis]);
                    axis += 1;
                }
                Field::Part {
                    size: wider,
                    steps: further,
                }
            }
        }
    }
}

const fn larger(a: [usize; 2], b: [usize; 2]) -> [usize; 2] {
    [
        if a[0] > b[0] { a[0] } else { b[0] },
        if a[1] > b[1] { a[1] } else { b[1] },
    ]
}

impl Blueprint {
    /// The largest (height, width) of the images that the network takes; (0, 0) if it takes none.
    const fn image(&self) -> [usize; 2] {
        let mut image = [0, 0];
        let mut i = 0;
        while i < self.inputs.len() {
            let shape = self.inputs[i].1;
            if shape.rank() == 3 {
                image = larger(image, [shape.dim(0), shape.dim(1)]);
            }
            i += 1;
        }
        image
    }

    /// What a number of each of the `V` values depends on.
    const fn fields<const V: usize>(&self) -> [Field; V] {
        let mut fields = [Field::Unknown; V];
        let mut value = 0;
        while value < V {
            fields[value] = if value < self.inputs.len() {
                match self.inputs[value].1.rank() {
                    3 => Field::Part {
                        size: [1, 1],
                        steps: [1, 1],
                    },
                    _ => Field::Nothing,
                }
            } else {
                let call = &self.calls[value - self.inputs.len()];
                let mut field = Field::Nothing;
                let mut i = 0;
                while i < call.inputs.len() {
                    field = field.and(fields[call.inputs[i]]);
                    i += 1;
                }
                field.through(call.outcome.reach())
            };
            value += 1;
        }
        fields
    }
}

/// See [`Facts::LAYERS`], for a network with `L` layers and `V` values.
#[doc(hidden)]
pub const fn layers<N: Facts, const L: usize, const V: usize>() -> &'static [LayerInfo] {
    const { &layer_infos::<L, V>(&N::BLUEPRINT) }
}

const fn layer_infos<const L: usize, const V: usize>(blueprint: &Blueprint) -> [LayerInfo; L] {
    let fields = blueprint.fields::<V>();
    let mut infos = [LayerInfo {
        name: "",
        kind: "",
        output_shape: crate::shape::Shape::UNKNOWN,
        params: 0,
        non_trainable_params: 0,
        macs: 0,
        receptive_field: None,
    }; L];
    let mut layer = 0;
    while layer < L {
        let entry = &blueprint.layers[layer];
        let call = blueprint.first_call(layer);
        let image = blueprint.image();
        infos[layer] = LayerInfo {
            name: entry.name,
            kind: entry.kind,
            output_shape: call.shape,
            params: blueprint.layer_params(layer),
            non_trainable_params: call.outcome.params(false),
            macs: blueprint.layer_macs(layer),
            receptive_field: match fields[blueprint.inputs.len() + entry.call] {
                Field::Unknown | Field::Nothing => None,
                Field::Part { size, .. } => Some((size[0], size[1])),
                Field::All => Some((image[0], image[1])),
            },
        };
        layer += 1;
    }
    infos
}

/// See [`Facts::MIN_INPUT`], for a network with `V` values.
#[doc(hidden)]
pub const fn min_input<N: Facts, const V: usize>() -> Option<(usize, usize)> {
    let blueprint = &N::BLUEPRINT;
    let inputs = blueprint.inputs.len();
    let mut image = None;
    let mut i = 0;
    while i < inputs {
        if blueprint.inputs[i].1.rank() == 3 {
            if image.is_some() {
                return None;
            }
            image = Some(i);
        }
        i += 1;
    }
    let Some(image) = image else {
        return None;
    };
    // What the layers behind each value need of it, the last call first.
    let mut needed = [[1_usize; 2]; V];
    let mut call = blueprint.calls.len();
    while call > 0 {
        call -= 1;
        let places = needed[inputs + call];
        let outcome = blueprint.calls[call].outcome;
        let need = match outcome.reach() {
            Reach::Unknown => return None,
            Reach::Window(window) => [window.smallest(0, places[0]), window.smallest(1, places[1])],
            Reach::Place => places,
            // Behind these, sides are no longer sides of the same image.
            Reach::View | Reach::All => match outcome.network() {
                Some(totals) => match totals.min_input {
                    Some((height, width)) => [height, width],
                    None => [1, 1],
                },
                None => [1, 1],
            },
        };
        let mut i = 0;
        while i < blueprint.calls[call].inputs.len() {
            let input = blueprint.calls[call].inputs[i];
            let (from, to) = (blueprint.shape(input), blueprint.calls[call].shape);
            let mut axis = 0;
            while axis < 2 && from.rank() == 3 {
                // A side of 1 may be stretched to any other.
                let stretched = from.dim(axis) == 1 && to.dim(axis) != 1;
                if !stretched && need[axis] > needed[input][axis] {
                    needed[input][axis] = need[axis];
                }
                axis += 1;
            }
            i += 1;
        }
    }
    Some((needed[image][0], needed[image][1]))
}

/// What a network with one input and one output looks at when it is a layer, for a network with `V` values.
///
/// Windows one after the other are one window, as long as all of them stay inside the image, or all may leave it.
#[doc(hidden)]
pub const fn reach<N: Facts, const V: usize>() -> Reach {
    let blueprint = &N::BLUEPRINT;
    if blueprint.inputs.len() != 1 || blueprint.outputs.len() != 1 {
        return Reach::Unknown;
    }
    let (mut inside, mut padded) = (false, false);
    let mut call = 0;
    while call < blueprint.calls.len() {
        if let Reach::Window(window) = blueprint.calls[call].outcome.reach() {
            inside |= !window.padded;
            padded |= window.padded;
        }
        call += 1;
    }
    match blueprint.fields::<V>()[blueprint.outputs[0].1] {
        Field::Part { size, steps } if !(inside && padded) => Reach::Window(Window {
            size,
            strides: steps,
            padded,
        }),
        // All of a vector is all that it depends on.
        Field::All | Field::Nothing => Reach::All,
        Field::Part { .. } | Field::Unknown => Reach::Unknown,
    }
}
