//! A network on a GPU.

use super::command::Pointer;
use super::driver::{Driver, Memory};
use super::plan::{GpuPlan, PlanTotals};
use super::weights::{StepState, Weights};
use crate::engine::{Engine, Setup};
use crate::error::Result;
use crate::plan::{Batch, Goal, Mode, Store, Totals};
use crate::training::data::DataSet;
use crate::training::labels::TargetRows;
use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Samples that `evaluate` and `predict` send through the network at a time.
const INFERENCE_BATCH: usize = 512;

/// Plans that are kept, those used last: for `fit`, one for whole batches and one for the last of an epoch, and as many
/// for `evaluate` and for `predict`.
const MAX_PLANS: usize = 6;

/// What the device was last told of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Told {
    seed: u64,
    learning_rate: f64,
}

/// A network whose weights, totals and optimizer's memory are on a device.
#[derive(Debug)]
pub struct GpuEngine<D: Driver> {
    setup: Setup,
    driver: Arc<D>,
    /// Where each parameter is; the values here are those of the start.
    store: Store,
    weights: Weights<D>,
    /// The loss and the sums of the metrics of the epoch, as doubles, and how many samples they are of.
    totals: Memory<D>,
    rows: usize,
    kept: Option<Memory<D>>,
    told: Option<Told>,
    /// Steps of the optimizer since it started.
    updates: u64,
    plans: Mutex<Vec<GpuPlan<D>>>,
}

impl<D: Driver> GpuEngine<D> {
    /// What belongs to the weights, for tests.
    #[cfg(test)]
    pub(crate) fn weights(&self) -> &Weights<D> {
        &self.weights
    }

    fn plans(&self) -> MutexGuard<'_, Vec<GpuPlan<D>>> {
        // A plan is taken out while it is in use, so a panic leaves the list as it was.
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A plan for batches of `rows` samples. In training it adds to the totals of the epoch.
    fn plan(&self, mode: Mode, rows: usize) -> Result<GpuPlan<D>> {
        {
            let mut plans = self.plans();
            let found = plans.iter().position(|p| p.mode == mode && p.rows == rows);
            if let Some(i) = found {
                return Ok(plans.remove(i));
            }
        }
        let totals = match mode {
            Mode::Train => PlanTotals::Elsewhere(self.totals.start()),
            Mode::Evaluate => PlanTotals::Own(Memory::new(&self.driver, 8 * self.totals_len())?),
            Mode::Predict => PlanTotals::None,
        };
        GpuPlan::new(
            &self.driver,
            &self.setup.graph,
            &self.store,
            &self.weights,
            self.setup.compiled.as_ref(),
            totals,
            (mode, rows),
        )
    }

    /// Keeps a plan for the next time, in the place of the one that was not used for longest.
    fn give_back(&self, plan: GpuPlan<D>) {
        let mut plans = self.plans();
        if plans.len() == MAX_PLANS {
            plans.remove(0);
        }
        plans.push(plan);
    }

    fn feed(&self, plan: &GpuPlan<D>, batch: &Batch<'_>) -> Result<()> {
        let graph = &self.setup.graph;
        for ((x, shape), place) in batch.x.iter().zip(graph.input_shapes()).zip(&plan.inputs) {
            self.feed_samples(*place, x, shape.size(), batch.rows)?;
        }
        let outputs = batch.targets.iter().zip(graph.output_shapes());
        for ((targets, shape), place) in outputs.zip(&plan.targets) {
            let targets = TargetRows::new(targets, batch.rows);
            self.feed_targets(*place, targets, shape.size(), batch.rows.len())?;
        }
        Ok(())
    }

    /// Samples of `len` numbers.
    fn feed_samples(&self, place: Pointer, x: &[f32], len: usize, rows: &[u32]) -> Result<()> {
        self.driver.feed(place, 4 * len * rows.len(), &mut |to| {
            for (row, to) in rows.iter().zip(to.chunks_exact_mut(4 * len.max(1))) {
                let from = &x[*row as usize * len..][..len];
                for (number, bytes) in from.iter().zip(to.as_chunks_mut::<4>().0) {
                    *bytes = number.to_ne_bytes();
                }
            }
        })
    }

    /// Targets for answers of `len` numbers.
    fn feed_targets(
        &self,
        place: Pointer,
        targets: TargetRows<'_>,
        len: usize,
        rows: usize,
    ) -> Result<()> {
        let len = if targets.are_classes() { 1 } else { len };
        self.driver.feed(place, 4 * len * rows, &mut |to| {
            for (row, to) in to.chunks_exact_mut(4 * len).enumerate() {
                let (to, _) = to.as_chunks_mut::<4>();
                if targets.are_classes() {
                    to[0] = (targets.class(row) as i32).to_ne_bytes();
                } else {
                    for (number, bytes) in targets.values(row).iter().zip(to) {
                        *bytes = number.to_ne_bytes();
                    }
                }
            }
        })
    }

    /// Writes what the device has to know of the next step, if it has changed.
    fn tell(&mut self, seed: u64) -> Result<()> {
        let Some(compiled) = &self.setup.compiled else {
            return Ok(());
        };
        let told = Told {
            seed,
            learning_rate: compiled.optimizer.learning_rate(),
        };
        if self.told == Some(told) {
            return Ok(());
        }
        let state = StepState {
            seed,
            steps: compiled.step,
            updates: self.updates,
            learning_rate: told.learning_rate,
        };
        let place = self.weights.state.start();
        self.driver
            .feed(place, StepState::BYTES, &mut |to| state.write(to))?;
        self.told = Some(told);
        Ok(())
    }

    fn totals_len(&self) -> usize {
        self.setup
            .goals()
            .iter()
            .map(Goal::sums)
            .sum::<usize>()
            .max(1)
    }

    /// Reads sums from the device.
    fn read_totals(&self, from: &Memory<D>, rows: usize) -> Result<Totals> {
        let mut bytes = vec![0; 8 * self.totals_len()];
        self.driver.download(from.start(), &mut bytes)?;
        let (numbers, _) = bytes.as_chunks::<8>();
        let mut numbers = numbers.iter().map(|n| f64::from_ne_bytes(*n));
        let mut totals = Totals::new(self.setup.goals());
        totals.rows = rows;
        for output in &mut totals.outputs {
            let sums = [&mut output.loss].into_iter();
            for sum in sums.chain(output.metrics.iter_mut().flatten()) {
                *sum = numbers.next().unwrap_or(0.0);
            }
        }
        Ok(totals)
    }
}

impl<D: Driver> Engine for GpuEngine<D> {
    type Device = D::Device;

    fn new(device: &D::Device, setup: Setup) -> Result<Self> {
        let driver = D::open(device)?;
        let store = Store::new(&setup.graph, setup.seed);
        let weights = Weights::new(&driver, &store)?;
        Ok(GpuEngine {
            totals: Memory::new(&driver, 8)?,
            setup,
            driver,
            store,
            weights,
            rows: 0,
            kept: None,
            told: None,
            updates: 0,
            plans: Mutex::new(Vec::new()),
        })
    }

    fn setup(&self) -> &Setup {
        &self.setup
    }

    fn setup_mut(&mut self) -> &mut Setup {
        &mut self.setup
    }

    fn prepare(&mut self) -> Result<()> {
        self.plans().clear();
        let states = match &self.setup.compiled {
            Some(compiled) => compiled.optimizer.states(),
            None => 0,
        };
        let count = self.store.values().len();
        self.weights.memory = (0..states)
            .map(|_| Memory::floats(&self.driver, count))
            .collect::<Result<_>>()?;
        self.totals = Memory::new(&self.driver, 8 * self.totals_len())?;
        self.told = None;
        self.updates = 0;
        self.start_totals()
    }

    fn parameters(&self) -> Result<Vec<Vec<f32>>> {
        let count = self.store.values().len();
        let mut store = self.store.clone();
        let values = self.weights.values.read_at(0, count)?;
        store.values_mut().copy_from_slice(&values);
        Ok(store.to_vecs())
    }

    fn set_parameters(&mut self, parameters: Vec<Vec<f32>>) -> Result<()> {
        self.store.set(parameters);
        self.weights.values.write(self.store.values())
    }

    fn start_totals(&mut self) -> Result<()> {
        self.rows = 0;
        self.totals.clear()
    }

    fn train(&mut self, _: usize, batch: Batch<'_>, seed: u64) -> Result<()> {
        self.tell(seed)?;
        let rows = batch.rows.len();
        let mut plan = self.plan(Mode::Train, rows)?;
        self.feed(&plan, &batch)?;
        plan.run(&self.driver, self.driver.captures())?;
        self.give_back(plan);
        self.rows += rows;
        self.updates += 1;
        if let Some(compiled) = &mut self.setup.compiled {
            compiled.step += 1;
        }
        Ok(())
    }

    fn run_epoch<R: Send>(&mut self, _: usize, steps: impl FnOnce(&mut Self) -> R + Send) -> R {
        steps(self)
    }

    fn totals(&self) -> Result<Totals> {
        self.read_totals(&self.totals, self.rows)
    }

    fn has_diverged(&self) -> bool {
        false
    }

    fn is_finite(&self) -> Result<bool> {
        let values = self.weights.values.read_at(0, self.store.values().len())?;
        Ok(values.iter().all(|v| v.is_finite()))
    }

    fn evaluate(&self, data: &DataSet<'_>, rows: &[u32]) -> Result<Totals> {
        let mut totals = Totals::new(self.setup.goals());
        totals.rows = rows.len();
        // Whole batches go through one plan, and the rest through another.
        let (whole, rest) = rows.split_at(rows.len() - rows.len() % INFERENCE_BATCH);
        for rows in [whole, rest] {
            let size = rows.len().min(INFERENCE_BATCH);
            if size == 0 {
                continue;
            }
            let mut plan = self.plan(Mode::Evaluate, size)?;
            plan.clear_totals()?;
            for part in rows.chunks(size) {
                self.feed(&plan, &data.batch(part))?;
                plan.run(&self.driver, self.driver.captures())?;
            }
            if let PlanTotals::Own(sums) = &plan.totals {
                totals.add(&self.read_totals(sums, rows.len())?);
            }
            self.give_back(plan);
        }
        Ok(totals)
    }

    fn predict(&self, x: &[Cow<'_, [f32]>], rows: usize) -> Result<Vec<Vec<f32>>> {
        let sizes: Vec<usize> = self.setup.graph.output_shapes().map(|s| s.size()).collect();
        let order: Vec<u32> = (0..rows as u32).collect();
        let mut answers = vec![Vec::new(); sizes.len()];
        for part in order.chunks(INFERENCE_BATCH) {
            let mut plan = self.plan(Mode::Predict, part.len())?;
            let batch = Batch {
                x,
                rows: part,
                targets: &[],
            };
            self.feed(&plan, &batch)?;
            plan.run(&self.driver, self.driver.captures())?;
            for ((answers, size), place) in answers.iter_mut().zip(&sizes).zip(&plan.answers) {
                let mut bytes = vec![0; 4 * part.len() * size];
                self.driver.download(*place, &mut bytes)?;
                let (numbers, _) = bytes.as_chunks::<4>();
                answers.extend(numbers.iter().map(|n| f32::from_ne_bytes(*n)));
            }
            self.give_back(plan);
        }
        Ok(answers)
    }

    fn keep(&mut self) -> Result<()> {
        let kept = match &self.kept {
            Some(kept) => kept,
            None => {
                let memory = Memory::floats(&self.driver, self.store.values().len())?;
                self.kept.insert(memory)
            }
        };
        kept.copy_from(&self.weights.values)
    }

    fn take_back(&mut self) -> Result<()> {
        if let Some(kept) = &self.kept {
            self.weights.values.copy_from(kept)?;
        }
        for memory in &self.weights.memory {
            memory.clear()?;
        }
        self.told = None;
        self.updates = 0;
        if let Some(compiled) = &mut self.setup.compiled {
            compiled.optimizer.start_afresh();
        }
        Ok(())
    }
}
