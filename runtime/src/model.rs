//! A network on a device.

use crate::device::{Device, draw_seed};
use crate::engine::{Engine, Setup};
use crate::error::{Error, Result};
use crate::heads::LossOf;
use crate::losses::{LossSet, NotCompiled};
use crate::metrics::MetricSet;
use crate::network::{LayerSet, Network, Weights};
use crate::optimizers::Optimizer;
use crate::plan::Goal;
use crate::shape::StaticShape;
use crate::training::data::DataSet;
use crate::training::{FitsInput, InputData, LabelData};
use dfdx::tensor::{Cpu, Tensor, TensorFromVec};
use std::marker::PhantomData;

/// A network with its weights on a device: what is trained, asked and saved.
///
/// `L` is the loss that it is compiled for. Before [`Model::compile`] there is none, and `fit` and `evaluate` do not
/// compile.
///
/// # Examples
/// ```
/// use addax::prelude::*;
///
/// network! {
///     /// Three inputs, two classes.
///     Xor: 3 => 2 {
///         Dense(4, activation = tanh),
///         Dense(3, activation = tanh),
///         Dense(2, activation = softmax),
///     }
/// }
///
/// # fn main() -> addax::Result<()> {
/// let device = Cpu::seed_from_u64(42);
/// let model = Xor::build(&device)?;
/// assert_eq!(model.count_params(), 16 + 15 + 8);
/// let model = model.compile(Adam::default(), SparseCategoricalCrossentropy::default(), Accuracy)?;
/// println!("{}", model.summary());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Model<N: Network, D: Device, L = NotCompiled> {
    device: D,
    engine: D::Engine,
    network: PhantomData<(N, L)>,
}

impl<N: Network, D: Device> Model<N, D> {
    /// A model of `network` on `device`. Its first weights are drawn with the device's generator, so a device made with
    /// `Cpu::seed_from_u64` makes them repeatable.
    ///
    /// # Errors
    /// [`Error::Device`] if the device fails.
    pub fn new(network: N, device: &D) -> Result<Self> {
        let _ = network;
        let setup = Setup::of::<N>(draw_seed(device));
        let engine = D::Engine::new(device, setup)?;
        Ok(Model::with_engine(device.clone(), engine))
    }
}

impl<N: Network, D: Device, L> Model<N, D, L> {
    /// Sets what the network is trained for: the optimizer, the loss, and what else is measured.
    ///
    /// The weights stay; the optimizer starts afresh.
    ///
    /// # Arguments
    /// - `optimizer`: [`Adam`](crate::optimizers::Adam), [`SGD`](crate::optimizers::SGD),
    ///   [`RMSprop`](crate::optimizers::RMSprop).
    /// - `loss`: one that suits the last layer; see [`losses`](crate::losses). With several outputs, a loss for each:
    ///   `FacesOutputs { race: SparseCategoricalCrossentropy::default(), glad: BinaryCrossentropy::default().weighted(0.5) }`.
    /// - `metrics`: one metric, a tuple of several, or `()`; see [`metrics`](crate::metrics). With several outputs, those
    ///   of each.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] for an option of the optimizer that is outside its range, and for a `from_logits` of the
    /// loss that is not what the last layer gives.
    pub fn compile<O, L2, M>(
        mut self,
        optimizer: O,
        loss: L2,
        metrics: M,
    ) -> Result<Model<N, D, L2>>
    where
        O: Optimizer + 'static,
        L2: LossOf<N>,
        M: MetricSet<N::Output>,
    {
        loss.check_head()?;
        let goals = loss
            .into_losses()
            .into_iter()
            .zip(metrics.into_metric_lists());
        let goals = goals
            .map(|(loss, metrics)| Goal { loss, metrics })
            .collect();
        self.engine.compile(Box::new(optimizer), goals)?;
        Ok(Model::with_engine(self.device, self.engine))
    }

    /// The device.
    pub fn device(&self) -> &D {
        &self.device
    }

    /// How many numbers all parameters have, those that are not trained included.
    pub fn count_params(&self) -> usize {
        let layers = self.engine.setup().graph.layers().iter();
        layers
            .flat_map(|layer| &layer.parameters)
            .map(|p| p.shape.size())
            .sum()
    }

    /// The optimizer, once the model is compiled.
    pub fn optimizer(&self) -> Option<&dyn Optimizer> {
        let compiled = self.engine.setup().compiled.as_ref();
        compiled.map(|c| &*c.optimizer)
    }

    /// The optimizer, to change its learning rate.
    pub fn optimizer_mut(&mut self) -> Option<&mut (dyn Optimizer + 'static)> {
        let compiled = self.engine.setup_mut().compiled.as_mut();
        compiled.map(|c| &mut *c.optimizer)
    }

    /// The layers with copies of the weights as dfdx tensors: typed fields to look at, and a dfdx module to mix with
    /// dfdx's own operations and optimizers.
    ///
    /// # Errors
    /// [`Error::Device`] if the device fails.
    ///
    /// # Examples
    /// ```
    /// use addax::dfdx::prelude::*;
    /// use addax::network;
    ///
    /// network! {
    ///     /// One layer.
    ///     Small: 3 => 2 {
    ///         Dense(2),
    ///     }
    /// }
    ///
    /// # fn main() -> addax::Result<()> {
    /// let device = Cpu::default();
    /// let layers = Small::build(&device)?.layers()?;
    /// let kernel: &Tensor<Rank2<3, 2>, f32, Cpu> = &layers.dense.kernel;
    /// let x: Tensor<Rank2<1, 3>, f32, Cpu> = device.ones();
    /// assert_eq!(layers.forward(x)?.array()[0][0], kernel.array().iter().map(|row| row[0]).sum::<f32>());
    /// # Ok(())
    /// # }
    /// ```
    pub fn layers(&self) -> Result<N::Layers<D>> {
        let mut weights = Weights::new(
            self.engine.parameters()?,
            self.engine.setup().seed,
            self.engine.setup().step(),
        );
        N::Layers::<D>::assemble(&self.device, &mut weights)
    }

    /// Takes over the weights of `layers`.
    ///
    /// # Errors
    /// [`Error::Device`] if the device fails.
    pub fn set_layers(&mut self, layers: &N::Layers<D>) -> Result<()> {
        let mut values = Vec::new();
        layers.visit(&mut |parameter| values.push(parameter));
        // A parameter that an option has switched off has length 0, and not every layer names it on both sides.
        values.retain(|value| !value.is_empty());
        self.engine.set_parameters(values)
    }

    /// A model around an engine.
    pub(crate) fn with_engine(device: D, engine: D::Engine) -> Self {
        Model {
            device,
            engine,
            network: PhantomData,
        }
    }

    pub(crate) fn engine(&self) -> &D::Engine {
        &self.engine
    }

    pub(crate) fn engine_mut(&mut self) -> &mut D::Engine {
        &mut self.engine
    }

    /// Data that the types have checked, with their values checked too.
    pub(crate) fn data_set<'a, X, Y>(
        &self,
        what: &'static str,
        x: &'a X,
        y: &'a Y,
    ) -> Result<DataSet<'a>>
    where
        X: InputData + ?Sized,
        X::Shapes: FitsInput<N::Input, N>,
        L: LossSet,
        Y: LabelData<L::Target, N::Output> + ?Sized,
    {
        let setup = self.engine.setup();
        let (x, targets) = (x.columns(), y.all_targets());
        DataSet::new(what, x, targets, &setup.graph, setup.goals())
    }
}

/// The inputs of a network from a flat vector, sample by sample.
///
/// # Errors
/// [`Error::NotWholeSamples`] if the length is not a multiple of a sample's size.
#[doc(hidden)]
#[allow(clippy::type_complexity, reason = "the type is the network's input")]
pub fn inputs<S: StaticShape>(values: Vec<f32>) -> Result<Tensor<S::Batched<usize>, f32, Cpu>> {
    let shape = S::SHAPE;
    let length = values.len();
    if shape.size() == 0 || !length.is_multiple_of(shape.size()) {
        return Err(Error::NotWholeSamples { length, shape });
    }
    let rows = length / shape.size();
    Cpu::default()
        .try_tensor_from_vec(values, S::batched(rows))
        .map_err(Error::device)
}
