//! Numbers of several inputs that become one.

use crate::error::Result;
use crate::gpu::command::Argument;
use crate::gpu::{Pointer, RecordBackward, RecordForward, Recorder};
use crate::kernels::stretch::Stretch;
use crate::op::{Backward, Forward, GpuMemory, Memory, Op};
use crate::shape::Shape;
use std::iter::{once, repeat_n};
use std::ops::Range;

/// How numbers become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Merging {
    Add,
    Subtract,
    Multiply,
    Average,
    Maximum,
    Minimum,
}

impl Merging {
    /// Puts the next input to what the ones before it have become.
    fn merge(self, so_far: &mut [f32], next: &[f32]) {
        let both = so_far.iter_mut().zip(next);
        match self {
            Merging::Add | Merging::Average => both.for_each(|(a, b)| *a += b),
            Merging::Subtract => both.for_each(|(a, b)| *a -= b),
            Merging::Multiply => both.for_each(|(a, b)| *a *= b),
            // Of equal ones the first stays; NaN stays and comes in.
            Merging::Maximum => {
                both.for_each(|(a, b)| *a = if *a < *b || b.is_nan() { *b } else { *a })
            }
            Merging::Minimum => {
                both.for_each(|(a, b)| *a = if *a > *b || b.is_nan() { *b } else { *a })
            }
        }
    }

    /// What comes of `count` inputs is divided by this.
    fn divisor(self, count: usize) -> f32 {
        match self {
            Merging::Average => count as f32,
            _ => 1.0,
        }
    }

    /// The gradient of the output divided by this is that of input `which`, where it is linear.
    fn gradient_divisor(self, count: usize, which: usize) -> f32 {
        match (self, which) {
            (Merging::Subtract, 1) => -1.0,
            _ => self.divisor(count),
        }
    }

    /// Whether the gradients do not depend on the inputs.
    fn is_linear(self) -> bool {
        matches!(self, Merging::Add | Merging::Subtract | Merging::Average)
    }
}

impl From<Merging> for Argument {
    fn from(merging: Merging) -> Self {
        Argument::Int(match merging {
            Merging::Add | Merging::Average => 0,
            Merging::Subtract => 1,
            Merging::Multiply => 2,
            Merging::Maximum => 3,
            Merging::Minimum => 4,
        })
    }
}

/// The op of such a layer.
pub(crate) fn merge_op(merging: Merging, inputs: &[Shape], output: Shape) -> Box<dyn Op> {
    let input = |input: &Shape| Input {
        shape: *input,
        stretch: Stretch::new(input.dims(), output.dims()),
    };
    Box::new(MergeOp {
        merging,
        inputs: inputs.iter().map(input).collect(),
        output,
    })
}

#[derive(Debug)]
struct MergeOp {
    merging: Merging,
    inputs: Vec<Input>,
    output: Shape,
}

#[derive(Debug)]
struct Input {
    shape: Shape,
    /// From a sample of the input to one of the output.
    stretch: Stretch,
}

impl Input {
    /// Some rows of this input under the shape of the output; `room` holds them where the input is stretched.
    fn stretched<'a>(
        &self,
        rows: &Range<usize>,
        numbers: &'a [f32],
        room: &'a mut [f32],
    ) -> &'a [f32] {
        let numbers = &numbers[places(rows, self.shape)];
        if self.stretch.is_plain() {
            return numbers;
        }
        self.stretch.stretch(numbers, room);
        room
    }

    /// From a whole batch of the input to one of `output`.
    fn batch(&self, rows: usize, output: Shape) -> Stretch {
        // What is missing in front of the input's own dimensions stands behind the batch.
        let ones = repeat_n(1, output.rank() - self.shape.rank());
        let own = self.shape.dims().iter().copied();
        let from: Vec<usize> = once(rows).chain(ones).chain(own).collect();
        let to: Vec<usize> = once(rows).chain(output.dims().iter().copied()).collect();
        Stretch::new(&from, &to)
    }
}

/// Where some rows of samples of this shape stand.
fn places(rows: &Range<usize>, shape: Shape) -> Range<usize> {
    rows.start * shape.size()..rows.end * shape.size()
}

impl MergeOp {
    fn is_plain(&self) -> bool {
        self.inputs.iter().all(|input| input.stretch.is_plain())
    }

    /// The rows that are worked on at once: one where something is stretched, otherwise all.
    fn parts(&self, rows: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let at_once = if self.is_plain() { rows.max(1) } else { 1 };
        (0..rows)
            .step_by(at_once)
            .map(move |first| first..first + at_once)
    }

    /// Turns the gradient of some rows of the output into that of one input, still under the output's shape.
    fn gradient(
        &self,
        which: usize,
        rows: &Range<usize>,
        call: &Numbers<'_>,
        gradient: &mut [f32],
        room: &mut [f32],
    ) {
        match self.merging {
            Merging::Multiply => {
                for other in (0..self.inputs.len()).filter(|&other| other != which) {
                    let x = self.inputs[other].stretched(rows, call.inputs[other], room);
                    gradient
                        .iter_mut()
                        .zip(x)
                        .for_each(|(gradient, x)| *gradient *= x);
                }
            }
            Merging::Maximum | Merging::Minimum => {
                let y = &call.output[places(rows, self.output)];
                // It is for the first input that is the output, so not for one behind it.
                for input in 0..=which {
                    let x = self.inputs[input].stretched(rows, call.inputs[input], room);
                    for ((gradient, x), y) in gradient.iter_mut().zip(x).zip(y) {
                        *gradient = if (x == y) == (input == which) {
                            *gradient
                        } else {
                            0.0
                        };
                    }
                }
            }
            Merging::Add | Merging::Subtract | Merging::Average => {
                divide(
                    gradient,
                    self.merging.gradient_divisor(self.inputs.len(), which),
                );
            }
        }
    }

    /// Numbers of a sample under the shape of the output, if any input has to be brought to it.
    fn room(&self) -> usize {
        if self.is_plain() {
            0
        } else {
            self.output.size()
        }
    }

    /// Whether the gradient of a stretched input has to be written down before it is summed.
    fn needs_room(&self) -> bool {
        !self.merging.is_linear() && !self.is_plain()
    }
}

/// What the gradients are made from.
struct Numbers<'a> {
    inputs: &'a [&'a [f32]],
    output: &'a [f32],
}

/// What a kernel reads.
#[derive(Clone, Copy)]
struct Operand {
    at: Pointer,
    stretch: Stretch,
}

impl Operand {
    /// `n` numbers that are not stretched.
    fn plain(at: Pointer, n: usize) -> Self {
        Operand {
            at,
            stretch: Stretch::new(&[n], &[n]),
        }
    }
}

/// `into = merging(a, b) / divisor`, for operands that are stretched to `n` numbers.
fn record_merge(
    merging: Merging,
    (a, b): (Operand, Operand),
    (into, n, divisor): (Pointer, usize, f32),
    to: &mut Recorder,
) {
    let arguments = [
        a.at.into(),
        a.stretch.as_ints().into(),
        b.at.into(),
        b.stretch.as_ints().into(),
        into.into(),
        n.into(),
        merging.into(),
        divisor.into(),
    ];
    to.elements("merge", n, arguments);
}

impl Op for MergeOp {
    fn memory(&self, training: bool) -> Memory {
        // An input under the shape of the output, and the gradient of one.
        let rooms = if training { 2 } else { 1 };
        Memory {
            scratch: rooms * self.room(),
            ..Memory::default()
        }
    }

    fn macs(&self) -> usize {
        self.inputs.len() * self.output.size()
    }

    fn forward(&self, call: Forward<'_>) {
        for rows in self.parts(call.rows) {
            let y = &mut call.output[places(&rows, self.output)];
            let room = &mut call.scratch[..self.room()];
            for (i, (input, x)) in self.inputs.iter().zip(call.inputs).enumerate() {
                let x = input.stretched(&rows, x, room);
                match i {
                    0 => y.copy_from_slice(x),
                    _ => self.merging.merge(y, x),
                }
            }
            divide(y, self.merging.divisor(self.inputs.len()));
        }
    }

    fn backward(&self, call: Backward<'_>) {
        let numbers = Numbers {
            inputs: call.inputs,
            output: call.output,
        };
        for (i, d_input) in call.d_inputs.iter_mut().enumerate() {
            let Some(d_input) = d_input else { continue };
            let input = &self.inputs[i];
            for rows in self.parts(call.rows) {
                let d_output = &call.d_output[places(&rows, self.output)];
                let d_input = &mut d_input[places(&rows, input.shape)];
                let (room, rest) = call.scratch.split_at_mut(self.room());
                if input.stretch.is_plain() {
                    d_input.copy_from_slice(d_output);
                    self.gradient(i, &rows, &numbers, d_input, room);
                } else {
                    let gradient = &mut rest[..d_output.len()];
                    gradient.copy_from_slice(d_output);
                    self.gradient(i, &rows, &numbers, gradient, room);
                    input.stretch.sum(gradient, d_input);
                }
            }
        }
    }

    fn gpu_memory(&self, rows: usize, training: bool) -> GpuMemory {
        let needed = training && self.needs_room();
        GpuMemory {
            shared: 0,
            scratch: if needed { rows * self.output.size() } else { 0 },
        }
    }

    fn record_forward(&self, call: RecordForward<'_>, to: &mut Recorder) -> Result<()> {
        let n = call.rows * self.output.size();
        let operand = |i: usize| Operand {
            at: call.inputs[i],
            stretch: self.inputs[i].batch(call.rows, self.output),
        };
        let last = self.inputs.len() - 1;
        for i in 1..=last {
            let a = match i {
                1 => operand(0),
                _ => Operand::plain(call.output, n),
            };
            let divisor = if i == last {
                self.merging.divisor(self.inputs.len())
            } else {
                1.0
            };
            record_merge(self.merging, (a, operand(i)), (call.output, n, divisor), to);
        }
        Ok(())
    }

    fn record_backward(&self, call: RecordBackward<'_>, to: &mut Recorder) -> Result<()> {
        let n = call.rows * self.output.size();
        let stretch = |i: usize| self.inputs[i].batch(call.rows, self.output);
        for (i, d_input) in call.d_inputs.iter().enumerate() {
            let &Some(d_input) = d_input else { continue };
            let own = stretch(i);
            let into = if own.is_plain() {
                d_input
            } else {
                call.scratch
            };
            let mut gradient = call.d_output;
            match self.merging {
                Merging::Multiply => {
                    for other in (0..self.inputs.len()).filter(|&other| other != i) {
                        let a = Operand::plain(gradient, n);
                        let b = Operand {
                            at: call.inputs[other],
                            stretch: stretch(other),
                        };
                        record_merge(Merging::Multiply, (a, b), (into, n, 1.0), to);
                        gradient = into;
                    }
                }
                Merging::Maximum | Merging::Minimum => {
                    for input in 0..=i {
                        let arguments = [
                            call.inputs[input].into(),
                            stretch(input).as_ints().into(),
                            call.output.into(),
                            gradient.into(),
                            into.into(),
                            n.into(),
                            (input == i).into(),
                        ];
                        to.elements("merge_select", n, arguments);
                        gradient = into;
                    }
                }
                Merging::Add | Merging::Subtract | Merging::Average => {}
            }
            if gradient != d_input {
                let divisor = self.merging.gradient_divisor(self.inputs.len(), i);
                let numbers = call.rows * self.inputs[i].shape.size();
                record_sums((gradient, d_input), (own, numbers), divisor, to);
            }
        }
        Ok(())
    }
}

/// `sums`, of so many numbers, become the sums of `from` over all uses of each of them, divided by `divisor`.
fn record_sums(
    (from, sums): (Pointer, Pointer),
    (stretch, numbers): (Stretch, usize),
    divisor: f32,
    to: &mut Recorder,
) {
    // Threads of a block that share one sum, and the sums that a block then has. Where neighbours belong to different
    // sums, a warp reads neighbours.
    let least = if stretch.repeats_neighbours() { 1 } else { 32 };
    let threads = stretch.repeats().next_power_of_two().min(256);
    let sums_of_block = (256 / threads).max(least);
    let arguments = [
        from.into(),
        sums.into(),
        stretch.as_ints().into(),
        numbers.into(),
        stretch.repeats().into(),
        sums_of_block.into(),
        divisor.into(),
    ];
    to.launch(
        "merge_sums",
        [numbers.div_ceil(sums_of_block), 1, 1],
        arguments,
    );
}

fn divide(numbers: &mut [f32], divisor: f32) {
    if divisor != 1.0 {
        numbers.iter_mut().for_each(|number| *number /= divisor);
    }
}
