//! The commands of a whole step, with every address fixed.

use super::command::{
    Command, Pointer, RecordBackward, RecordForward, RecordLoss, RecordMetric, RecordUpdate,
    Recorder,
};
use super::driver::{Driver, Memory};
use super::weights::Weights;
use crate::engine::Compiled;
use crate::error::Result;
use crate::graph::Graph;
use crate::plan::{Call, Mode, Outline, Store, arena};
use crate::training::data::TargetRule;
use std::sync::Arc;

/// A step for a batch of exactly `rows` samples.
#[derive(Debug)]
pub(crate) struct GpuPlan<D: Driver> {
    pub(crate) mode: Mode,
    pub(crate) rows: usize,
    /// Where the samples go.
    pub(crate) input: Pointer,
    /// Where the targets go: four bytes each.
    pub(crate) targets: Pointer,
    /// Where the answers are.
    pub(crate) answers: Pointer,
    commands: Vec<Command>,
    has_run: bool,
    captured: Option<D::Captured>,
    // Everything above points into these.
    _arena: Memory<D>,
    _work: Memory<D>,
}

impl<D: Driver> GpuPlan<D> {
    /// The plan of a network for batches of `rows` samples. `totals` takes the loss and the sums of the metrics.
    pub(crate) fn new(
        driver: &Arc<D>,
        graph: &Graph,
        store: &Store,
        weights: &Weights<D>,
        compiled: Option<&Compiled>,
        totals: Pointer,
        (mode, rows): (Mode, usize),
    ) -> Result<Self> {
        let training = mode == Mode::Train;
        let mut outline = Outline::new(graph, store, mode);
        let values = Memory::floats(driver, arena(&mut outline.buffers, rows))?;
        let place = |id: usize| values.start().floats(outline.buffers[id].offset);

        // One after another: targets, a number for each number of the answers, what ops leave for their backward pass,
        // and the room that all of them share to work in.
        let answers = rows * outline.output.size();
        let mut work_len = 2 * answers.next_multiple_of(LINE);
        let mut shared = Vec::with_capacity(outline.steps.len());
        let mut scratch_len = 0;
        for step in &outline.steps {
            let memory = step.op.gpu_memory(rows, training);
            shared.push(work_len);
            work_len += memory.shared.next_multiple_of(LINE);
            scratch_len = scratch_len.max(memory.scratch);
        }
        let work = Memory::floats(driver, work_len + scratch_len)?;
        let targets = work.start();
        let row_values = work.start().floats(answers.next_multiple_of(LINE));
        let scratch = work.start().floats(work_len);

        let mut to = Recorder::default();
        if let (true, Some(compiled)) = (training, compiled) {
            to.begin_step(weights.state.start(), compiled.optimizer.betas());
        }
        for call in &outline.calls {
            match *call {
                Call::Gather => {}
                Call::Forward(s) => {
                    let step = &outline.steps[s];
                    let parameters = weights.parameters(store, step.layer);
                    step.op.record_forward(
                        RecordForward {
                            rows,
                            training,
                            layer: step.layer as u32,
                            inputs: &[place(step.flow.input)],
                            output: place(step.flow.output),
                            parameters: &parameters,
                            shared: work.start().floats(shared[s]),
                            scratch,
                            state: weights.state.start(),
                        },
                        &mut to,
                    )?;
                }
                Call::Head => {
                    let (Some(predictions), Some(compiled)) = (outline.predictions, compiled)
                    else {
                        continue;
                    };
                    let d_z = outline.steps.last().and_then(|step| step.flow.d_output);
                    let (size, width) = (outline.output.size(), outline.output.last());
                    let losses = compiled.loss.record(
                        RecordLoss {
                            rows,
                            size,
                            width,
                            head: outline.head,
                            z: place(outline.last),
                            targets,
                            y_pred: place(predictions),
                            d_z: d_z.map(place),
                            row_losses: row_values,
                            scale: 1.0 / rows as f32,
                        },
                        &mut to,
                    )?;
                    to.add_rows(row_values, losses, totals);
                    let mut sums = 1;
                    for metric in &compiled.metrics {
                        metric.record(
                            RecordMetric {
                                rows,
                                size,
                                width,
                                y_pred: place(predictions),
                                targets,
                                classes: compiled.loss.target_rule() == TargetRule::ClassIds,
                                row_values,
                                totals: totals.doubles(sums),
                            },
                            &mut to,
                        )?;
                        sums += metric.states();
                    }
                }
                Call::Backward(s) => {
                    let step = &outline.steps[s];
                    let Some(d_output) = step.flow.d_output else {
                        continue;
                    };
                    let parameters = weights.parameters(store, step.layer);
                    let gradients = weights.gradients(store, step.layer);
                    step.op.record_backward(
                        RecordBackward {
                            rows,
                            layer: step.layer as u32,
                            inputs: &[place(step.flow.input)],
                            output: place(step.flow.output),
                            d_output: place(d_output),
                            d_inputs: &[step.flow.d_input.map(place)],
                            parameters: &parameters,
                            gradients: &gradients,
                            shared: work.start().floats(shared[s]),
                            scratch,
                            state: weights.state.start(),
                        },
                        &mut to,
                    )?;
                }
            }
        }
        if let (true, Some(compiled)) = (training, compiled) {
            let memory: Vec<Pointer> = weights.memory.iter().map(Memory::start).collect();
            compiled.optimizer.record(
                RecordUpdate {
                    count: store.values().len(),
                    weights: weights.values.start(),
                    gradients: weights.gradients.start(),
                    memory: &memory,
                    state: weights.state.start(),
                },
                &mut to,
            )?;
        }
        Ok(GpuPlan {
            mode,
            rows,
            input: place(0),
            targets,
            answers: place(outline.last),
            commands: to.finish(),
            has_run: false,
            captured: None,
            _arena: values,
            _work: work,
        })
    }

    /// Runs the step. With `capture` its commands are prepared at the second time and replayed from then on: the first
    /// time a driver may still have to load what they need, and a plan that is used once is not worth it.
    pub(crate) fn run(&mut self, driver: &D, capture: bool) -> Result<()> {
        if !capture || !std::mem::replace(&mut self.has_run, true) {
            return driver.run(&self.commands);
        }
        let captured = match &mut self.captured {
            Some(captured) => captured,
            slot => slot.insert(driver.capture(&self.commands)?),
        };
        driver.replay(captured)
    }
}

/// Memory is handed out in whole cache lines.
const LINE: usize = 16;
