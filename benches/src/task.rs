//! A network with its weights and its data, ready to be trained and asked.

use crate::data::{Draw, Kind, Random};
use addax::Ports;
use addax::dfdx::shapes::Shape;
use addax::dfdx::tensor::Tensor;
use addax::heads::LossOf;
use addax::prelude::*;
use addax::training::{Classes, FitsInput, LabelData};

/// A network with its weights and its data. Everything goes through the public interface, as a user would do it.
pub trait Task {
    /// One call of `fit`: an epoch over the first `samples`, shuffled. Gives the loss.
    ///
    /// # Errors
    /// Those of `fit`.
    fn train(&mut self, samples: usize, batch_size: usize) -> addax::Result<f64>;

    /// One call of `predict` for the first `samples` of those that are not trained on. Gives all answers, number by number.
    ///
    /// # Errors
    /// Those of `predict`.
    fn predict(&self, samples: usize) -> addax::Result<Vec<f32>>;
}

/// How a network is trained.
#[derive(Clone, Copy, Debug)]
pub enum Training {
    /// Adam with a rate of 0.001.
    Adam,
    /// Plain gradient descent with a rate of 0.01.
    Sgd,
}

/// How many samples a task has.
#[derive(Clone, Copy, Debug)]
pub struct Samples {
    /// To train on.
    pub training: usize,
    /// To predict for.
    pub prediction: usize,
}

/// Answers as plain numbers.
pub trait Plain {
    /// All numbers, answer by answer.
    fn plain(&self) -> Vec<f32>;
}

impl<S: Shape> Plain for Tensor<S, f32, Cpu> {
    fn plain(&self) -> Vec<f32> {
        self.as_vec()
    }
}

/// Draws data for a network and compiles it.
///
/// # Errors
/// Those of `compile`.
pub fn load<X, N, D>(
    network: N,
    device: &D,
    training: Training,
    kind: Kind,
    samples: Samples,
) -> addax::Result<Box<dyn Task>>
where
    N: Network<Output: Ports<Answers: Plain>>,
    D: Device,
    X: Draw + 'static,
    X::Shape: FitsInput<N::Input, N>,
    SparseCategoricalCrossentropy: LossOf<N>,
    [usize]: LabelData<Classes, N::Output>,
{
    let model = Model::new(network, device)?;
    let loss = SparseCategoricalCrossentropy::default();
    let model = match training {
        Training::Adam => model.compile(Adam::default(), loss, ())?,
        Training::Sgd => model.compile(SGD::default(), loss, ())?,
    };
    let mut random = Random::default();
    let x: Vec<X> = kind.samples(samples.training, &mut random);
    let classes = N::LAYERS
        .last()
        .map_or(1, |layer| layer.output_shape.size());
    Ok(Box::new(Loaded {
        y: kind.labels(&x, classes, &mut random),
        x,
        asked: kind.samples(samples.prediction, &mut random),
        model,
    }))
}

/// A task with its types.
struct Loaded<N: Network, D: Device, X> {
    model: Model<N, D, SparseCategoricalCrossentropy>,
    x: Vec<X>,
    y: Vec<usize>,
    asked: Vec<X>,
}

impl<N, D, X> Task for Loaded<N, D, X>
where
    N: Network<Output: Ports<Answers: Plain>>,
    D: Device,
    X: Draw,
    X::Shape: FitsInput<N::Input, N>,
    SparseCategoricalCrossentropy: LossOf<N>,
    [usize]: LabelData<Classes, N::Output>,
{
    fn train(&mut self, samples: usize, batch_size: usize) -> addax::Result<f64> {
        let options = FitOptions {
            batch_size,
            verbose: Verbose::Silent,
            ..FitOptions::default()
        };
        let history = self
            .model
            .fit(&self.x[..samples], &self.y[..samples], options)?;
        Ok(history["loss"][0])
    }

    fn predict(&self, samples: usize) -> addax::Result<Vec<f32>> {
        Ok(self.model.predict(&self.asked[..samples])?.plain())
    }
}
