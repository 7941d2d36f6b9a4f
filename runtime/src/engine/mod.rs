//! Engines: a network that lives on a device, without its types. Each device has one.

mod cpu;
#[cfg(test)]
pub(crate) mod on_devices;

use crate::callbacks::Measured;
use crate::error::{Error, Result};
use crate::facts::Description;
use crate::graph::Graph;
#[cfg(test)]
use crate::losses::Loss;
#[cfg(test)]
use crate::metrics::Metric;
use crate::network::Network;
use crate::optimizers::Optimizer;
use crate::plan::{Batch, Goal, Totals};
use crate::training::data::DataSet;
use std::borrow::Cow;
use std::fmt::Debug;

pub(crate) use cpu::CpuEngine;

/// What every engine knows of its network.
#[derive(Debug)]
pub struct Setup {
    /// The layers.
    pub graph: Graph,
    /// What a file with the weights says of the network that they are of.
    pub description: String,
    /// What the first weights were drawn from, and what randomness in training is drawn from unless a call says
    /// otherwise.
    pub seed: u64,
    /// What `compile` adds.
    pub compiled: Option<Compiled>,
}

/// What a network is trained for.
#[derive(Debug)]
pub struct Compiled {
    pub(crate) optimizer: Box<dyn Optimizer>,
    /// One for each output.
    pub(crate) goals: Vec<Goal>,
    /// Training steps so far.
    pub(crate) step: u64,
    /// Epochs so far.
    pub(crate) epoch: u64,
}

impl Setup {
    /// A network that is not compiled.
    pub(crate) fn new(graph: Graph, seed: u64) -> Self {
        Setup {
            graph,
            description: String::new(),
            seed,
            compiled: None,
        }
    }

    /// The setup of a declared network.
    pub(crate) fn of<N: Network>(seed: u64) -> Self {
        Setup {
            description: Description::new(&N::BLUEPRINT).to_string(),
            ..Setup::new(N::graph(), seed)
        }
    }

    /// What each output is trained for; nothing before `compile`.
    pub(crate) fn goals(&self) -> &[Goal] {
        self.compiled.as_ref().map_or(&[], |c| &c.goals)
    }

    /// How many training steps there were since `compile`.
    pub(crate) fn step(&self) -> u64 {
        self.compiled.as_ref().map_or(0, |c| c.step)
    }

    /// The number of the next epoch since `compile`, from which its shuffling is drawn.
    pub(crate) fn next_epoch(&mut self) -> u64 {
        match &mut self.compiled {
            Some(compiled) => {
                compiled.epoch += 1;
                compiled.epoch
            }
            None => 0,
        }
    }

    /// The names and values of the loss and the metrics. With several outputs those of each have its name in front, as
    /// in Keras: `race_loss`.
    pub(crate) fn values(&self, prefix: &str, totals: &Totals) -> Vec<(String, f64)> {
        let mut values = vec![(format!("{prefix}loss"), totals.mean_loss())];
        let several = self.graph.outputs().len() > 1;
        let outputs = self
            .graph
            .outputs()
            .iter()
            .zip(self.goals())
            .zip(&totals.outputs);
        for (((output, _), goal), sums) in outputs {
            let mut prefix = prefix.to_owned();
            if several {
                prefix = format!("{prefix}{output}_");
                values.push((format!("{prefix}loss"), totals.mean(sums.loss)));
            }
            for (metric, states) in goal.metrics.iter().zip(&sums.metrics) {
                values.push((format!("{prefix}{}", metric.name()), metric.result(states)));
            }
        }
        values
    }

    /// What each epoch of a training measures.
    pub(crate) fn measured(&self, validated: bool) -> Vec<Measured> {
        let nothing = Totals::new(self.goals());
        let metrics = || self.goals().iter().flat_map(|goal| &goal.metrics);
        let larger: Vec<&str> = metrics()
            .filter(|metric| metric.larger_is_better())
            .map(|metric| metric.name())
            .collect();
        let prefixes = ["", "val_"].into_iter().take(if validated { 2 } else { 1 });
        let names = prefixes.flat_map(|prefix| self.values(prefix, &nothing));
        names
            .map(|(name, _)| Measured {
                larger_is_better: larger.iter().any(|metric| name.ends_with(metric)),
                name,
            })
            .collect()
    }

    /// Refuses options of the optimizer that are outside their range.
    pub(crate) fn check_optimizer(&self) -> Result<()> {
        let problem = self.compiled.as_ref().and_then(|c| c.optimizer.problem());
        match problem {
            None => Ok(()),
            Some((option, value, expected)) => Err(Error::InvalidOption {
                option,
                value: value.to_string(),
                expected,
            }),
        }
    }
}

/// A network with its weights and its optimizer's memory on a device.
pub trait Engine: Debug + Send + Sized {
    /// The device.
    type Device;

    /// A network on `device`, with first weights drawn from the setup's seed.
    fn new(device: &Self::Device, setup: Setup) -> Result<Self>;

    /// What it knows of its network.
    fn setup(&self) -> &Setup;

    /// The same, to change.
    fn setup_mut(&mut self) -> &mut Setup;

    /// Makes room for the memory of a new optimizer.
    fn prepare(&mut self) -> Result<()>;

    /// Copies of all parameters in order. One of length 0 is left out: a layer may as well not have named it.
    fn parameters(&self) -> Result<Vec<Vec<f32>>>;

    /// Takes over parameters in the same form.
    fn set_parameters(&mut self, parameters: Vec<Vec<f32>>) -> Result<()>;

    /// Runs the steps of an epoch in batches of this size, wherever this engine likes them to be run.
    fn run_epoch<R: Send>(
        &mut self,
        batch_size: usize,
        steps: impl FnOnce(&mut Self) -> R + Send,
    ) -> R;

    /// Forgets the totals of the last epoch.
    fn start_totals(&mut self) -> Result<()>;

    /// One training step with a batch of at most `batch_size` samples.
    fn train(&mut self, batch_size: usize, batch: Batch<'_>, seed: u64) -> Result<()>;

    /// The sums over the samples since [`Engine::start_totals`].
    fn totals(&self) -> Result<Totals>;

    /// Whether it is known that the loss has become NaN or infinite. An engine that would have to wait for its device to
    /// know says `false`.
    fn has_diverged(&self) -> bool;

    /// Whether no weight is NaN or infinite.
    fn is_finite(&self) -> Result<bool>;

    /// The loss and the metrics of some rows of a data set.
    fn evaluate(&self, data: &DataSet<'_>, rows: &[u32]) -> Result<Totals>;

    /// The answers for `rows` samples, for each output.
    fn predict(&self, x: &[Cow<'_, [f32]>], rows: usize) -> Result<Vec<Vec<f32>>>;

    /// Remembers the weights as they are.
    fn keep(&mut self) -> Result<()>;

    /// Takes the weights back to what was kept, and lets the optimizer forget everything.
    fn take_back(&mut self) -> Result<()>;

    /// Forgets what was kept; an engine may leave its memory where it is.
    fn forget(&mut self) {}

    /// Sets what the network is trained for.
    fn compile(&mut self, optimizer: Box<dyn Optimizer>, goals: Vec<Goal>) -> Result<()> {
        let before = self.setup_mut().compiled.replace(Compiled {
            optimizer,
            goals,
            step: 0,
            epoch: 0,
        });
        if let Err(error) = self.setup().check_optimizer() {
            self.setup_mut().compiled = before;
            return Err(error);
        }
        if let Some(compiled) = &mut self.setup_mut().compiled {
            compiled.optimizer.start_afresh();
        }
        self.prepare()
    }

    /// One step and its totals.
    #[cfg(test)]
    fn step(&mut self, batch_size: usize, batch: Batch<'_>, seed: u64) -> Totals {
        self.start_totals().unwrap();
        self.train(batch_size, batch, seed).unwrap();
        self.totals().unwrap()
    }

    /// Compiles a network with one output.
    #[cfg(test)]
    fn compile_single(
        &mut self,
        optimizer: Box<dyn Optimizer>,
        loss: Box<dyn Loss>,
        metrics: Vec<Box<dyn Metric>>,
    ) -> Result<()> {
        self.compile(optimizer, vec![Goal { loss, metrics }])
    }

    /// The answers of a network with one input and one output.
    #[cfg(test)]
    fn predict_single(&self, x: &[f32], rows: usize) -> Result<Vec<f32>> {
        Ok(self.predict(&[Cow::Borrowed(x)], rows)?.remove(0))
    }

    /// The loss and the metrics of a whole data set.
    fn evaluate_all(&self, data: &DataSet<'_>) -> Result<Totals> {
        let rows: Vec<u32> = (0..data.rows as u32).collect();
        self.evaluate(data, &rows)
    }
}

/// What a network is trained for, in tests.
#[cfg(test)]
pub(crate) type TestGoal = (Box<dyn Optimizer>, Box<dyn Loss>, Vec<Box<dyn Metric>>);

/// A compiled network on any device, for tests.
#[cfg(test)]
pub(crate) fn compiled<E: Engine>(
    device: &E::Device,
    graph: Graph,
    seed: u64,
    goal: TestGoal,
) -> E {
    let (optimizer, loss, metrics) = goal;
    let mut engine = E::new(device, Setup::new(graph, seed)).unwrap();
    engine.compile_single(optimizer, loss, metrics).unwrap();
    engine
}
