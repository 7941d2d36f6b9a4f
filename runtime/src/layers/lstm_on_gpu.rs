//! The commands of an `LSTM` for a GPU.
//!
//! The gates of all steps come from one product with the input, and the gradients of the kernels are one product each.
//! Only what a step hears from its neighbour is done step by step: a product and a kernel.

use crate::gpu::command::{Argument, column_sums_scratch};
use crate::gpu::{Pointer, Product, RecordBackward, RecordForward, Recorder};
use crate::kernels::lstm::Lstm;
use crate::op::GpuMemory;

/// Threads of a block, each of which has a number of a state.
const BLOCK: usize = 256;

/// An LSTM for a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct GpuLstm<'a> {
    pub(super) lstm: &'a Lstm,
    /// Samples of the batch.
    pub(super) rows: usize,
}

impl GpuLstm<'_> {
    pub(super) fn memory(&self, training: bool) -> GpuMemory {
        let pass = Pass::new(*self, Pointer::NULL, training);
        match training {
            true => GpuMemory {
                shared: pass.len(),
                // What a step says of the cells before it; afterwards parts of the bias' gradient.
                scratch: pass
                    .state()
                    .max(column_sums_scratch(pass.all_steps(), pass.of_gates())),
            },
            false => GpuMemory {
                shared: 0,
                scratch: pass.len(),
            },
        }
    }

    pub(super) fn forward(&self, call: RecordForward<'_>, to: &mut Recorder) {
        let (lstm, rows) = (self.lstm, self.rows);
        let start = match call.training {
            true => call.shared,
            false => call.scratch,
        };
        let pass = Pass::new(*self, start, call.training);
        let bias = call.parameters.get(2).copied();
        to.product(Product {
            a: call.inputs[0],
            b: call.parameters[0],
            c: pass.gates,
            m: pass.all_steps(),
            n: pass.of_gates(),
            k: lstm.features,
            ..Product::default()
        });
        let arguments = [
            pass.hidden_before(0).into(),
            pass.cells_before(0).into(),
            rows.into(),
            pass.step_structure(),
        ];
        to.launch("lstm_begin", pass.grid(), arguments);
        for step in 0..lstm.steps {
            // Nothing comes from the hidden states before the first step: they are 0.
            if step > 0 {
                to.product(Product {
                    a: pass.hidden_before(step),
                    b: call.parameters[1],
                    c: pass.gates_at(step),
                    m: rows,
                    n: pass.of_gates(),
                    k: lstm.units,
                    strides: [Some(pass.hidden_stride()), None, Some(pass.gates_stride())],
                    accumulate: true,
                    ..Product::default()
                });
            }
            let is_last = step + 1 == lstm.steps;
            let next = (!is_last).then(|| pass.hidden_before(step + 1));
            let output =
                (is_last || lstm.return_sequences).then(|| pass.output_at(step, call.output));
            let arguments = [
                pass.gates_at(step).into(),
                bias.into(),
                pass.cells_before(step).into(),
                pass.cells_before(step + 1).into(),
                next.into(),
                output.into(),
                rows.into(),
                pass.step_structure(),
                lstm.activation.into(),
                lstm.recurrent_activation.into(),
            ];
            to.launch("lstm_forward", pass.grid(), arguments);
        }
    }

    /// The gradient of the gates takes the place of the gates, and that of the hidden states the place of the output's.
    pub(super) fn backward(&self, call: RecordBackward<'_>, to: &mut Recorder) {
        let (lstm, rows) = (self.lstm, self.rows);
        let pass = Pass::new(*self, call.shared, true);
        let d_cells = call.scratch;
        for step in (0..lstm.steps).rev() {
            let is_last = step + 1 == lstm.steps;
            let d_hidden = pass.output_at(step, call.d_output);
            if !is_last {
                to.product(Product {
                    a: pass.gates_at(step + 1),
                    b: call.parameters[1],
                    c: d_hidden,
                    m: rows,
                    n: lstm.units,
                    k: pass.of_gates(),
                    transpose_b: true,
                    strides: [Some(pass.gates_stride()), None, Some(pass.output_stride())],
                    // A step without an output hears of its hidden states from the next step only.
                    accumulate: lstm.return_sequences,
                    ..Product::default()
                });
            }
            let arguments = [
                pass.gates_at(step).into(),
                pass.cells_before(step).into(),
                pass.cells_before(step + 1).into(),
                d_hidden.into(),
                (!is_last).then_some(d_cells).into(),
                d_cells.into(),
                rows.into(),
                pass.step_structure(),
                lstm.activation.into(),
                lstm.recurrent_activation.into(),
            ];
            to.launch("lstm_backward", pass.grid(), arguments);
        }
        let d_gates = pass.gates;
        let operands = [(call.inputs[0], lstm.features), (pass.hidden, lstm.units)];
        for ((a, m), &d_kernel) in operands.into_iter().zip(call.gradients) {
            to.product(Product {
                a,
                b: d_gates,
                c: d_kernel,
                m,
                n: pass.of_gates(),
                k: pass.all_steps(),
                transpose_a: true,
                ..Product::default()
            });
        }
        if let Some(&d_bias) = call.gradients.get(2) {
            let (rows, width) = (pass.all_steps(), pass.of_gates());
            to.column_sums(d_gates, d_bias, rows, width, call.scratch);
        }
        if let Some(d_input) = call.d_inputs[0] {
            to.product(Product {
                a: d_gates,
                b: call.parameters[0],
                c: d_input,
                m: pass.all_steps(),
                n: lstm.features,
                k: pass.of_gates(),
                transpose_b: true,
                ..Product::default()
            });
        }
    }
}

/// Where a pass keeps its numbers, and how they stand.
///
/// Gates and hidden states stand as the input does, sample by sample, so that all of them can be an operand of one product.
/// Cells and outputs stand in the order in which the steps are done.
#[derive(Clone, Copy)]
struct Pass<'a> {
    lstm: &'a Lstm,
    rows: usize,
    /// Whether the states of all steps are kept for a backward pass; else each step overwrites those before it.
    kept: bool,
    /// (rows, steps, 4 · units)
    gates: Pointer,
    /// The hidden state before each step: (rows, steps, units), or (rows, units) if they are not kept.
    hidden: Pointer,
    /// The cells before the first step and after each: (steps + 1, rows, units), or (rows, units).
    cells: Pointer,
}

impl<'a> Pass<'a> {
    fn new(of: GpuLstm<'a>, start: Pointer, kept: bool) -> Self {
        let mut pass = Pass {
            lstm: of.lstm,
            rows: of.rows,
            kept,
            gates: start,
            hidden: start,
            cells: start,
        };
        pass.hidden = start.floats(pass.all_steps() * pass.of_gates());
        pass.cells = pass.hidden.floats(pass.rows * pass.hidden_stride());
        pass
    }

    /// The floats that it takes.
    fn len(&self) -> usize {
        let cells = if self.kept { self.lstm.steps + 1 } else { 1 };
        self.rows * (self.gates_stride() + self.hidden_stride()) + cells * self.state()
    }

    /// Steps of all samples.
    fn all_steps(&self) -> usize {
        self.rows * self.lstm.steps
    }

    /// Gates of a step of a sample.
    fn of_gates(&self) -> usize {
        4 * self.lstm.units
    }

    /// Numbers of the states of a step.
    fn state(&self) -> usize {
        self.rows * self.lstm.units
    }

    /// A thread for each of them.
    fn grid(&self) -> [usize; 3] {
        [self.state().div_ceil(BLOCK), 1, 1]
    }

    /// Where in the input a step stands.
    fn of_input(&self, step: usize) -> usize {
        match self.lstm.go_backwards {
            true => self.lstm.steps - 1 - step,
            false => step,
        }
    }

    fn gates_at(&self, step: usize) -> Pointer {
        self.gates.floats(self.of_input(step) * self.of_gates())
    }

    fn gates_stride(&self) -> usize {
        self.lstm.steps * self.of_gates()
    }

    fn hidden_before(&self, step: usize) -> Pointer {
        match self.kept {
            true => self.hidden.floats(self.of_input(step) * self.lstm.units),
            false => self.hidden,
        }
    }

    fn hidden_stride(&self) -> usize {
        match self.kept {
            true => self.lstm.steps * self.lstm.units,
            false => self.lstm.units,
        }
    }

    /// Cells of the samples follow each other.
    fn cells_before(&self, step: usize) -> Pointer {
        match self.kept {
            true => self.cells.floats(step * self.state()),
            false => self.cells,
        }
    }

    /// Where the output of a step stands, or its gradient. Without sequences there is room for one step.
    fn output_at(&self, step: usize, output: Pointer) -> Pointer {
        match self.lstm.return_sequences {
            true => output.floats(step * self.lstm.units),
            false => output,
        }
    }

    fn output_stride(&self) -> usize {
        match self.lstm.return_sequences {
            true => self.lstm.steps * self.lstm.units,
            false => self.lstm.units,
        }
    }

    /// The structure `LstmStep` of the kernels.
    fn step_structure(&self) -> Argument {
        let numbers = [
            self.lstm.units,
            self.gates_stride(),
            self.hidden_stride(),
            self.output_stride(),
        ];
        numbers.map(|number| number as i32).into()
    }
}
