//! Every layer of several inputs: shape, output and all gradients, for the whole batch at once and in parts.

use super::{Golden, Visitor, close, with_layer};
use crate::layers::Layer;
use crate::layers::trial::{TRAINING, Trial};
use crate::shape::{Outcome, Shape};

/// Keras' own rounding.
pub(super) const TOLERANCE: f32 = 2e-6;

/// How many files there are.
pub(super) const FILES: usize = 77;

/// A file with the layer that it describes.
pub(super) struct Case {
    pub(super) golden: Golden,
    pub(super) trial: Trial,
    pub(super) rows: usize,
    /// All inputs, one after the other.
    pub(super) x: Vec<f32>,
    /// The gradients of all inputs, likewise.
    pub(super) dx: Vec<f32>,
}

impl Case {
    pub(super) fn all() -> impl Iterator<Item = Case> {
        Golden::all("merging", FILES).into_iter().map(Case::new)
    }

    fn new(golden: Golden) -> Case {
        let names = |prefix: &'static str| {
            let golden = &golden;
            (0..)
                .map(move |i| format!("{prefix}{i}"))
                .take_while(|name| golden.tensors.contains_key(name))
        };
        let inputs: Vec<Shape> = names("x_").map(|name| golden.samples(&name).1).collect();
        let all = |prefix| -> Vec<f32> {
            let numbers = names(prefix).map(|name| golden.floats(&name).to_vec());
            numbers.collect::<Vec<_>>().concat()
        };
        let (x, dx) = (all("x_"), all("dx_"));
        let (rows, output) = golden.samples("y");
        let trial = trial(&golden, &inputs, output);
        Case {
            golden,
            trial,
            rows,
            x,
            dx,
        }
    }
}

/// Binds a layer to the sizes of a file.
struct Bind<'a> {
    inputs: &'a [Shape],
    output: Shape,
}

impl Visitor for Bind<'_> {
    type Output = Trial;

    fn visit<L: Layer>(self, layer: L, outcome: Outcome) -> Trial {
        let inputs = self.inputs;
        assert_eq!(outcome.shape(""), self.output, "{layer:?} of {inputs:?}");
        Trial::of_several(layer, inputs, &outcome)
    }
}

/// Makes the layer that a file describes.
fn trial(golden: &Golden, inputs: &[Shape], output: Shape) -> Trial {
    let kind = golden.case["layer"].as_str().unwrap();
    let bind = Bind { inputs, output };
    with_layer(kind, &golden.case["options"], inputs, bind)
        .unwrap_or_else(|| panic!("no layer is called {kind}"))
}

#[test]
fn layers_of_several_inputs_are_keras_layers() {
    let mut largest = 0.0_f32;
    for case in Case::all() {
        let Case {
            golden,
            trial,
            rows,
            x,
            dx,
        } = &case;
        let name = &golden.name;
        let (y, dy) = (golden.floats("y"), golden.floats("dy"));
        let what = format!("{name}: predicted y");
        largest = largest.max(close(&what, &trial.predict(x), y, TOLERANCE));
        for at_once in [*rows, 1, 2] {
            let answer = trial.run(x, dy, TRAINING, at_once);
            for (what, got, expected) in [("y", &answer.y[..], y), ("dx", &answer.dx, dx)] {
                let what = format!("{name}, {at_once} rows at once: {what}");
                largest = largest.max(close(&what, got, expected, TOLERANCE));
            }
            // Nobody may need the gradients of the other inputs.
            for only in 0..trial.inputs.len() {
                let lean = trial.run_wanting(x, dy, TRAINING, at_once, |input| input == only);
                let (lean, all) = (trial.cut(&lean.dx), trial.cut(&answer.dx));
                assert_eq!(
                    lean[only], all[only],
                    "{name}: the gradient of input {only} alone"
                );
            }
        }
    }
    println!("merging: largest difference {largest:e}");
}
