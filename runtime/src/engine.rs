//! A network that lives on the CPU: its weights, its optimizer's memory and its plans.

use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::kernels::aligned::AlignedVec;
use crate::losses::Loss;
use crate::metrics::Metric;
use crate::optimizers::Optimizer;
use crate::plan::{Batch, Learner, Mode, Objective, Plan, Store, Totals};
use crate::training::data::{DataSet, TargetRows};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Samples that `evaluate` and `predict` send through the network at a time.
const INFERENCE_BATCH: usize = 256;

/// Everything about a model but its types.
#[derive(Debug)]
pub(crate) struct Engine {
    graph: Graph,
    store: Store,
    seed: u64,
    /// Changes whenever the weights do, so that packed weights are remade in time.
    version: u64,
    training: Option<Training>,
    /// Plans that are not in use, each with the version of the weights that it has packed.
    idle: Mutex<Vec<(Plan, u64)>>,
}

/// What `compile` adds.
#[derive(Debug)]
struct Training {
    optimizer: Box<dyn Optimizer>,
    loss: Box<dyn Loss>,
    metrics: Vec<Box<dyn Metric>>,
    /// What the optimizer remembers of each weight.
    states: Vec<AlignedVec>,
    plan: Option<Plan>,
    step: u64,
    epoch: u64,
}

impl Engine {
    /// A network with first weights drawn from `seed`.
    pub(crate) fn new(graph: Graph, seed: u64) -> Self {
        Engine {
            store: Store::new(&graph, seed),
            graph,
            seed,
            version: 0,
            training: None,
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Sets what it is trained for.
    pub(crate) fn compile(
        &mut self,
        mut optimizer: Box<dyn Optimizer>,
        loss: Box<dyn Loss>,
        metrics: Vec<Box<dyn Metric>>,
    ) -> Result<()> {
        if let Some((option, value, expected)) = optimizer.problem() {
            return Err(Error::InvalidOption {
                option,
                value: value.to_string(),
                expected,
            });
        }
        optimizer.start_afresh();
        self.training = Some(Training {
            states: (0..optimizer.states())
                .map(|_| AlignedVec::new(self.store.values().len()))
                .collect(),
            optimizer,
            loss,
            metrics,
            plan: None,
            step: 0,
            epoch: 0,
        });
        // Plans for `evaluate` may have been made for another loss; they only differ in what they are told.
        Ok(())
    }

    pub(crate) fn graph(&self) -> &Graph {
        &self.graph
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// How many training steps it has made since `compile`.
    pub(crate) fn step(&self) -> u64 {
        self.training.as_ref().map_or(0, |t| t.step)
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// The weights, to change.
    pub(crate) fn store_mut(&mut self) -> (&Graph, &mut Store) {
        self.version += 1;
        (&self.graph, &mut self.store)
    }

    pub(crate) fn loss(&self) -> Option<&dyn Loss> {
        self.training.as_ref().map(|t| &*t.loss)
    }

    pub(crate) fn optimizer(&self) -> Option<&dyn Optimizer> {
        self.training.as_ref().map(|t| &*t.optimizer)
    }

    pub(crate) fn optimizer_mut(&mut self) -> Option<&mut (dyn Optimizer + 'static)> {
        self.training.as_mut().map(|t| &mut *t.optimizer)
    }

    /// The number of the next epoch since `compile`, from which its shuffling is drawn.
    pub(crate) fn next_epoch(&mut self) -> u64 {
        match &mut self.training {
            Some(training) => {
                training.epoch += 1;
                training.epoch
            }
            None => 0,
        }
    }

    pub(crate) fn new_totals(&self) -> Totals {
        Totals::new(self.metrics())
    }

    fn metrics(&self) -> &[Box<dyn Metric>] {
        self.training.as_ref().map_or(&[], |t| &t.metrics)
    }

    /// The names and values of the loss and the metrics.
    pub(crate) fn values(&self, prefix: &str, totals: &Totals) -> Vec<(String, f64)> {
        let mut values = vec![(format!("{prefix}loss"), totals.mean_loss())];
        for (metric, states) in self.metrics().iter().zip(&totals.metrics) {
            values.push((format!("{prefix}{}", metric.name()), metric.result(states)));
        }
        values
    }

    /// One training step.
    pub(crate) fn train(
        &mut self,
        batch_size: usize,
        batch: Batch<'_>,
        seed: u64,
        totals: &mut Totals,
    ) {
        let Some(training) = &mut self.training else {
            return;
        };
        self.version += 1;
        let plan = match &mut training.plan {
            Some(plan) if plan.fits(Mode::Train, batch_size) => plan,
            slot => slot.insert(Plan::new(&self.graph, &self.store, Mode::Train, batch_size)),
        };
        let objective = Objective {
            loss: &*training.loss,
            metrics: &training.metrics,
        };
        let learner = Learner {
            store: &mut self.store,
            optimizer: &mut *training.optimizer,
            states: &mut training.states,
            seed,
            step: training.step,
        };
        plan.train(batch, objective, learner, totals);
        training.step += 1;
    }

    /// The loss and the metrics of a whole data set.
    pub(crate) fn evaluate_all(&self, data: &DataSet<'_>) -> Totals {
        let rows: Vec<u32> = (0..data.rows as u32).collect();
        self.evaluate(data, &rows)
    }

    /// The loss and the metrics of some rows of a data set.
    pub(crate) fn evaluate(&self, data: &DataSet<'_>, rows: &[u32]) -> Totals {
        let mut totals = self.new_totals();
        let Some(training) = &self.training else {
            return totals;
        };
        let objective = Objective {
            loss: &*training.loss,
            metrics: &training.metrics,
        };
        self.with_plan(Mode::Evaluate, rows.len(), |plan, size| {
            for rows in rows.chunks(size) {
                let batch = Batch {
                    x: &data.x,
                    rows,
                    targets: Some(TargetRows::new(&data.targets, rows)),
                };
                plan.evaluate(batch, objective, &self.store, &mut totals);
            }
        });
        totals
    }

    /// The answers for `rows` samples.
    pub(crate) fn predict(&self, x: &[f32], rows: usize) -> Vec<f32> {
        let (_, output) = self.graph.outputs()[0];
        let width = self.graph.shape(output).size();
        let mut answers = vec![0.0; rows * width];
        let order: Vec<u32> = (0..rows as u32).collect();
        self.with_plan(Mode::Predict, rows, |plan, size| {
            let parts = answers.chunks_mut(size * width);
            for (rows, answers) in order.chunks(size).zip(parts) {
                let batch = Batch {
                    x,
                    rows,
                    targets: None,
                };
                plan.predict(batch, &self.store, answers);
            }
        });
        answers
    }

    /// Lends a plan whose packed weights are those of now. Several threads each get their own.
    fn with_plan(&self, mode: Mode, rows: usize, work: impl FnOnce(&mut Plan, usize)) {
        let size = rows.clamp(1, INFERENCE_BATCH);
        let mut idle = self.idle();
        let found = idle.iter().position(|(plan, _)| plan.fits(mode, size));
        let found = found.map(|i| idle.swap_remove(i));
        drop(idle);
        let (mut plan, packed) = match found {
            Some((plan, version)) => (plan, version == self.version),
            None => (Plan::new(&self.graph, &self.store, mode, size), false),
        };
        if !packed {
            plan.pack(&self.store);
        }
        work(&mut plan, size);
        let mut idle = self.idle();
        if idle.len() < MAX_IDLE {
            idle.push((plan, self.version));
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Plan, u64)>> {
        // A thread that panicked while it held the lock leaves the list as it was.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy of the weights.
    pub(crate) fn snapshot(&self) -> Vec<f32> {
        self.store.values().to_vec()
    }

    /// Whether no weight is NaN or infinite.
    pub(crate) fn is_finite(&self) -> bool {
        self.store.values().iter().all(|v| v.is_finite())
    }

    /// Copies the weights over an earlier copy.
    pub(crate) fn snapshot_into(&self, snapshot: &mut [f32]) {
        snapshot.copy_from_slice(self.store.values());
    }

    /// Takes the weights back to a copy, and lets the optimizer forget everything.
    pub(crate) fn restore(&mut self, snapshot: &[f32]) {
        self.version += 1;
        self.store.values_mut().copy_from_slice(snapshot);
        if let Some(training) = &mut self.training {
            training.states.iter_mut().for_each(|state| state.fill(0.0));
            training.optimizer.start_afresh();
        }
    }
}

/// Plans that are kept for the next call.
const MAX_IDLE: usize = 8;
