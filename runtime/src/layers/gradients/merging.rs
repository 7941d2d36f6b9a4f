//! Layers of several inputs, each alone and all together.

use super::{Case, Point, Random};
use crate::layers::trial::Trial;
use crate::layers::{Add, Average, Concatenate, Dot, Layer, Maximum, Minimum, Multiply, Subtract};
use crate::op::Phase;
use crate::shape::{Outcome, Shape};

const ROWS: usize = 2;

fn case<L: Layer>(layer: L, outcome: &Outcome, inputs: &[Shape], random: &mut Random) -> Case {
    assert_eq!(outcome.message(), None);
    let size: usize = inputs.iter().map(|input| input.size()).sum();
    Case {
        name: format!("{layer:?} of {inputs:?}"),
        trial: Trial::of_several(layer, inputs, outcome),
        phase: Phase::Inference,
        kinks: false,
        // Where two inputs are near each other, a maximum has no slope.
        point: Point {
            x: random.distinct(ROWS * size),
            parameters: Vec::new(),
        },
        rows: ROWS,
    }
}

/// Every layer with shapes that stretch in every way.
fn cases(random: &mut Random) -> Vec<Case> {
    let mut cases = Vec::new();
    macro_rules! case {
        ($layer:expr; $($dims:expr),+) => {
            let (layer, inputs) = ($layer, [$(Shape::new($dims)),+]);
            cases.push(case(layer, &layer.output(&inputs), &inputs, random));
        };
    }
    macro_rules! shapes {
        ($($layer:ident),+; $dims:tt) => {
            $(shapes!(@ $layer, $dims);)+
        };
        (@ $layer:ident, ($($dims:expr),+)) => {
            case!($layer::new(); $($dims),+);
        };
    }
    shapes!(Add, Subtract, Multiply, Average, Maximum, Minimum; ([7], [7]));
    shapes!(Add, Subtract, Multiply, Average, Maximum, Minimum; ([4, 3, 2], [1, 1, 1]));
    shapes!(Add, Subtract, Multiply, Average, Maximum, Minimum; ([3], [2, 2, 3]));
    shapes!(Add, Subtract, Multiply, Average, Maximum, Minimum; ([3, 1, 2], [1, 4, 2]));
    shapes!(Add, Multiply, Average, Maximum, Minimum; ([4, 1], [3], [4, 3]));
    case!(Concatenate::new(); [3, 2], [3, 1], [3, 4]);
    case!(Concatenate { axis: 1 }; [3, 2], [1, 2]);
    for normalize in [false, true] {
        for axes in [[-1, -1], [2, 1], [1, 2], [1, 1]] {
            case!(Dot { axes, normalize }; [5, 5], [5, 5]);
        }
        case!(Dot { axes: [1, 1], normalize }; [6], [6]);
        case!(Dot { axes: [2, 1], normalize }; [2, 4, 3], [4]);
    }
    cases
}

#[test]
fn gradients_are_slopes() {
    let random = &mut Random::new(3);
    let mut cases = cases(random);
    assert_eq!(cases.len(), 4 * 6 + 5 + 2 + 2 * 6);
    let wrong: Vec<String> = cases
        .iter_mut()
        .filter_map(|case| case.check(random, 1.0).err())
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The test above is worth nothing if it lets a wrong gradient pass.
#[test]
fn a_gradient_one_per_cent_too_large_is_no_slope() {
    let random = &mut Random::new(4);
    for mut case in cases(random) {
        assert!(case.check(random, 1.01).is_err(), "{}", case.name);
    }
}
