//! One layer on a GPU, with everything that a plan would lend it.

use super::bench::{Bench, Piece};
use crate::gpu::driver::Driver;
use crate::gpu::weights::StepState;
use crate::gpu::{Pointer, RecordBackward, RecordForward, Recorder};
use crate::layers::trial::{Answer, Trial};

/// Which layer of the network it is.
pub(crate) const LAYER: u32 = 3;

/// The layer's numbers on the device.
struct Placed<'a, D: Driver> {
    trial: &'a Trial,
    rows: usize,
    given: &'a [f32],
    inputs: Vec<Piece<D>>,
    y: Piece<D>,
    parameters: Vec<Piece<D>>,
    places: Vec<Pointer>,
    shared: Piece<D>,
    scratch: Piece<D>,
    state: Piece<D>,
}

impl<'a, D: Driver> Placed<'a, D> {
    fn new(
        bench: &Bench<D>,
        trial: &'a Trial,
        x: &'a [f32],
        (rows, numbers): (usize, usize),
        training: bool,
        state: StepState,
    ) -> Self {
        let memory = trial.op.gpu_memory(rows, training);
        let parameters: Vec<Piece<D>> = trial.values.iter().map(|v| bench.floats(v)).collect();
        Placed {
            trial,
            rows,
            given: x,
            inputs: trial.cut(x).into_iter().map(|x| bench.floats(x)).collect(),
            y: bench.room(numbers),
            places: parameters.iter().map(Piece::as_parameter).collect(),
            parameters,
            shared: bench.room(memory.shared),
            scratch: bench.room(memory.scratch),
            state: bench.state(state),
        }
    }

    fn record_forward(&self, training: bool, to: &mut Recorder) {
        let call = RecordForward {
            rows: self.rows,
            training,
            layer: LAYER,
            inputs: &starts(&self.inputs),
            output: self.y.start(),
            parameters: &self.places,
            shared: self.shared.start(),
            scratch: self.scratch.start(),
            state: self.state.start(),
        };
        self.trial.op.record_forward(call, to).unwrap();
    }

    /// All parameters, when nothing was written to that is not the layer's own, nor to what it only reads.
    fn check(&self) -> Vec<Vec<f32>> {
        assert_eq!(read(&self.inputs), self.given, "the input");
        for piece in [&self.shared, &self.scratch, &self.state] {
            piece.read();
        }
        self.parameters.iter().map(Piece::read).collect()
    }
}

fn starts<D: Driver>(pieces: &[Piece<D>]) -> Vec<Pointer> {
    pieces.iter().map(Piece::start).collect()
}

/// The numbers of all pieces.
fn read<D: Driver>(pieces: &[Piece<D>]) -> Vec<f32> {
    pieces.iter().flat_map(Piece::read).collect()
}

/// The output of `rows` samples as `predict` computes it: `numbers` in all.
pub(crate) fn predict<D: Driver>(
    bench: &Bench<D>,
    trial: &Trial,
    x: &[f32],
    shape: (usize, usize),
) -> Vec<f32> {
    let nothing = StepState {
        seed: 0,
        steps: 0,
        updates: 0,
        learning_rate: 0.0,
    };
    let placed = Placed::new(bench, trial, x, shape, false, nothing);
    let mut to = Recorder::default();
    placed.record_forward(false, &mut to);
    bench.run(to);
    assert_eq!(placed.check(), trial.values, "the parameters");
    placed.y.read()
}

/// Forward and backward of `rows` samples in a training step. Without `wanted` nobody needs the gradient of the input,
/// and there is none.
pub(crate) fn train<D: Driver>(
    bench: &Bench<D>,
    trial: &Trial,
    numbers: (&[f32], &[f32]),
    rows: usize,
    state: StepState,
    wanted: bool,
) -> Answer {
    let answer = train_wanting(bench, trial, numbers, rows, state, |_| wanted);
    Answer {
        dx: if wanted { answer.dx } else { Vec::new() },
        ..answer
    }
}

/// The same for the gradients of some of the inputs. Those of the others are NaN.
pub(crate) fn train_wanting<D: Driver>(
    bench: &Bench<D>,
    trial: &Trial,
    (x, dy): (&[f32], &[f32]),
    rows: usize,
    state: StepState,
    wanted: impl Fn(usize) -> bool,
) -> Answer {
    let placed = Placed::new(bench, trial, x, (rows, dy.len()), true, state);
    let dy = bench.floats(dy);
    let room = |size: &usize| bench.room(rows * size);
    let dx: Vec<Piece<D>> = trial.inputs.iter().map(room).collect();
    let d_inputs: Vec<Option<Pointer>> = (starts(&dx).into_iter().enumerate())
        .map(|(i, dx)| wanted(i).then_some(dx))
        .collect();
    let trained = trial.parameters.iter().filter(|p| p.trainable).count();
    let gradients: Vec<Piece<D>> = trial.values[..trained]
        .iter()
        .map(|v| bench.room(v.len()))
        .collect();
    let places: Vec<Pointer> = gradients.iter().map(Piece::as_parameter).collect();
    let mut to = Recorder::default();
    to.begin_step(placed.state.start(), (0.0, 0.0));
    placed.record_forward(true, &mut to);
    let call = RecordBackward {
        rows,
        layer: LAYER,
        inputs: &starts(&placed.inputs),
        output: placed.y.start(),
        d_output: dy.start(),
        d_inputs: &d_inputs,
        parameters: &placed.places,
        gradients: &places,
        shared: placed.shared.start(),
        scratch: placed.scratch.start(),
        state: placed.state.start(),
    };
    trial.op.record_backward(call, &mut to).unwrap();
    bench.run(to);
    dy.read();
    Answer {
        y: placed.y.read(),
        dx: read(&dx),
        gradients: gradients.iter().map(Piece::read).collect(),
        after: placed.check(),
    }
}
