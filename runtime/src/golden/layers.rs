//! Every layer: shape, output and all gradients, for the whole batch at once and in parts.

use super::{Golden, Visitor, close, with_layer};
use crate::layers::Layer;
use crate::layers::trial::{TRAINING, Trial};
use crate::op::{Grain, Phase};
use crate::shape::{Outcome, Shape};

/// Keras' own rounding reaches 4e-6 in gradients near 18.
pub(super) const TOLERANCE: f32 = 3e-6;

/// Layers that Addax does not have yet.
pub(super) const NOT_SUPPORTED: [&str; 1] = ["global_average_pooling2d"];

/// Tries the layer out.
pub(super) struct Try {
    pub(super) input: Shape,
    pub(super) output: Shape,
}

impl Visitor for Try {
    type Output = Trial;

    fn visit<L: Layer>(self, layer: L, outcome: Outcome) -> Trial {
        assert_eq!(outcome.shape(""), self.output, "{}", L::KIND);
        assert!(outcome.demand().is_some(), "{layer:?}");
        Trial::new(layer, self.input, &outcome)
    }
}

#[test]
fn layers_are_keras_layers() {
    let mut largest = 0.0_f32;
    let mut not_supported = Vec::new();
    for golden in Golden::all("layers", 113) {
        match check(&golden) {
            Some(difference) => largest = largest.max(difference),
            None => not_supported.push(golden.name),
        }
    }
    assert_eq!(not_supported, NOT_SUPPORTED);
    println!("layers: largest difference {largest:e}");
}

fn check(golden: &Golden) -> Option<f32> {
    let name = &golden.name;
    let (rows, input) = golden.samples("x");
    let (_, output) = golden.samples("y");
    let kind = golden.case["layer"].as_str().unwrap();
    let mut trial = with_layer(
        kind,
        &golden.case["options"],
        &[input],
        Try { input, output },
    )?;
    for (parameter, values) in trial.parameters.iter().zip(&mut trial.values) {
        values.copy_from_slice(golden.floats(parameter.name));
    }
    let training = golden.case["training"].as_bool().unwrap();
    let phase = if training { TRAINING } else { Phase::Inference };
    let (x, y, dy) = (golden.floats("x"), golden.floats("y"), golden.floats("dy"));
    let mut largest = 0.0_f32;
    if !training {
        largest = close(
            &format!("{name}: predicted y"),
            &trial.predict(x),
            y,
            TOLERANCE,
        );
    }
    let parts = match trial.op.grain(training) {
        Grain::Rows | Grain::Measured => vec![rows, 1, 2, 3],
        Grain::Batch => vec![rows],
    };
    for at_once in parts {
        let answer = trial.run(x, dy, phase, at_once);
        let mut compare = |what: &str, got: &[f32], expected: &str| {
            let what = format!("{name}, {at_once} rows at once: {what}");
            largest = largest.max(close(&what, got, golden.floats(expected), TOLERANCE));
        };
        compare("y", &answer.y, "y");
        compare("dx", &answer.dx, "dx");
        for (parameter, gradient) in trial.parameters.iter().zip(&answer.gradients) {
            let gradient_name = format!("d_{}", parameter.name);
            compare(&gradient_name, gradient, &gradient_name);
        }
        for (parameter, values) in trial.parameters.iter().zip(&answer.after) {
            let after = format!("new_{}", parameter.name);
            let changes = golden.tensors.contains_key(&after);
            assert_eq!(changes, training && !parameter.trainable, "{name}: {after}");
            compare(
                parameter.name,
                values,
                if changes { &after } else { parameter.name },
            );
        }
        let lean = trial.run_with(x, dy, phase, at_once, false);
        assert_eq!(
            lean.gradients, answer.gradients,
            "{name}: without the gradient of the input"
        );
    }
    let gradients = golden
        .tensors
        .keys()
        .filter(|name| name.starts_with("d_"))
        .count();
    assert_eq!(
        gradients,
        trial.parameters.iter().filter(|p| p.trainable).count(),
        "{name}: gradients"
    );
    Some(largest)
}
