//! What a step does as plain data: which calls, in which order, with which values, and from when to when each is alive.
//!
//! These are `const fn`s: the plan of a running program and what the compiler says of its memory cannot differ.

use super::buffers::Buffer;
use super::list::List;
use super::outline::{Call, Gradient, Mode};
use super::wiring::{Part, Wiring};
use crate::op::{Demand, Grain};

/// A call of a layer that does something, as plain data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StepSketch {
    /// Which call it is, among all of the network.
    pub(crate) node: usize,
    /// What it takes, among all connections.
    pub(crate) inputs: Part,
    pub(crate) output: usize,
    pub(crate) cache: Option<usize>,
    pub(crate) d_output: Option<usize>,
    /// Where the output is made again for the backward pass, if it is not kept for it.
    pub(crate) again: Option<usize>,
    /// Whether the gradients of the parameters come from one product over the whole batch, and are used up as they are made.
    pub(crate) deferred: bool,
    /// The places of the layer's trained parameters.
    pub(crate) trained: usize,
    /// What it asks for.
    pub(crate) demand: Demand,
}

impl StepSketch {
    pub(crate) const EMPTY: Self = StepSketch {
        node: 0,
        inputs: Part::NONE,
        output: 0,
        cache: None,
        d_output: None,
        again: None,
        deferred: false,
        trained: 0,
        demand: Demand::new(0),
    };
}

/// What one call takes of one value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    /// The buffer of the value.
    pub(crate) buffer: usize,
    /// The same for the backward pass.
    pub(crate) again: usize,
    /// Where the gradient goes, if anybody needs it.
    pub(crate) gradient: Option<Gradient>,
}

impl Link {
    pub(crate) const EMPTY: Self = Link {
        buffer: usize::MAX,
        again: usize::MAX,
        gradient: None,
    };
}

/// One output, as plain data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadSketch {
    pub(crate) last: usize,
    pub(crate) predictions: Option<usize>,
    pub(crate) d_last: Option<Gradient>,
}

impl HeadSketch {
    pub(crate) const EMPTY: Self = HeadSketch {
        last: usize::MAX,
        predictions: None,
        d_last: None,
    };
}

/// What is known of the gradient of a buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trace {
    /// Whether anything trained is behind the value.
    needed: bool,
    /// The buffer with the sum of its gradients.
    sum: Option<usize>,
}

impl Trace {
    pub(crate) const EMPTY: Self = Trace {
        needed: false,
        sum: None,
    };
}

/// Everything that is decided. There is room for each value, connection, call and buffer.
#[derive(Debug)]
pub(crate) struct Sketch<'a> {
    pub(crate) buffers: List<'a, Buffer>,
    pub(crate) steps: List<'a, StepSketch>,
    pub(crate) heads: List<'a, HeadSketch>,
    pub(crate) calls: List<'a, Call>,
    /// One for each connection.
    pub(crate) links: &'a mut [Link],
    /// The buffer of each value.
    pub(crate) buffer_of: &'a mut [usize],
    /// One for each buffer.
    pub(crate) traces: &'a mut [Trace],
}

impl Sketch<'_> {
    /// Decides about a step of this network. The activations that losses compute must have been taken off.
    ///
    /// `repeats` is whether a value may be made twice.
    pub(crate) const fn draw(&mut self, wiring: &Wiring<'_>, mode: Mode, repeats: bool) {
        self.connect(wiring, mode);
        if matches!(mode, Mode::Train) {
            self.connect_gradients();
            if repeats {
                self.repeat();
            }
        }
        self.order(mode);
        self.settle(wiring.inputs.len());
    }

    const fn connect(&mut self, wiring: &Wiring<'_>, mode: Mode) {
        let mut value = 0;
        while value < wiring.inputs.len() {
            self.buffer_of[value] = self.buffers.push(Buffer::new(wiring.inputs[value]));
            value += 1;
        }
        let mut i = 0;
        while i < wiring.nodes.len() {
            let node = &wiring.nodes[i];
            let mut link = node.inputs.start;
            while link < node.inputs.end {
                let buffer = self.buffer_of[wiring.connections[link]];
                self.links[link].buffer = buffer;
                self.links[link].again = buffer;
                link += 1;
            }
            let value = wiring.inputs.len() + i;
            if node.demand.is_view {
                self.buffer_of[value] = self.links[node.inputs.start].buffer;
            } else {
                let output = self.buffers.push(Buffer::new(node.size));
                self.buffer_of[value] = output;
                let cache = node.demand.memory.cache;
                let keeps = matches!(mode, Mode::Train) && cache > 0;
                self.steps.push(StepSketch {
                    node: i,
                    inputs: node.inputs,
                    output,
                    cache: if keeps {
                        Some(self.buffers.push(Buffer::new(cache)))
                    } else {
                        None
                    },
                    d_output: None,
                    again: None,
                    deferred: node.demand.deferred && wiring.is_called_once(node.layer),
                    trained: node.trained,
                    demand: node.demand,
                });
            }
            i += 1;
        }
        let mut i = 0;
        while i < wiring.outputs.len() {
            let value = wiring.outputs[i];
            self.heads.push(HeadSketch {
                last: self.buffer_of[value],
                predictions: match mode {
                    Mode::Predict => None,
                    _ => Some(self.buffers.push(Buffer::new(wiring.size(value)))),
                },
                d_last: None,
            });
            i += 1;
        }
    }

    /// Gives buffers to the gradients, in the order in which the backward pass makes them. A value that does not depend
    /// on anything trained needs none.
    const fn connect_gradients(&mut self) {
        let mut s = 0;
        while s < self.steps.len() {
            let step = self.steps.items()[s];
            let mut needed = step.trained > 0;
            let mut link = step.inputs.start;
            while link < step.inputs.end {
                needed |= self.traces[self.links[link].buffer].needed;
                link += 1;
            }
            self.traces[step.output].needed = needed;
            s += 1;
        }
        let mut h = 0;
        while h < self.heads.len() {
            let last = self.heads.items()[h].last;
            self.heads.items_mut()[h].d_last = self.gradient(last);
            h += 1;
        }
        let mut s = self.steps.len();
        while s > 0 {
            s -= 1;
            let step = self.steps.items()[s];
            // Everything that uses the value comes later and has been here, so the sum is complete.
            let d_output = self.traces[step.output].sum;
            self.steps.items_mut()[s].d_output = d_output;
            let mut link = step.inputs.start;
            while d_output.is_some() && link < step.inputs.end {
                self.links[link].gradient = self.gradient(self.links[link].buffer);
                link += 1;
            }
        }
    }

    /// Where one use of a value puts its gradient. The first that is made is the sum; the others are added to it.
    const fn gradient(&mut self, value: usize) -> Option<Gradient> {
        if !self.traces[value].needed {
            return None;
        }
        let row_len = self.buffers.items()[value].row_len;
        let buffer = self.buffers.push(Buffer::new(row_len));
        let add_to = self.traces[value].sum;
        if add_to.is_none() {
            self.traces[value].sum = Some(buffer);
        }
        Some(Gradient { buffer, add_to })
    }

    /// What a measured step makes of its input in the forward pass is soon made again. To keep it for the backward pass
    /// of another region would move it to memory and back, beside the input, which is needed there anyway.
    const fn repeat(&mut self) {
        let mut s = 0;
        while s < self.steps.len() {
            let step = self.steps.items()[s];
            if self.measures(s) && step.demand.memory.cache == 0 && self.may_repeat(s) {
                let row_len = self.buffers.items()[step.output].row_len;
                let again = self.buffers.push(Buffer::new(row_len));
                self.steps.items_mut()[s].again = Some(again);
                let mut link = 0;
                while link < self.links.len() {
                    if self.links[link].buffer == step.output {
                        self.links[link].again = again;
                    }
                    link += 1;
                }
            }
            s += 1;
        }
    }

    /// Whether regions end between the forward and the backward pass of what takes the output, and all of it takes it row
    /// by row.
    const fn may_repeat(&self, step: usize) -> bool {
        let output = self.steps.items()[step].output;
        let mut ends = false;
        let mut s = step + 1;
        while s < self.steps.len() {
            let next = &self.steps.items()[s];
            let by_rows = matches!(next.demand.grain, Grain::Rows);
            ends |= !by_rows;
            let mut link = next.inputs.start;
            while link < next.inputs.end {
                if self.links[link].buffer == output && (next.deferred || !by_rows) {
                    return false;
                }
                link += 1;
            }
            s += 1;
        }
        ends
    }

    /// Makes again what the backward pass of a step takes, if it is the first to do so.
    const fn order_repeats(&mut self, step: usize) {
        let inputs = self.steps.items()[step].inputs;
        let mut link = inputs.start;
        while link < inputs.end {
            let mut s = 0;
            while s < step {
                if let Some(again) = self.steps.items()[s].again
                    && self.links[link].again == again
                    && !self.is_repeated(s)
                {
                    self.calls.push(Call::Repeat(s));
                }
                s += 1;
            }
            link += 1;
        }
    }

    const fn is_repeated(&self, step: usize) -> bool {
        let mut i = self.calls.len();
        while i > 0 {
            i -= 1;
            match self.calls.items()[i] {
                Call::Repeat(s) if s == step => return true,
                Call::Head(_) => return false,
                _ => {}
            }
        }
        false
    }

    const fn order(&mut self, mode: Mode) {
        self.calls.push(Call::Gather);
        let mut i = 0;
        while i < self.steps.len() {
            if self.measures(i) {
                self.calls.push(Call::Measure(i));
            }
            self.calls.push(Call::Forward(i));
            i += 1;
        }
        let mut i = 0;
        while i < self.heads.len() {
            self.calls.push(Call::Head(i));
            i += 1;
        }
        let mut i = self.steps.len();
        while i > 0 && matches!(mode, Mode::Train) {
            i -= 1;
            if self.steps.items()[i].d_output.is_some() {
                if self.measures(i) {
                    self.calls.push(Call::MeasureBackward(i));
                }
                self.order_repeats(i);
                self.calls.push(Call::Backward(i));
            }
        }
    }

    const fn measures(&self, step: usize) -> bool {
        matches!(self.steps.items()[step].demand.grain, Grain::Measured)
    }

    /// Decides from when to when each buffer is alive.
    const fn settle(&mut self, inputs: usize) {
        let buffers = self.buffers.items_mut();
        let mut at = 0;
        while at < self.calls.len() {
            match self.calls.items()[at] {
                Call::Gather => {
                    let mut input = 0;
                    while input < inputs {
                        buffers[input].touch(at);
                        input += 1;
                    }
                }
                Call::Measure(s) | Call::Forward(s) => {
                    let step = &self.steps.items()[s];
                    let mut link = step.inputs.start;
                    while link < step.inputs.end {
                        buffers[self.links[link].buffer].touch(at);
                        link += 1;
                    }
                    if matches!(self.calls.items()[at], Call::Forward(_)) {
                        buffers[step.output].touch(at);
                        touch(buffers, step.cache, at);
                    }
                }
                Call::Repeat(s) => {
                    let step = &self.steps.items()[s];
                    let mut link = step.inputs.start;
                    while link < step.inputs.end {
                        buffers[self.links[link].buffer].touch(at);
                        link += 1;
                    }
                    touch(buffers, step.again, at);
                }
                Call::MeasureBackward(s) => {
                    let step = &self.steps.items()[s];
                    let mut link = step.inputs.start;
                    while link < step.inputs.end {
                        buffers[self.links[link].buffer].touch(at);
                        link += 1;
                    }
                    touch(buffers, step.d_output, at);
                }
                Call::Head(h) => {
                    let head = &self.heads.items()[h];
                    buffers[head.last].touch(at);
                    touch(buffers, head.predictions, at);
                    touch_gradient(buffers, head.d_last, at);
                }
                Call::Backward(s) => {
                    let step = &self.steps.items()[s];
                    let mut link = step.inputs.start;
                    while link < step.inputs.end {
                        buffers[self.links[link].again].touch(at);
                        touch_gradient(buffers, self.links[link].gradient, at);
                        link += 1;
                    }
                    if !matches!(step.demand.grain, Grain::Measured) {
                        buffers[step.output].touch(at);
                    }
                    touch(buffers, step.cache, at);
                    touch(buffers, step.d_output, at);
                }
            }
            at += 1;
        }
        let mut s = 0;
        while s < self.steps.len() {
            let step = &self.steps.items()[s];
            // A deferred product reads them for the whole batch: right after the backward pass, if that is of the whole batch as
            // well, and after the last call otherwise.
            let at_the_end = step.deferred && !matches!(step.demand.grain, Grain::Batch);
            if at_the_end && step.d_output.is_some() {
                let mut link = step.inputs.start;
                while link < step.inputs.end {
                    buffers[self.links[link].buffer].touch(at);
                    link += 1;
                }
                touch(buffers, step.d_output, at);
            }
            s += 1;
        }
    }
}

const fn touch(buffers: &mut [Buffer], id: Option<usize>, at: usize) {
    if let Some(id) = id {
        buffers[id].touch(at);
    }
}

const fn touch_gradient(buffers: &mut [Buffer], gradient: Option<Gradient>, at: usize) {
    if let Some(gradient) = gradient {
        buffers[gradient.buffer].touch(at);
        touch(buffers, gradient.add_to, at);
    }
}
