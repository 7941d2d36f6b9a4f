//! What a step has to do at least: operations and bytes.

use crate::task::Training;
use addax::facts::LayerInfo;

/// What a network costs, from what the compiler knows of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costs {
    /// Operations to predict for one sample: a multiplication and an addition for each of the network's `MACS`.
    pub prediction: usize,
    /// Operations to train on one sample. Each layer costs the same three times: forward, for the gradient of its weights and
    /// for the gradient of its input. The last is not counted for the first layer, since nobody needs it.
    pub training: usize,
    /// Bytes of all parameters.
    pub parameters: usize,
    /// Bytes that the optimizer remembers.
    pub memory: usize,
}

impl Costs {
    /// Of a network of these layers, one after another.
    pub fn of(layers: &[LayerInfo], training: Training) -> Costs {
        let macs: usize = layers.iter().map(|layer| layer.macs).sum();
        let first = layers.iter().find(|layer| layer.macs > 0);
        let unneeded = first.map_or(0, input_macs);
        let parameters: usize = layers.iter().map(|layer| layer.params).sum();
        let states = match training {
            Training::Adam => 2,
            Training::Sgd => 0,
        };
        Costs {
            prediction: 2 * macs,
            training: 2 * (3 * macs - unneeded),
            parameters: size_of::<f32>() * parameters,
            memory: size_of::<f32>() * parameters * states,
        }
    }

    /// Bytes that a training step has to move if nothing stays in the caches from the step before: it reads the samples;
    /// parameters, gradients and the optimizer's memory it reads and writes once each.
    pub fn training_bytes(&self, samples: usize) -> usize {
        samples + 2 * (self.parameters + self.parameters + self.memory)
    }

    /// Bytes that a prediction has to move: it reads samples and parameters, and writes answers.
    pub fn prediction_bytes(&self, samples: usize, answers: usize) -> usize {
        samples + self.parameters + answers
    }
}

/// How many of a layer's `MACS` are between its input and its weights.
fn input_macs(layer: &LayerInfo) -> usize {
    if layer.kind != "LSTM" {
        return layer.macs;
    }
    // A step multiplies the features and the state, each with as many weights: four times the units, as has the bias.
    let units = layer.output_shape.size();
    let step = layer.params - 4 * units;
    let recurrent = 4 * units * units;
    layer.macs / step * (step - recurrent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Workload;

    #[test]
    fn the_input_needs_no_gradient() {
        let costs = Costs::of(Workload::Mlp.layers(), Training::Adam);
        let (first, last) = (784 * 128, 128 * 10);
        assert_eq!(costs.prediction, 2 * (first + last));
        assert_eq!(costs.training, 2 * (2 * first + 3 * last));
    }

    #[test]
    fn steps_need_the_gradient_of_the_state() {
        let costs = Costs::of(Workload::Lstm.layers(), Training::Adam);
        let (input, state, dense) = (64 * 32 * 4 * 64, 64 * 64 * 4 * 64, 64 * 10);
        assert_eq!(costs.prediction, 2 * (input + state + dense));
        assert_eq!(costs.training, 2 * (2 * input + 3 * (state + dense)));
    }

    #[test]
    fn adam_remembers_two_numbers_for_each_parameter() {
        let costs = Costs::of(Workload::Xor.layers(), Training::Adam);
        assert_eq!(costs.parameters, 39 * 4);
        assert_eq!(costs.training_bytes(0), 8 * 39 * 4);
        let costs = Costs::of(Workload::Xor.layers(), Training::Sgd);
        assert_eq!(costs.training_bytes(100), 100 + 4 * 39 * 4);
    }
}
