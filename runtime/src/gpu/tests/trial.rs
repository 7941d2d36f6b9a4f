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
    x: Piece<D>,
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
            x: bench.floats(x),
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
            inputs: &[self.x.start()],
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
        assert_eq!(self.x.read(), self.given, "the input");
        for piece in [&self.shared, &self.scratch, &self.state] {
            piece.read();
        }
        self.parameters.iter().map(Piece::read).collect()
    }
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
    (x, dy): (&[f32], &[f32]),
    rows: usize,
    state: StepState,
    wanted: bool,
) -> Answer {
    let placed = Placed::new(bench, trial, x, (rows, dy.len()), true, state);
    let (dy, dx) = (bench.floats(dy), bench.room(x.len()));
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
        inputs: &[placed.x.start()],
        output: placed.y.start(),
        d_output: dy.start(),
        d_inputs: &[wanted.then(|| dx.start())],
        parameters: &placed.places,
        gradients: &places,
        shared: placed.shared.start(),
        scratch: placed.scratch.start(),
        state: placed.state.start(),
    };
    trial.op.record_backward(call, &mut to).unwrap();
    bench.run(to);
    dy.read();
    let dx = dx.read();
    Answer {
        y: placed.y.read(),
        dx: if wanted { dx } else { Vec::new() },
        gradients: gradients.iter().map(Piece::read).collect(),
        after: placed.check(),
    }
}
