//! The commands of a whole step, with every address fixed.

use super::command::{
    Command, Pointer, RecordBackward, RecordForward, RecordLoss, RecordMetric, RecordUpdate,
    Recorder,
};
use super::driver::{Driver, Memory};
use super::host::Floats;
use super::host_op::{HostOp, Places};
use super::weights::Weights;
use crate::engine::Compiled;
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::plan::{Buffer, Call, Goal, Gradient, Mode, Outline, Step, Store, arena};
use crate::training::labels::TargetRule;
use std::sync::Arc;

/// A step for a batch of exactly `rows` samples.
#[derive(Debug)]
pub(crate) struct GpuPlan<D: Driver> {
    pub(crate) mode: Mode,
    pub(crate) rows: usize,
    /// Where the samples go, for each input.
    pub(crate) inputs: Vec<Pointer>,
    /// Where the targets go, for each output: four bytes each.
    pub(crate) targets: Vec<Pointer>,
    /// Where the answers are, for each output.
    pub(crate) answers: Vec<Pointer>,
    /// Where the loss and the sums of the metrics go.
    pub(crate) totals: PlanTotals<D>,
    commands: Vec<Command>,
    /// Whether they can be captured: the host has no part in them.
    captures: bool,
    has_run: bool,
    captured: Option<D::Captured>,
    // Everything above points into these.
    _arena: Memory<D>,
    _work: Memory<D>,
}

impl<D: Driver> GpuPlan<D> {
    /// The plan of a network for batches of `rows` samples.
    pub(crate) fn new(
        driver: &Arc<D>,
        graph: &Graph,
        store: &Store,
        weights: &Weights<D>,
        compiled: Option<&Compiled>,
        totals: PlanTotals<D>,
        (mode, rows): (Mode, usize),
    ) -> Result<Self> {
        let training = mode == Mode::Train;
        let mut outline = Outline::new(graph, store, mode);
        let values = Memory::floats(driver, arena(&mut outline.buffers, rows))?;
        let place = |id: usize| values.start().floats(outline.buffers[id].offset);
        let floats = |id: usize| Floats {
            start: place(id),
            count: rows * outline.buffers[id].row_len,
        };

        // One after another: the targets of each output, a number for each number of an answer, what ops leave for their
        // backward pass, the gradients of one more call of a layer, and the room that all of them share to work in.
        let mut room = Room::default();
        let answers = outline.heads.iter().map(|head| rows * head.shape.size());
        let targets: Vec<usize> = answers.clone().map(|len| room.take(len)).collect();
        let row_values = room.take(answers.max().unwrap_or(0));
        let mut shared = Vec::with_capacity(outline.steps.len());
        let mut scratch_len = 0;
        for step in &outline.steps {
            let memory = step.op.gpu_memory(rows, training);
            shared.push(room.take(memory.shared));
            scratch_len = scratch_len.max(memory.scratch);
        }
        let again = again(&outline.steps);
        let called_again = outline
            .steps
            .iter()
            .zip(&again)
            .filter(|(_, again)| **again);
        let trained = called_again.map(|(step, _)| store.blocks()[step.layer].trained.len());
        let more_gradients = room.take(trained.max().unwrap_or(0));
        let scratch = room.take(scratch_len);
        let work = Memory::floats(driver, room.0)?;
        let at = |offset: usize| work.start().floats(offset);

        let mut on_host: Vec<Option<Arc<HostOp>>> = vec![None; outline.steps.len()];
        let mut to = Recorder::default();
        if let (true, Some(compiled)) = (training, compiled) {
            to.begin_step(weights.state.start(), compiled.optimizer.betas());
        }
        for call in &outline.calls {
            match *call {
                Call::Gather => {}
                Call::Forward(s) => {
                    let step = &outline.steps[s];
                    let inputs: Vec<Pointer> = step.flow.inputs.iter().map(|&i| place(i)).collect();
                    let call = RecordForward {
                        rows,
                        training,
                        layer: step.node as u32,
                        inputs: &inputs,
                        output: place(step.flow.output),
                        parameters: &weights.parameters(store, step.layer),
                        shared: at(shared[s]),
                        scratch: at(scratch),
                        state: weights.state.start(),
                    };
                    let recorded = to.attempt(|to| step.op.record_forward(call, to));
                    if !matches!(recorded, Err(Error::NotOnDevice { .. })) {
                        recorded?;
                        continue;
                    }
                    // A layer without kernels runs on the host.
                    let block = &store.blocks()[step.layer];
                    let op = HostOp::new(&step.op, (rows, training), step.node as u32, block);
                    let inputs: Vec<Floats> = step.flow.inputs.iter().map(|&i| floats(i)).collect();
                    op.record_forward(
                        Places {
                            inputs: &inputs,
                            output: floats(step.flow.output),
                            parameters: weights.values.start().floats(block.all.start),
                            state: weights.state.start(),
                        },
                        &mut to,
                    );
                    on_host[s] = Some(op);
                }
                Call::Head(h) => {
                    let head = &outline.heads[h];
                    let goal = compiled.and_then(|compiled| compiled.goals.get(h));
                    let (Some(predictions), Some(goal)) = (head.predictions, goal) else {
                        continue;
                    };
                    let totals = totals.start().doubles(sums_before(compiled, h));
                    record_goal(
                        goal,
                        RecordLoss {
                            rows,
                            size: head.shape.size(),
                            width: head.shape.last(),
                            head: head.activation,
                            z: place(head.last),
                            targets: at(targets[h]),
                            y_pred: place(predictions),
                            d_z: head.d_last.map(|g| place(g.buffer)),
                            row_losses: at(row_values),
                            scale: goal.loss.weight() / rows as f32,
                        },
                        totals,
                        &mut to,
                    )?;
                    sum(head.d_last, rows, &outline.buffers, place, &mut to);
                }
                Call::Backward(s) => {
                    let step = &outline.steps[s];
                    let flow = &step.flow;
                    let Some(d_output) = flow.d_output else {
                        continue;
                    };
                    let inputs: Vec<Pointer> = flow.inputs.iter().map(|&i| place(i)).collect();
                    let d_inputs = flow.d_inputs.iter().map(|d| d.map(|g| place(g.buffer)));
                    let d_inputs: Vec<Option<Pointer>> = d_inputs.collect();
                    let block = &store.blocks()[step.layer];
                    let gradients_start = match again[s] {
                        true => at(more_gradients),
                        false => weights.gradients.start().floats(block.all.start),
                    };
                    let gradients = weights.gradients_at(gradients_start, store, step.layer);
                    if let Some(op) = &on_host[s] {
                        let d_inputs = flow.d_inputs.iter().map(|d| d.map(|g| floats(g.buffer)));
                        let d_inputs: Vec<Option<Floats>> = d_inputs.collect();
                        op.record_backward(floats(d_output), &d_inputs, gradients_start, &mut to);
                    } else {
                        step.op.record_backward(
                            RecordBackward {
                                rows,
                                layer: step.node as u32,
                                inputs: &inputs,
                                output: place(flow.output),
                                d_output: place(d_output),
                                d_inputs: &d_inputs,
                                parameters: &weights.parameters(store, step.layer),
                                gradients: &gradients,
                                shared: at(shared[s]),
                                scratch: at(scratch),
                                state: weights.state.start(),
                            },
                            &mut to,
                        )?;
                    }
                    for d_input in &flow.d_inputs {
                        sum(*d_input, rows, &outline.buffers, place, &mut to);
                    }
                    if again[s] {
                        let sums = weights.gradients(store, step.layer);
                        let ranges = &store.blocks()[step.layer].trained_ranges;
                        for ((more, sum), range) in gradients.iter().zip(sums).zip(ranges) {
                            to.add(*more, sum, range.len());
                        }
                    }
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
        let commands = to.finish();
        let captures = !commands.iter().any(|c| matches!(c, Command::Host(_)));
        Ok(GpuPlan {
            mode,
            rows,
            inputs: (0..outline.inputs).map(place).collect(),
            targets: targets.into_iter().map(at).collect(),
            answers: outline.heads.iter().map(|h| place(h.last)).collect(),
            totals,
            commands,
            captures,
            has_run: false,
            captured: None,
            _arena: values,
            _work: work,
        })
    }

    /// Sets sums of its own to 0.
    pub(crate) fn clear_totals(&self) -> Result<()> {
        match &self.totals {
            PlanTotals::Own(sums) => sums.clear(),
            PlanTotals::Elsewhere(_) | PlanTotals::None => Ok(()),
        }
    }

    /// Runs the step. With `capture` its commands are prepared at the second time and replayed from then on: the first
    /// time a driver may still have to load what they need, and a plan that is used once is not worth it.
    pub(crate) fn run(&mut self, driver: &D, capture: bool) -> Result<()> {
        let again = std::mem::replace(&mut self.has_run, true);
        if !(capture && self.captures && again) {
            return driver.run(&self.commands);
        }
        let captured = match &mut self.captured {
            Some(captured) => captured,
            slot => slot.insert(driver.capture(&self.commands)?),
        };
        driver.replay(captured)
    }
}

/// The sums of a step, as doubles: one after another the loss of each output and what its metrics keep.
#[derive(Debug)]
pub(crate) enum PlanTotals<D: Driver> {
    /// There are none.
    None,
    /// They outlive the plan.
    Elsewhere(Pointer),
    /// They are the plan's own.
    Own(Memory<D>),
}

impl<D: Driver> PlanTotals<D> {
    fn start(&self) -> Pointer {
        match self {
            PlanTotals::None => Pointer::NULL,
            PlanTotals::Elsewhere(start) => *start,
            PlanTotals::Own(sums) => sums.start(),
        }
    }
}

/// Memory is handed out in whole cache lines.
const LINE: usize = 16;

/// Room that is handed out from the start on: how much of it is taken.
#[derive(Default)]
struct Room(usize);

impl Room {
    fn take(&mut self, len: usize) -> usize {
        let start = self.0;
        self.0 += len.next_multiple_of(LINE);
        start
    }
}

/// Which steps call a layer whose gradients a later step has made already: the backward pass goes from the end.
fn again(steps: &[Step]) -> Vec<bool> {
    let later = |i: usize| steps[i + 1..].iter().any(|s| s.layer == steps[i].layer);
    (0..steps.len()).map(later).collect()
}

/// How many sums the outputs before this one keep.
fn sums_before(compiled: Option<&Compiled>, output: usize) -> usize {
    let goals = compiled.map_or(&[][..], |compiled| &compiled.goals[..output]);
    goals.iter().map(Goal::sums).sum()
}

/// The loss and the metrics of one output.
fn record_goal(goal: &Goal, call: RecordLoss, totals: Pointer, to: &mut Recorder) -> Result<()> {
    let losses = goal.loss.record(call, to)?;
    to.add_rows(call.row_losses, losses, totals);
    let mut sums = 1;
    for metric in &goal.metrics {
        metric.record(
            RecordMetric {
                rows: call.rows,
                size: call.size,
                width: call.width,
                y_pred: call.y_pred,
                targets: call.targets,
                classes: goal.loss.target_rule() == TargetRule::ClassIds,
                row_values: call.row_losses,
                totals: totals.doubles(sums),
            },
            to,
        )?;
        sums += metric.states();
    }
    Ok(())
}

/// Adds a gradient to the others of the same value.
fn sum(
    gradient: Option<Gradient>,
    rows: usize,
    buffers: &[Buffer],
    place: impl Fn(usize) -> Pointer,
    to: &mut Recorder,
) {
    if let Some(gradient) = gradient
        && let Some(sum) = gradient.add_to
    {
        let numbers = rows * buffers[sum].row_len;
        to.add(place(gradient.buffer), place(sum), numbers);
    }
}
