//! A network on the CPU.

use super::{Engine, Setup};
use crate::error::Result;
use crate::kernels::aligned::AlignedVec;
use crate::kernels::elementwise::{are_finite, copy};
use crate::plan::{Answers, Batch, Learner, Mode, Plan, Store, Totals};
use crate::training::data::DataSet;
use dfdx::tensor::Cpu;
use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Samples that `evaluate` and `predict` send through the network at a time.
const INFERENCE_BATCH: usize = 512;

/// Plans that are kept for the next call.
const MAX_IDLE: usize = 8;

/// Weights in one arena, plans that run on all cores.
#[derive(Debug)]
pub struct CpuEngine {
    setup: Setup,
    store: Store,
    /// What the optimizer remembers of each weight.
    states: Vec<AlignedVec>,
    training_plan: Option<Plan>,
    totals: Totals,
    kept: Mutex<Kept>,
    /// Changes whenever the weights do, so that packed weights are remade in time.
    version: u64,
    /// Plans that are not in use, each with the version of the weights that it has packed.
    idle: Mutex<Vec<(Plan, u64)>>,
}

/// The weights of an epoch that ended well.
#[derive(Debug, Default)]
struct Kept {
    values: AlignedVec,
    /// Whether they may be asked for. Otherwise it is only memory, which the next `fit` has at once; asking the operating
    /// system for so much again would take a good part of a short `fit` of a large network.
    needed: bool,
}

impl CpuEngine {
    /// Lends a plan whose packed weights are those of now. Several threads each get their own.
    fn with_plan(&self, mode: Mode, rows: usize, work: impl FnOnce(&mut Plan, usize) + Send) {
        let size = rows.clamp(1, INFERENCE_BATCH);
        let mut idle = self.idle();
        let found = idle.iter().position(|(plan, _)| plan.fits(mode, size));
        let found = found.map(|i| idle.swap_remove(i));
        drop(idle);
        let (mut plan, packed) = match found {
            Some((plan, version)) => (plan, version == self.version),
            None => {
                // A plan is memory as well, and who predicts may not train any more.
                let mut kept = self.kept();
                if !kept.needed {
                    *kept = Kept::default();
                }
                drop(kept);
                let plan = Plan::new(&self.setup.graph, &self.store, mode, size);
                (plan, false)
            }
        };
        if !packed {
            plan.pack(&self.store);
        }
        let threaded = plan.is_threaded();
        on_a_worker(threaded, || work(&mut plan, size));
        let mut idle = self.idle();
        if idle.len() < MAX_IDLE {
            idle.push((plan, self.version));
        }
    }

    /// The plan of a training step.
    fn training_plan(&mut self, batch_size: usize) -> &Plan {
        if self
            .training_plan
            .as_ref()
            .is_some_and(|plan| !plan.fits(Mode::Train, batch_size))
        {
            // Gone before the next one comes.
            self.training_plan = None;
        }
        let (graph, store) = (&self.setup.graph, &self.store);
        self.training_plan
            .get_or_insert_with(|| Plan::new(graph, store, Mode::Train, batch_size))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing that can panic is done while it is locked.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Plan, u64)>> {
        // A thread that panicked while it held the lock leaves the list as it was.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine for CpuEngine {
    type Device = Cpu;

    fn new(_: &Cpu, setup: Setup) -> Result<Self> {
        Ok(CpuEngine {
            store: Store::new(&setup.graph, setup.seed),
            setup,
            states: Vec::new(),
            training_plan: None,
            totals: Totals::default(),
            kept: Mutex::default(),
            version: 0,
            idle: Mutex::new(Vec::new()),
        })
    }

    fn setup(&self) -> &Setup {
        &self.setup
    }

    fn setup_mut(&mut self) -> &mut Setup {
        &mut self.setup
    }

    fn prepare(&mut self) -> Result<()> {
        let compiled = self.setup.compiled.as_ref();
        let states = compiled.map_or(0, |c| c.optimizer.states());
        let len = self.store.values().len();
        self.states = (0..states).map(|_| AlignedVec::new(len)).collect();
        self.training_plan = None;
        self.start_totals()
    }

    fn parameters(&self) -> Result<Vec<Vec<f32>>> {
        Ok(self.store.to_vecs())
    }

    fn set_parameters(&mut self, parameters: Vec<Vec<f32>>) -> Result<()> {
        self.version += 1;
        self.store.set(parameters);
        Ok(())
    }

    fn run_epoch<R: Send>(
        &mut self,
        batch_size: usize,
        steps: impl FnOnce(&mut Self) -> R + Send,
    ) -> R {
        let threaded = self.training_plan(batch_size).is_threaded();
        on_a_worker(threaded, || steps(self))
    }

    fn start_totals(&mut self) -> Result<()> {
        self.totals = Totals::new(self.setup.goals());
        Ok(())
    }

    fn train(&mut self, batch_size: usize, batch: Batch<'_>, seed: u64) -> Result<()> {
        self.training_plan(batch_size);
        let (Some(compiled), Some(plan)) = (&mut self.setup.compiled, &mut self.training_plan)
        else {
            return Ok(());
        };
        self.version += 1;
        let learner = Learner {
            store: &mut self.store,
            optimizer: &mut *compiled.optimizer,
            states: &mut self.states,
            seed,
            step: compiled.step,
        };
        plan.train(batch, &compiled.goals, learner, &mut self.totals);
        compiled.step += 1;
        Ok(())
    }

    fn totals(&self) -> Result<Totals> {
        Ok(self.totals.clone())
    }

    fn has_diverged(&self) -> bool {
        !self.totals.loss().is_finite()
    }

    fn is_finite(&self) -> Result<bool> {
        Ok(are_finite(self.store.values()))
    }

    fn evaluate(&self, data: &DataSet<'_>, rows: &[u32]) -> Result<Totals> {
        let mut totals = Totals::new(self.setup.goals());
        let Some(compiled) = &self.setup.compiled else {
            return Ok(totals);
        };
        self.with_plan(Mode::Evaluate, rows.len(), |plan, size| {
            for rows in rows.chunks(size) {
                plan.evaluate(data.batch(rows), &compiled.goals, &self.store, &mut totals);
            }
        });
        Ok(totals)
    }

    fn predict(&self, x: &[Cow<'_, [f32]>], rows: usize) -> Result<Vec<Vec<f32>>> {
        let sizes: Vec<usize> = self.setup.graph.output_shapes().map(|s| s.size()).collect();
        let mut answers: Vec<Vec<f32>> = sizes.iter().map(|size| vec![0.0; rows * size]).collect();
        let order: Vec<u32> = (0..rows as u32).collect();
        self.with_plan(Mode::Predict, rows, |plan, size| {
            let mut rest: Answers<'_> = answers.iter_mut().map(Vec::as_mut_slice).collect();
            for rows in order.chunks(size) {
                let batch = Batch {
                    x,
                    rows,
                    targets: &[],
                };
                let parts = rest.iter_mut().zip(&sizes);
                let parts = parts.map(|(rest, size)| {
                    let (part, behind) = std::mem::take(rest).split_at_mut(rows.len() * size);
                    *rest = behind;
                    part
                });
                plan.predict(batch, &self.store, parts.collect());
            }
        });
        Ok(answers)
    }

    fn keep(&mut self) -> Result<()> {
        let mut kept = self.kept();
        kept.needed = true;
        let weights = self.store.values();
        copy(weights, kept.values.at_least(weights.len()));
        Ok(())
    }

    fn forget(&mut self) {
        self.kept().needed = false;
    }

    fn take_back(&mut self) -> Result<()> {
        self.version += 1;
        // The number of weights never changes, so what was kept is as long.
        let kept = self.kept.get_mut().unwrap_or_else(PoisonError::into_inner);
        copy(&kept.values, self.store.values_mut());
        self.states.iter_mut().for_each(|state| state.fill(0.0));
        if let Some(compiled) = &mut self.setup.compiled {
            compiled.optimizer.start_afresh();
        }
        Ok(())
    }
}

/// Does `work` on one of rayon's own threads if it is `threaded`: such a thread shares a step out to the others without
/// waking itself up in between, and without the queue for calls from outside, which now and then allocates.
fn on_a_worker<R: Send>(threaded: bool, work: impl FnOnce() -> R + Send) -> R {
    if threaded {
        rayon::scope(|_| work())
    } else {
        work()
    }
}

#[cfg(test)]
impl CpuEngine {
    /// A compiled network for tests.
    pub(crate) fn compiled(
        graph: crate::graph::Graph,
        seed: u64,
        optimizer: Box<dyn crate::optimizers::Optimizer>,
        loss: Box<dyn crate::losses::Loss>,
        metrics: Vec<Box<dyn crate::metrics::Metric>>,
    ) -> Self {
        super::compiled(&Cpu::default(), graph, seed, (optimizer, loss, metrics))
    }

    /// The weights.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// The weights, to change.
    pub(crate) fn store_mut(&mut self) -> (&crate::graph::Graph, &mut Store) {
        self.version += 1;
        (&self.setup.graph, &mut self.store)
    }
}
