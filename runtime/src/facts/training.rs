//! The bytes that training takes: the blueprint as the plan of a step sees it.

use super::{Blueprint, Facts, facts_of};
use crate::plan::{
    List, Node, Part, Wiring, block_len, most_buffers, most_calls, numbers, only_output,
};

/// The bytes of memory for numbers that training a network on the CPU takes, with batches of `batch` samples.
///
/// `network!` also puts it on the network's own type, as `Letters::train_bytes(128)`. It is exactly what the plan of a
/// step reserves, because that is made with the same functions. Counted are
/// - the parameters, each from a whole cache line of 64 bytes on, and
/// - everything that the plan of a training step allocates: the values between the layers and their gradients, the gradients
///   of the parameters (once for each of the up to 16 shares of a batch that threads take, once for the batch where a layer
///   is large, and one room in turn for all layers that are so large that they are updated at once), the weights in the
///   order that the kernels like, and room to work in. Of that there is as much for each share, but only what threads use
///   takes memory: with fewer threads than shares less than is reserved.
///
/// Not counted are the data set, what the optimizer remembers (for each number per weight, such as the two of `Adam`, as much
/// as the parameters take), copies of the weights that `fit` or a callback keeps, the plans of `evaluate` and `predict`, and
/// lists whose length does not depend on the batch. What functions over dfdx tensors allocate while they run (`Lambda` and
/// [`TapeOp`](crate::tape::TapeOp)) is not counted either.
///
/// It is `None` if a layer does not say what it asks for: one of your own says it with
/// [`Outcome::with_demand`](crate::shape::Outcome::with_demand), and all of Addax do, but for images or kernels of 2^29 numbers
/// and more. It is `None` as well for a network of very many calls (several hundred of them), for one that does not fit, and
/// for more bytes than a `usize` counts.
///
/// # Examples
/// ```
/// use addax::facts::train_bytes;
/// use addax::prelude::*;
///
/// network! {
///     /// The letters lesson.
///     pub Letters: (28, 28, 1) => 10 {
///         Conv2D(16, 3, activation = relu),
///         MaxPooling2D(),
///         Flatten(),
///         Dense(10, activation = softmax),
///     }
/// }
///
/// /// Less than 32 MB for batches of 128.
/// const BYTES: usize = Letters::train_bytes(128).unwrap();
/// const _: () = assert!(BYTES < 32 << 20);
///
/// # fn main() {
/// assert_eq!(train_bytes::<Letters>(128), Some(BYTES));
/// // Each thread takes a few samples at a time through this network, so larger batches need no more.
/// assert_eq!(Letters::train_bytes(1024), Some(BYTES));
/// # }
/// ```
pub const fn train_bytes<N: Facts>(batch: usize) -> Option<usize> {
    facts_of::<N>().train_bytes(batch)
}

/// A network with the layers of its inner networks in their places, while it is put together.
struct Flat<'a> {
    nodes: List<'a, Node>,
    connections: List<'a, usize>,
    /// The value in the whole network of each value of each call of a network.
    values: List<'a, usize>,
    /// How many inputs the whole network has.
    inputs: usize,
}

/// How much room a flat network needs.
#[derive(Clone, Copy)]
struct Room {
    calls: usize,
    connections: usize,
    values: usize,
}

const fn larger(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

impl Blueprint {
    /// See [`train_bytes`].
    pub const fn train_bytes(&self, batch: usize) -> Option<usize> {
        if !self.fits() {
            return None;
        }
        let Some(room) = self.room() else {
            return None;
        };
        let values = (self.inputs.len(), room.calls);
        let buffers = most_buffers(values, room.connections, self.outputs.len());
        let calls = most_calls(room.calls, self.outputs.len());
        let most = larger(room.values, larger(buffers, calls));
        // The room for the lists is part of a function's type.
        let numbers = match most {
            ..=64 => self.train_numbers::<64>(batch),
            65..=256 => self.train_numbers::<256>(batch),
            257..=1024 => self.train_numbers::<1024>(batch),
            1025..=2048 => self.train_numbers::<2048>(batch),
            _ => None,
        };
        match numbers {
            Some(numbers) => numbers.checked_mul(size_of::<f32>()),
            None => None,
        }
    }

    /// Large lists stand on the stack if a program asks: only those that are needed.
    #[inline(never)]
    const fn train_numbers<const N: usize>(&self, batch: usize) -> Option<usize> {
        let mut nodes = [Node::EMPTY; N];
        let (mut connections, mut values) = ([0; N], [0; N]);
        let mut flat = Flat {
            nodes: List::new(&mut nodes),
            connections: List::new(&mut connections),
            values: List::new(&mut values),
            inputs: self.inputs.len(),
        };
        let mut inputs = [0; N];
        let mut i = 0;
        while i < self.inputs.len() {
            inputs[i] = self.inputs[i].1.size();
            flat.values.push(i);
            i += 1;
        }
        self.lay_flat(0, 0, &mut flat);
        let mut outputs = [0; N];
        let mut i = 0;
        while i < self.outputs.len() {
            outputs[i] = flat.values.items()[self.outputs[i].1];
            i += 1;
        }
        let outputs = outputs.split_at(self.outputs.len()).0;
        // A loss computes the last activation together with itself.
        let mut i = 0;
        while i < flat.nodes.len() {
            let value = self.inputs.len() + i;
            let node = &mut flat.nodes.items_mut()[i];
            if node.demand.is_function
                && only_output(flat.connections.items(), outputs, value).is_some()
            {
                node.demand.is_view = true;
            }
            i += 1;
        }
        let wiring = Wiring {
            inputs: inputs.split_at(self.inputs.len()).0,
            nodes: flat.nodes.items(),
            connections: flat.connections.items(),
            outputs,
        };
        match numbers::<N>(&wiring, batch) {
            Some(numbers) => numbers.checked_add(self.parameter_places()),
            None => None,
        }
    }

    /// Adds the calls of this network, whose inputs are in their places from `first` on. Its layers are numbered from
    /// `layer` on.
    const fn lay_flat(&self, first: usize, layer: usize, flat: &mut Flat<'_>) {
        let calls = first + self.inputs.len();
        let mut i = 0;
        while i < self.calls.len() {
            flat.values.push(usize::MAX);
            i += 1;
        }
        let mut i = 0;
        while i < self.calls.len() {
            let call = &self.calls[i];
            let layer = layer + self.layers_before(call.layer);
            let value = match call.outcome.network() {
                Some(inner) => {
                    let start = flat.values.len();
                    let mut input = 0;
                    while input < call.inputs.len() {
                        let value = flat.values.items()[first + call.inputs[input]];
                        flat.values.push(value);
                        input += 1;
                    }
                    inner.blueprint.lay_flat(start, layer, flat);
                    flat.values.items()[start + inner.blueprint.outputs[0].1]
                }
                None => {
                    let start = flat.connections.len();
                    let mut input = 0;
                    while input < call.inputs.len() {
                        let value = flat.values.items()[first + call.inputs[input]];
                        flat.connections.push(value);
                        input += 1;
                    }
                    let Some(demand) = call.outcome.demand() else {
                        panic!("networks with silent layers have been left out");
                    };
                    let node = flat.nodes.push(Node {
                        layer,
                        size: call.shape.size(),
                        trained: block_len(self.first_call(call.layer).outcome, true),
                        inputs: Part {
                            start,
                            end: flat.connections.len(),
                        },
                        demand,
                    });
                    flat.inputs + node
                }
            };
            flat.values.items_mut()[calls + i] = value;
            i += 1;
        }
    }

    /// How many layers the layers before this one are, those of inner networks counted one by one.
    const fn layers_before(&self, layer: usize) -> usize {
        let mut layers = 0;
        let mut i = 0;
        while i < layer {
            layers += match self.first_call(i).outcome.network() {
                Some(inner) => inner.blueprint.layers_before(inner.blueprint.layers.len()),
                None => 1,
            };
            i += 1;
        }
        layers
    }

    /// The room that the network needs, or `None` if a layer does not say what it asks for.
    const fn room(&self) -> Option<Room> {
        let mut room = Room {
            calls: 0,
            connections: 0,
            values: self.inputs.len() + self.calls.len(),
        };
        let mut i = 0;
        while i < self.calls.len() {
            let outcome = self.calls[i].outcome;
            match outcome.network() {
                Some(inner) => match inner.blueprint.room() {
                    Some(inner) => {
                        room.calls += inner.calls;
                        room.connections += inner.connections;
                        room.values += inner.values;
                    }
                    None => return None,
                },
                None if outcome.demand().is_none() => return None,
                None => {
                    room.calls += 1;
                    room.connections += self.calls[i].inputs.len();
                }
            }
            i += 1;
        }
        Some(room)
    }

    /// The places of all parameters: each begins on a cache line.
    const fn parameter_places(&self) -> usize {
        let mut places = 0;
        let mut layer = 0;
        while layer < self.layers.len() {
            let outcome = self.first_call(layer).outcome;
            places += match outcome.network() {
                Some(inner) => inner.blueprint.parameter_places(),
                None => block_len(outcome, false),
            };
            layer += 1;
        }
        places
    }
}
