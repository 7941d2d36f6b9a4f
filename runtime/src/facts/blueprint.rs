//! What a network is made of, as a constant, and the sums over it.

use crate::shape::{Outcome, Reach, Shape, Totals};

/// What a network is made of. `network!` writes it down.
///
/// Values are numbered: first the inputs, then what each call gives.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Blueprint {
    /// The network's name.
    pub name: &'static str,
    /// The inputs with their names.
    pub inputs: &'static [(&'static str, Shape)],
    /// The layers in the order in which they are declared.
    pub layers: &'static [LayerEntry],
    /// The calls in the order in which they run.
    pub calls: &'static [Call],
    /// The outputs with their names: which values they are.
    pub outputs: &'static [(&'static str, usize)],
}

/// One layer.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct LayerEntry {
    /// The name in the network: `conv2d_1`.
    pub name: &'static str,
    /// The kind: `Conv2D`.
    pub kind: &'static str,
    /// Its first call, which says what its parameters are.
    pub call: usize,
}

/// One call of a layer.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// Which layer.
    pub layer: usize,
    /// What its shape rule says.
    pub outcome: &'static Outcome,
    /// What it gives, with the user's words for the layer.
    pub shape: Shape,
    /// The values that it takes.
    pub inputs: &'static [usize],
}

impl Call {
    /// How many numbers it makes: none if they are those of its input.
    pub(super) const fn activations(&self) -> usize {
        match (self.outcome.network(), self.outcome.reach()) {
            (Some(totals), _) => totals.activations,
            (None, Reach::View) => 0,
            (None, _) => self.shape.size(),
        }
    }
}

impl Blueprint {
    /// A network that was not understood.
    pub const fn unknown(name: &'static str) -> Self {
        Blueprint {
            name,
            inputs: &[],
            layers: &[],
            calls: &[],
            outputs: &[],
        }
    }

    /// Whether every layer takes what it is given.
    pub(super) const fn fits(&self) -> bool {
        let mut i = 0;
        while i < self.calls.len() {
            if self.calls[i].outcome.message().is_some() || !self.calls[i].shape.is_known() {
                return false;
            }
            i += 1;
        }
        !self.calls.is_empty()
    }

    /// What the first call of a layer says.
    pub(super) const fn first_call(&self, layer: usize) -> &Call {
        &self.calls[self.layers[layer].call]
    }

    /// The shape of a value.
    pub(super) const fn shape(&self, value: usize) -> Shape {
        if value < self.inputs.len() {
            self.inputs[value].1
        } else {
            self.calls[value - self.inputs.len()].shape
        }
    }

    /// The parameters of a layer, which it has once, however often it is called.
    pub(super) const fn layer_params(&self, layer: usize) -> usize {
        let outcome = self.first_call(layer).outcome;
        sum(outcome.params(true), outcome.params(false))
    }

    /// The operations of a layer in all its calls.
    pub(super) const fn layer_macs(&self, layer: usize) -> usize {
        let mut macs = 0;
        let mut i = self.layers[layer].call;
        while i < self.calls.len() {
            if self.calls[i].layer == layer {
                macs = sum(macs, self.calls[i].outcome.macs());
            }
            i += 1;
        }
        macs
    }

    /// The numbers that a layer gives in all its calls.
    pub(super) const fn layer_activations(&self, layer: usize) -> usize {
        let mut numbers = 0;
        let mut i = self.layers[layer].call;
        while i < self.calls.len() {
            if self.calls[i].layer == layer {
                numbers = sum(numbers, self.calls[i].activations());
            }
            i += 1;
        }
        numbers
    }

    const fn params_of(&self, trainable: bool) -> usize {
        let mut params = 0;
        let mut layer = 0;
        while layer < self.layers.len() {
            params = sum(params, self.first_call(layer).outcome.params(trainable));
            layer += 1;
        }
        params
    }

    /// See [`Facts::PARAMS`](super::Facts::PARAMS).
    pub const fn params(&self) -> usize {
        sum(self.params_of(true), self.params_of(false))
    }

    /// See [`Facts::TRAINABLE_PARAMS`](super::Facts::TRAINABLE_PARAMS).
    pub const fn trainable_params(&self) -> usize {
        self.params_of(true)
    }

    /// See [`Facts::NON_TRAINABLE_PARAMS`](super::Facts::NON_TRAINABLE_PARAMS).
    pub const fn non_trainable_params(&self) -> usize {
        self.params_of(false)
    }

    /// See [`Facts::MACS`](super::Facts::MACS).
    pub const fn macs(&self) -> usize {
        let mut macs = 0;
        let mut i = 0;
        while i < self.calls.len() {
            macs = sum(macs, self.calls[i].outcome.macs());
            i += 1;
        }
        macs
    }

    /// See [`Facts::WEIGHT_BYTES`](super::Facts::WEIGHT_BYTES).
    pub const fn weight_bytes(&self) -> usize {
        bytes(self.params())
    }

    /// See [`Facts::ACTIVATION_BYTES`](super::Facts::ACTIVATION_BYTES).
    pub const fn activation_bytes(&self) -> usize {
        let mut numbers = self.call_activations();
        let mut i = 0;
        while i < self.inputs.len() {
            numbers = sum(numbers, self.inputs[i].1.size());
            i += 1;
        }
        bytes(numbers)
    }

    /// The numbers that all calls give.
    const fn call_activations(&self) -> usize {
        let mut numbers = 0;
        let mut i = 0;
        while i < self.calls.len() {
            numbers = sum(numbers, self.calls[i].activations());
            i += 1;
        }
        numbers
    }

    /// What a layer says that is this network: see [`Outcome::with_network`].
    pub(super) const fn totals(
        &'static self,
        reach: Reach,
        min_input: Option<(usize, usize)>,
    ) -> Totals {
        Totals {
            params: self.params(),
            non_trainable_params: self.non_trainable_params(),
            macs: self.macs(),
            activations: self.call_activations(),
            fingerprint: self.fingerprint(),
            reach,
            min_input,
            blueprint: self,
        }
    }
}

/// The bytes of so many numbers.
pub(super) const fn bytes(numbers: usize) -> usize {
    match numbers.checked_mul(size_of::<f32>()) {
        Some(bytes) => bytes,
        None => panic!("a fact of this network is more than this machine can count"),
    }
}

pub(super) const fn sum(a: usize, b: usize) -> usize {
    match a.checked_add(b) {
        Some(sum) => sum,
        None => panic!("a fact of this network is more than this machine can count"),
    }
}
