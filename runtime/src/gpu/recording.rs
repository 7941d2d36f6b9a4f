//! From the outline of a step to commands.

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
use crate::plan::{Call, Goal, Gradient, Outline, Step, Store};
use crate::training::labels::TargetRule;
use std::sync::Arc;

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

/// What a step needs besides its values, in one piece of memory: where each part starts, in floats.
pub(super) struct Layout {
    /// The targets of each output.
    pub(super) targets: Vec<usize>,
    /// A number for each number of an answer.
    row_values: usize,
    /// What each op leaves for its backward pass.
    shared: Vec<usize>,
    /// The gradients of one more call of a layer.
    more_gradients: usize,
    /// The room that all ops share to work in.
    scratch: usize,
    /// Of each step: whether it calls a layer whose gradients a later step has made already.
    again: Vec<bool>,
    /// All of it.
    pub(super) len: usize,
}

impl Layout {
    pub(super) fn new(outline: &Outline, store: &Store, rows: usize, training: bool) -> Self {
        let mut room = Room::default();
        let answers = outline.heads.iter().map(|head| rows * head.shape.size());
        let targets = answers.clone().map(|len| room.take(len)).collect();
        let row_values = room.take(answers.max().unwrap_or(0));
        let memory = outline
            .steps
            .iter()
            .map(|step| step.op.gpu_memory(rows, training));
        let shared = memory
            .clone()
            .map(|memory| room.take(memory.shared))
            .collect();
        let again = again(&outline.steps);
        let called_again = outline
            .steps
            .iter()
            .zip(&again)
            .filter(|(_, again)| **again);
        let trained = called_again.map(|(step, _)| store.blocks()[step.layer].trained.len());
        let more_gradients = room.take(trained.max().unwrap_or(0));
        let scratch = room.take(memory.map(|memory| memory.scratch).max().unwrap_or(0));
        Layout {
            targets,
            row_values,
            shared,
            more_gradients,
            scratch,
            again,
            len: room.0,
        }
    }
}

/// Everything that a command may point to.
pub(super) struct Recording<'a, D: Driver> {
    pub(super) outline: &'a Outline,
    pub(super) store: &'a Store,
    pub(super) weights: &'a Weights<D>,
    pub(super) compiled: Option<&'a Compiled>,
    pub(super) layout: &'a Layout,
    pub(super) rows: usize,
    pub(super) training: bool,
    /// Where the values between the layers are.
    pub(super) values: Pointer,
    /// Where what the layout describes is.
    pub(super) work: Pointer,
    pub(super) totals: Pointer,
}

impl<D: Driver> Recording<'_, D> {
    /// Where a value is.
    pub(super) fn place(&self, id: usize) -> Pointer {
        self.values.floats(self.outline.buffers[id].offset)
    }

    /// Where something of the layout is.
    pub(super) fn at(&self, offset: usize) -> Pointer {
        self.work.floats(offset)
    }

    fn floats(&self, id: usize) -> Floats {
        Floats {
            start: self.place(id),
            count: self.rows * self.outline.buffers[id].row_len,
        }
    }

    /// The commands of the whole step.
    pub(super) fn commands(&self) -> Result<Vec<Command>> {
        let mut to = Recorder::default();
        let learning = self.compiled.filter(|_| self.training);
        if let Some(compiled) = learning {
            to.begin_step(self.weights.state.start(), compiled.optimizer.betas());
        }
        let mut on_host: Vec<Option<Arc<HostOp>>> = vec![None; self.outline.steps.len()];
        for call in &self.outline.calls {
            match *call {
                // A GPU's backward and forward commands look at the whole batch anyway.
                Call::Gather | Call::Measure(_) | Call::MeasureBackward(_) | Call::Repeat(_) => {}
                Call::Forward(s) => on_host[s] = self.forward(s, &mut to)?,
                Call::Head(h) => self.head(h, &mut to)?,
                Call::Backward(s) => self.backward(s, on_host[s].as_ref(), &mut to)?,
            }
        }
        if let Some(compiled) = learning {
            let memory: Vec<Pointer> = self.weights.memory.iter().map(Memory::start).collect();
            compiled.optimizer.record(
                RecordUpdate {
                    count: self.store.values().len(),
                    weights: self.weights.values.start(),
                    gradients: self.weights.gradients.start(),
                    memory: &memory,
                    state: self.weights.state.start(),
                },
                &mut to,
            )?;
        }
        Ok(to.finish())
    }

    /// The forward pass of a step. A layer without kernels runs on the host, and is given back.
    fn forward(&self, s: usize, to: &mut Recorder) -> Result<Option<Arc<HostOp>>> {
        let step = &self.outline.steps[s];
        let flow = &step.flow;
        let inputs: Vec<Pointer> = flow.inputs.iter().map(|&i| self.place(i)).collect();
        let call = RecordForward {
            rows: self.rows,
            training: self.training,
            layer: step.node as u32,
            inputs: &inputs,
            output: self.place(flow.output),
            parameters: &self.weights.parameters(self.store, step.layer),
            shared: self.at(self.layout.shared[s]),
            scratch: self.at(self.layout.scratch),
            state: self.weights.state.start(),
        };
        let recorded = to.attempt(|to| step.op.record_forward(call, to));
        if !matches!(recorded, Err(Error::NotOnDevice { .. })) {
            return recorded.map(|()| None);
        }
        let block = &self.store.blocks()[step.layer];
        let op = HostOp::new(
            &step.op,
            (self.rows, self.training),
            step.node as u32,
            block,
        );
        let inputs: Vec<Floats> = flow.inputs.iter().map(|&i| self.floats(i)).collect();
        op.record_forward(
            Places {
                inputs: &inputs,
                output: self.floats(flow.output),
                parameters: self.weights.values.start().floats(block.all.start),
                state: self.weights.state.start(),
            },
            to,
        );
        Ok(Some(op))
    }

    /// The loss and the metrics of an output, if it has any.
    fn head(&self, h: usize, to: &mut Recorder) -> Result<()> {
        let head = &self.outline.heads[h];
        let goals = self.compiled.map_or(&[][..], |compiled| &compiled.goals);
        let (Some(predictions), Some(goal)) = (head.predictions, goals.get(h)) else {
            return Ok(());
        };
        let sums_before: usize = goals[..h].iter().map(Goal::sums).sum();
        let call = RecordLoss {
            rows: self.rows,
            size: head.shape.size(),
            width: head.shape.last(),
            head: head.activation,
            z: self.place(head.last),
            targets: self.at(self.layout.targets[h]),
            y_pred: self.place(predictions),
            d_z: head.d_last.map(|g| self.place(g.buffer)),
            row_losses: self.at(self.layout.row_values),
            scale: goal.loss.weight() / self.rows as f32,
        };
        record_goal(goal, call, self.totals.doubles(sums_before), to)?;
        self.sum(head.d_last, to);
        Ok(())
    }

    /// The backward pass of a step.
    fn backward(&self, s: usize, on_host: Option<&Arc<HostOp>>, to: &mut Recorder) -> Result<()> {
        let step = &self.outline.steps[s];
        let flow = &step.flow;
        let Some(d_output) = flow.d_output else {
            return Ok(());
        };
        let block = &self.store.blocks()[step.layer];
        let gradients_start = match self.layout.again[s] {
            true => self.at(self.layout.more_gradients),
            false => self.weights.gradients.start().floats(block.all.start),
        };
        let gradients = self
            .weights
            .gradients_at(gradients_start, self.store, step.layer);
        let d_inputs = flow.d_inputs.iter().map(|d| d.map(|g| g.buffer));
        if let Some(op) = on_host {
            let d_inputs = d_inputs.map(|d| d.map(|id| self.floats(id)));
            let d_inputs: Vec<Option<Floats>> = d_inputs.collect();
            op.record_backward(self.floats(d_output), &d_inputs, gradients_start, to);
        } else {
            let inputs: Vec<Pointer> = flow.inputs.iter().map(|&i| self.place(i)).collect();
            let d_inputs = d_inputs.map(|d| d.map(|id| self.place(id)));
            let d_inputs: Vec<Option<Pointer>> = d_inputs.collect();
            step.op.record_backward(
                RecordBackward {
                    rows: self.rows,
                    layer: step.node as u32,
                    inputs: &inputs,
                    output: self.place(flow.output),
                    d_output: self.place(d_output),
                    d_inputs: &d_inputs,
                    parameters: &self.weights.parameters(self.store, step.layer),
                    gradients: &gradients,
                    shared: self.at(self.layout.shared[s]),
                    scratch: self.at(self.layout.scratch),
                    state: self.weights.state.start(),
                },
                to,
            )?;
        }
        for d_input in &flow.d_inputs {
            self.sum(*d_input, to);
        }
        if self.layout.again[s] {
            let sums = self.weights.gradients(self.store, step.layer);
            for ((more, sum), range) in gradients.iter().zip(sums).zip(&block.trained_ranges) {
                to.add(*more, sum, range.len());
            }
        }
        Ok(())
    }

    /// Adds a gradient to the others of the same value.
    fn sum(&self, gradient: Option<Gradient>, to: &mut Recorder) {
        if let Some(gradient) = gradient
            && let Some(sum) = gradient.add_to
        {
            let numbers = self.rows * self.outline.buffers[sum].row_len;
            to.add(self.place(gradient.buffer), self.place(sum), numbers);
        }
    }
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
