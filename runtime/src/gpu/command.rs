//! Commands for a GPU, as plain data.

use super::convolution::Convolution;
use super::host::HostCall;
use crate::activations::ActivationFunction;
use crate::error::{Error, Result};

/// A place in the memory of a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pointer(pub u64);

impl Pointer {
    /// Nowhere: an optional operand that is not there.
    pub const NULL: Pointer = Pointer(0);

    /// The place `count` floats further on.
    pub fn floats(self, count: usize) -> Pointer {
        Pointer(self.0 + 4 * count as u64)
    }

    /// The place `count` doubles further on.
    pub fn doubles(self, count: usize) -> Pointer {
        Pointer(self.0 + 8 * count as u64)
    }
}

/// A value that a kernel is given.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// An address.
    Pointer(Pointer),
    /// A count.
    Unsigned(u32),
    /// A choice or a flag.
    Int(i32),
    /// A number.
    Float(f32),
    /// A structure of `int`s.
    Ints(Vec<i32>),
    /// A place in a long sequence.
    Long(u64),
}

impl From<Pointer> for Argument {
    fn from(pointer: Pointer) -> Self {
        Argument::Pointer(pointer)
    }
}

impl From<Option<Pointer>> for Argument {
    fn from(pointer: Option<Pointer>) -> Self {
        Argument::Pointer(pointer.unwrap_or(Pointer::NULL))
    }
}

impl<const N: usize> From<[i32; N]> for Argument {
    fn from(numbers: [i32; N]) -> Self {
        Argument::Ints(numbers.into())
    }
}

impl From<usize> for Argument {
    fn from(count: usize) -> Self {
        debug_assert!(
            u32::try_from(count).is_ok(),
            "{count} is too many for a kernel"
        );
        Argument::Unsigned(count as u32)
    }
}

impl From<u32> for Argument {
    fn from(count: u32) -> Self {
        Argument::Unsigned(count)
    }
}

impl From<u64> for Argument {
    fn from(place: u64) -> Self {
        Argument::Long(place)
    }
}

impl From<bool> for Argument {
    fn from(flag: bool) -> Self {
        Argument::Int(i32::from(flag))
    }
}

impl From<f32> for Argument {
    fn from(number: f32) -> Self {
        Argument::Float(number)
    }
}

impl From<ActivationFunction> for Argument {
    fn from(function: ActivationFunction) -> Self {
        Argument::Int(match function {
            ActivationFunction::Linear => 0,
            ActivationFunction::Relu => 1,
            ActivationFunction::Sigmoid => 2,
            ActivationFunction::Tanh => 3,
            ActivationFunction::Softmax => 4,
        })
    }
}

impl Argument {
    /// The bytes of the value as a kernel reads them.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Argument::Pointer(Pointer(address)) => address.to_ne_bytes().to_vec(),
            Argument::Unsigned(value) => value.to_ne_bytes().to_vec(),
            Argument::Int(value) => value.to_ne_bytes().to_vec(),
            Argument::Float(value) => value.to_ne_bytes().to_vec(),
            Argument::Ints(values) => values.iter().flat_map(|v| v.to_ne_bytes()).collect(),
            Argument::Long(value) => value.to_ne_bytes().to_vec(),
        }
    }

    /// The same bytes, aligned for whatever they are, and zeros behind them.
    pub fn words(&self) -> Vec<u64> {
        let word = |part: &[u8]| {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            u64::from_ne_bytes(word)
        };
        self.bytes().chunks(8).map(word).collect()
    }
}

/// A matrix product `C = A · B`, row-major; `a` is (m, k) and `b` is (k, n), or the transpose where the flag says so.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Product {
    /// Left operand.
    pub a: Pointer,
    /// Right operand.
    pub b: Pointer,
    /// Result, overwritten or added to.
    pub c: Pointer,
    /// Rows of the result.
    pub m: usize,
    /// Columns of the result.
    pub n: usize,
    /// Length of the sums.
    pub k: usize,
    /// `a` is stored as (k, m).
    pub transpose_a: bool,
    /// `b` is stored as (n, k).
    pub transpose_b: bool,
    /// How far apart the rows of `a`, `b` and `c` begin as they are stored; `None` where one ends as the next begins.
    pub strides: [Option<usize>; 3],
    /// Whether the product is added to what `c` has.
    pub accumulate: bool,
}

impl Product {
    /// How far apart the rows of `a`, `b` and `c` begin as they are stored.
    pub fn row_strides(&self) -> [usize; 3] {
        let lengths = self.stored().map(|(_, columns)| columns);
        std::array::from_fn(|i| self.strides[i].unwrap_or(lengths[i]))
    }

    /// How many floats it takes from the first to the last number of `a`, `b` and `c`.
    pub fn extents(&self) -> [usize; 3] {
        let (stored, strides) = (self.stored(), self.row_strides());
        std::array::from_fn(|i| match stored[i] {
            (0, _) | (_, 0) => 0,
            (rows, columns) => (rows - 1) * strides[i] + columns,
        })
    }

    /// Rows and columns of `a`, `b` and `c` as they are stored.
    fn stored(&self) -> [(usize, usize); 3] {
        let turned = |turned, (rows, columns)| match turned {
            true => (columns, rows),
            false => (rows, columns),
        };
        [
            turned(self.transpose_a, (self.m, self.k)),
            turned(self.transpose_b, (self.k, self.n)),
            (self.m, self.n),
        ]
    }
}

/// One thing that a GPU is told to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Runs a kernel in blocks of 256 threads.
    Launch {
        /// The kernel's name.
        kernel: &'static str,
        /// How many blocks, in each direction.
        grid: [u32; 3],
        /// The kernel's arguments in order.
        arguments: Vec<Argument>,
    },
    /// A matrix product.
    Product(Product),
    /// A pass of a convolution.
    Convolution(Box<Convolution>),
    /// Work of the host.
    Host(HostCall),
}

/// Takes down commands.
#[derive(Debug, Default)]
pub struct Recorder {
    commands: Vec<Command>,
}

/// Numbers that one block of an elementwise kernel works on.
const NUMBERS_PER_BLOCK: usize = 1024;

/// Rows that one block works on if each row has a warp.
const ROWS_PER_BLOCK: usize = 8;

impl Recorder {
    /// What `record` takes down.
    pub fn of(record: impl FnOnce(&mut Self)) -> Vec<Command> {
        let mut recorder = Recorder::default();
        record(&mut recorder);
        recorder.finish()
    }

    /// A launch; one without blocks is left out.
    pub fn launch<const N: usize>(
        &mut self,
        kernel: &'static str,
        grid: [usize; 3],
        arguments: [Argument; N],
    ) {
        if grid.contains(&0) {
            return;
        }
        self.commands.push(Command::Launch {
            kernel,
            grid: grid.map(|blocks| blocks as u32),
            arguments: arguments.into(),
        });
    }

    /// A launch with a block for every 1024 numbers.
    pub fn elements<const N: usize>(
        &mut self,
        kernel: &'static str,
        numbers: usize,
        arguments: [Argument; N],
    ) {
        self.launch(
            kernel,
            [numbers.div_ceil(NUMBERS_PER_BLOCK), 1, 1],
            arguments,
        );
    }

    /// A launch with a block for every 8 rows.
    pub fn rows<const N: usize>(
        &mut self,
        kernel: &'static str,
        rows: usize,
        arguments: [Argument; N],
    ) {
        self.launch(kernel, [rows.div_ceil(ROWS_PER_BLOCK), 1, 1], arguments);
    }

    /// A matrix product; one without numbers is left out.
    pub fn product(&mut self, product: Product) {
        if product.m > 0 && product.n > 0 {
            self.commands.push(Command::Product(product));
        }
    }

    /// A pass of a convolution.
    pub fn convolution(&mut self, convolution: Convolution) {
        self.commands
            .push(Command::Convolution(Box::new(convolution)));
    }

    /// Work of the host.
    pub fn host(&mut self, call: HostCall) {
        self.commands.push(Command::Host(call));
    }

    /// Takes down what `record` does, or nothing if that fails.
    pub fn attempt(&mut self, record: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let before = self.commands.len();
        let recorded = record(self);
        if recorded.is_err() {
            self.commands.truncate(before);
        }
        recorded
    }

    /// `y = xᵀ` for a (rows, columns) matrix `x`.
    pub fn transpose(&mut self, x: Pointer, y: Pointer, rows: usize, columns: usize) {
        let grid = [columns.div_ceil(32), rows.div_ceil(32), 1];
        let arguments = [x.into(), y.into(), rows.into(), columns.into()];
        self.launch("transpose", grid, arguments);
    }

    /// What comes before everything else in a training step: counts it. `betas` are those of the optimizer.
    pub fn begin_step(&mut self, state: Pointer, betas: (f64, f64)) {
        let (beta_1, beta_2) = (betas.0 as f32, betas.1 as f32);
        let arguments = [state.into(), beta_1.into(), beta_2.into()];
        self.launch("begin_step", [1, 1, 1], arguments);
    }

    /// Adds the sum of `count` values to the first of a metric's sums, and `count` to the second: what a mean needs.
    pub fn add_mean(&mut self, values: Pointer, count: usize, totals: Pointer) {
        self.add_rows(values, count, totals);
        let arguments = [totals.doubles(1).into(), count.into()];
        self.launch("add_count", [1, 1, 1], arguments);
    }

    /// Adds the sum of `count` values to a double.
    pub fn add_rows(&mut self, values: Pointer, count: usize, total: Pointer) {
        let arguments = [values.into(), count.into(), total.into()];
        self.launch("add_rows", [1, 1, 1], arguments);
    }

    /// A loss that is a mean over the numbers of an answer.
    pub fn elementwise_loss(&mut self, kernel: &'static str, call: RecordLoss) {
        let arguments = [
            call.z.into(),
            call.targets.into(),
            call.y_pred.into(),
            call.d_z.into(),
            call.row_losses.into(),
            call.rows.into(),
            call.size.into(),
            call.width.into(),
            call.head.into(),
            call.scale.into(),
        ];
        self.rows(kernel, call.rows, arguments);
    }

    /// A crossentropy of numbers. Each of `rows` answers or positions in them gets a loss.
    pub fn crossentropy(
        &mut self,
        kernel: &'static str,
        rows: usize,
        from_logits: bool,
        call: RecordLoss,
    ) {
        let arguments = [
            call.z.into(),
            call.targets.into(),
            call.y_pred.into(),
            call.d_z.into(),
            call.row_losses.into(),
            call.rows.into(),
            call.size.into(),
            call.width.into(),
            call.head.into(),
            from_logits.into(),
            call.scale.into(),
        ];
        self.rows(kernel, rows, arguments);
    }

    /// `y = x` for `n` numbers.
    pub fn copy(&mut self, x: Pointer, y: Pointer, n: usize) {
        let arguments = [
            x.into(),
            y.into(),
            n.into(),
            ActivationFunction::Linear.into(),
        ];
        self.elements("activate", n, arguments);
    }

    /// The first `width` numbers of each of `rows` rows, from rows of one length to rows of another.
    pub fn copy_columns(
        &mut self,
        (x, of_x): (Pointer, usize),
        (y, of_y): (Pointer, usize),
        rows: usize,
        width: usize,
    ) {
        let arguments = [
            x.into(),
            of_x.into(),
            y.into(),
            of_y.into(),
            rows.into(),
            width.into(),
        ];
        self.elements("copy_columns", rows * width, arguments);
    }

    /// `y += x`
    pub fn add(&mut self, x: Pointer, y: Pointer, n: usize) {
        self.elements("add", n, [x.into(), y.into(), n.into()]);
    }

    /// Everything that was recorded.
    pub fn finish(self) -> Vec<Command> {
        self.commands
    }

    /// `y = f(x)` for rows of `width` numbers; `y` may be `x`.
    pub fn activate(
        &mut self,
        function: ActivationFunction,
        x: Pointer,
        y: Pointer,
        rows: usize,
        width: usize,
    ) {
        match function {
            ActivationFunction::Linear if x == y => {}
            ActivationFunction::Softmax => {
                let arguments = [x.into(), y.into(), rows.into(), width.into()];
                self.rows("softmax", rows, arguments);
            }
            _ => {
                let n = rows * width;
                self.elements(
                    "activate",
                    n,
                    [x.into(), y.into(), n.into(), function.into()],
                );
            }
        }
    }

    /// `y = f(y + bias)` for rows of `width` numbers.
    pub fn bias_activate(
        &mut self,
        bias: Option<Pointer>,
        function: ActivationFunction,
        y: Pointer,
        rows: usize,
        width: usize,
    ) {
        // A softmax looks at whole rows and follows on its own.
        let (together, after) = match function {
            ActivationFunction::Softmax => (ActivationFunction::Linear, function),
            other => (other, ActivationFunction::Linear),
        };
        if bias.is_some() || together != ActivationFunction::Linear {
            let arguments = [
                y.into(),
                bias.into(),
                rows.into(),
                width.into(),
                together.into(),
            ];
            self.elements("bias_activate", rows * width, arguments);
        }
        self.activate(after, y, y, rows, width);
    }

    /// Turns the gradient of `y = f(x)` into that of `x`, in place.
    pub fn activate_backward(
        &mut self,
        function: ActivationFunction,
        y: Pointer,
        dy: Pointer,
        rows: usize,
        width: usize,
    ) {
        if function != ActivationFunction::Linear {
            self.activation_gradient(function, y, (dy, dy), rows, width);
        }
    }

    /// The gradient `dx` from that of `y = f(x)`.
    pub fn activation_gradient(
        &mut self,
        function: ActivationFunction,
        y: Pointer,
        (dy, dx): (Pointer, Pointer),
        rows: usize,
        width: usize,
    ) {
        if function == ActivationFunction::Softmax {
            let arguments = [y.into(), dy.into(), dx.into(), rows.into(), width.into()];
            self.rows("softmax_backward", rows, arguments);
        } else {
            let n = rows * width;
            let arguments = [y.into(), dy.into(), dx.into(), n.into(), function.into()];
            self.elements("activate_backward", n, arguments);
        }
    }

    /// The sums of the columns of a (rows, width) matrix, overwriting `sums`. `scratch` has [`column_sums_scratch`]
    /// floats.
    pub fn column_sums(
        &mut self,
        x: Pointer,
        sums: Pointer,
        rows: usize,
        width: usize,
        scratch: Pointer,
    ) {
        let splits = column_splits(rows, width);
        let out = if splits == 1 { sums } else { scratch };
        let arguments = [
            x.into(),
            out.into(),
            rows.into(),
            width.into(),
            splits.into(),
        ];
        self.launch("column_sums", [width.div_ceil(256), splits, 1], arguments);
        self.sum_partials(out, sums, width, splits);
    }

    /// Adds up `splits` parts of `count` numbers; nothing to do for one part, which is the sum itself.
    pub fn sum_partials(&mut self, partials: Pointer, out: Pointer, count: usize, splits: usize) {
        if splits > 1 {
            let arguments = [partials.into(), out.into(), count.into(), splits.into()];
            self.launch("sum_partials", [count.div_ceil(32), 1, 1], arguments);
        }
    }
}

/// Into how many parts the rows of a matrix are cut to sum its columns.
pub(crate) fn column_splits(rows: usize, width: usize) -> usize {
    (rows * width / 8192).clamp(1, 256).min(rows.max(1))
}

/// The floats that [`Recorder::column_sums`] needs to work in.
pub(crate) fn column_sums_scratch(rows: usize, width: usize) -> usize {
    match column_splits(rows, width) {
        1 => 0,
        splits => splits * width,
    }
}

/// A layer's forward pass, to be recorded.
#[derive(Clone, Copy, Debug)]
pub struct RecordForward<'a> {
    /// The samples of the batch.
    pub rows: usize,
    /// Whether a backward pass follows.
    pub training: bool,
    /// Which layer of the network it is.
    pub layer: u32,
    /// The inputs.
    pub inputs: &'a [Pointer],
    /// Where the output goes.
    pub output: Pointer,
    /// The layer's parameters; null for one that is switched off.
    pub parameters: &'a [Pointer],
    /// What is left for the backward pass.
    pub shared: Pointer,
    /// Room to work in.
    pub scratch: Pointer,
    /// The seed and the number of the step.
    pub state: Pointer,
}

/// A layer's backward pass, to be recorded.
#[derive(Clone, Copy, Debug)]
pub struct RecordBackward<'a> {
    /// The samples of the batch.
    pub rows: usize,
    /// Which layer of the network it is.
    pub layer: u32,
    /// The inputs.
    pub inputs: &'a [Pointer],
    /// The output.
    pub output: Pointer,
    /// The gradient of the output, which may be changed.
    pub d_output: Pointer,
    /// Where the gradients of the inputs go, overwriting what is there. `None` where nobody needs one.
    pub d_inputs: &'a [Option<Pointer>],
    /// The layer's parameters.
    pub parameters: &'a [Pointer],
    /// Where the gradients of the trained ones go.
    pub gradients: &'a [Pointer],
    /// What the forward pass left.
    pub shared: Pointer,
    /// Room to work in.
    pub scratch: Pointer,
    /// The seed and the number of the step.
    pub state: Pointer,
}

/// A loss, to be recorded.
#[derive(Clone, Copy, Debug)]
pub struct RecordLoss {
    /// The samples of the batch.
    pub rows: usize,
    /// Numbers in each answer.
    pub size: usize,
    /// The last axis of an answer.
    pub width: usize,
    /// The activation that turns `z` into predictions.
    pub head: ActivationFunction,
    /// What the last layer gives before that activation.
    pub z: Pointer,
    /// The targets: class ids as `int`s, or floats.
    pub targets: Pointer,
    /// Where the predictions go.
    pub y_pred: Pointer,
    /// Where the gradient of `z` goes.
    pub d_z: Option<Pointer>,
    /// Where the loss of each row goes: one float for each of `rows * size / width` positions.
    pub row_losses: Pointer,
    /// What the gradient is multiplied with.
    pub scale: f32,
}

/// A metric, to be recorded.
#[derive(Clone, Copy, Debug)]
pub struct RecordMetric {
    /// The samples of the batch.
    pub rows: usize,
    /// Numbers in each answer.
    pub size: usize,
    /// The last axis of an answer.
    pub width: usize,
    /// The predictions.
    pub y_pred: Pointer,
    /// The targets.
    pub targets: Pointer,
    /// Whether the targets are class ids.
    pub classes: bool,
    /// Room for a float for each number of the answers.
    pub row_values: Pointer,
    /// The sums of the metric, as doubles.
    pub totals: Pointer,
}

/// An optimizer's step over all parameters, to be recorded.
#[derive(Clone, Copy, Debug)]
pub struct RecordUpdate<'a> {
    /// How many numbers there are.
    pub count: usize,
    /// The weights.
    pub weights: Pointer,
    /// Their gradients; 0 for what is not trained.
    pub gradients: Pointer,
    /// What the optimizer remembers.
    pub memory: &'a [Pointer],
    /// The learning rate and the number of the step.
    pub state: Pointer,
}

/// What something says that has no kernels for a GPU.
pub(crate) fn not_on_a_gpu(what: &(impl std::fmt::Debug + ?Sized)) -> Result<()> {
    Err(Error::NotOnDevice {
        what: format!("{what:?}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn launches_have_blocks_for_everything() {
        let mut recorder = Recorder::default();
        recorder.elements("activate", 1025, [Pointer(8).into()]);
        recorder.rows("softmax", 9, [Pointer(8).into()]);
        recorder.elements("activate", 0, [Pointer(8).into()]);
        let grids: Vec<[u32; 3]> = recorder
            .finish()
            .iter()
            .map(|command| match command {
                Command::Launch { grid, .. } => *grid,
                _ => [0; 3],
            })
            .collect();
        assert_eq!(grids, [[2, 1, 1], [2, 1, 1]]);
    }

    #[test]
    fn rows_of_a_product_may_stand_apart() {
        let close = Product {
            m: 2,
            n: 3,
            k: 5,
            transpose_b: true,
            ..Product::default()
        };
        assert_eq!(close.row_strides(), [5, 5, 3]);
        assert_eq!(close.extents(), [10, 15, 6]);
        let apart = Product {
            strides: [Some(40), None, Some(30)],
            ..close
        };
        assert_eq!(apart.row_strides(), [40, 5, 30]);
        assert_eq!(apart.extents(), [45, 15, 33]);
        assert_eq!(Product { k: 0, ..apart }.extents(), [0, 0, 33]);
    }

    #[test]
    fn sums_of_one_part_need_no_scratch() {
        assert_eq!(column_sums_scratch(32, 10), 0);
        assert_eq!(column_splits(1, 1_000_000), 1);
        assert_eq!(column_sums_scratch(4096, 64), 32 * 64);
    }
}
