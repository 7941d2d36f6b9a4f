//! Every layer of several inputs: shape, output and all gradients, for the whole batch at once and in parts.

use super::{Golden, close};
use crate::layers::trial::{TRAINING, Trial};
use crate::layers::{Add, Average, Concatenate, Dot, Layer, Maximum, Minimum, Multiply, Subtract};
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

/// Makes the layer that a file describes.
fn trial(golden: &Golden, inputs: &[Shape], output: Shape) -> Trial {
    fn of<L: Layer>(layer: L, outcome: &Outcome, inputs: &[Shape], output: Shape) -> Trial {
        assert_eq!(outcome.message(), None);
        assert_eq!(outcome.shape(""), output, "{layer:?} of {inputs:?}");
        Trial::of_several(layer, inputs, outcome)
    }
    macro_rules! layer {
        ($layer:expr) => {{
            let layer = $layer;
            of(layer, &layer.output(inputs), inputs, output)
        }};
    }
    let options = &golden.case["options"];
    let axis = |value: &serde_json::Value| value.as_i64().unwrap() as isize;
    match golden.case["layer"].as_str().unwrap() {
        "Add" => layer!(Add::new()),
        "Average" => layer!(Average::new()),
        "Concatenate" => layer!(Concatenate {
            axis: axis(&options["axis"])
        }),
        "Dot" => {
            let axes = match options["axes"].as_array() {
                Some(axes) => [axis(&axes[0]), axis(&axes[1])],
                None => [axis(&options["axes"]); 2],
            };
            layer!(Dot {
                axes,
                normalize: options["normalize"].as_bool().unwrap()
            })
        }
        "Maximum" => layer!(Maximum::new()),
        "Minimum" => layer!(Minimum::new()),
        "Multiply" => layer!(Multiply::new()),
        "Subtract" => layer!(Subtract::new()),
        other => panic!("no layer is called {other}"),
    }
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
