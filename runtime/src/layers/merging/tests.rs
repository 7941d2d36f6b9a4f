//! What the shape rules say.

use crate::layers::{Add, Concatenate, Dot, Subtract};
use crate::shape::{Outcome, Reach, Shape};

const IMAGE: Shape = Shape::new([32, 32, 16]).named("`image`");
const SMALLER: Shape = Shape::new([30, 30, 16]).named("`Conv2D(16, 3)`");
const AGE: Shape = Shape::new([1]).named("`age`");
const FIVE: Shape = Shape::new([5]).named("`five`");
const SIX: Shape = Shape::new([6]).named("`six`");
const SCALAR: Shape = Shape::new([]).named("`scalar`");

fn says(outcome: Outcome, message: &str) {
    assert_eq!(outcome.message(), Some(message));
}

#[test]
fn the_two_that_do_not_fit_are_named() {
    says(
        Add::new().output(&[IMAGE, AGE, SMALLER]),
        "`Add` takes inputs of one shape, but `image` gives (32, 32, 16) and `Conv2D(16, 3)` gives (30, 30, 16)\n\
         help: let both have one height and width: a `Conv2D` keeps its own with `padding = same`",
    );
    says(
        Subtract::new().output(&[FIVE, SIX]),
        "`Subtract` takes inputs of one shape, but `five` gives 5 and `six` gives 6\n\
         help: make them equal, or put them side by side with `Concatenate()`",
    );
    says(
        Add::new().output(&[FIVE, IMAGE]),
        "`Add` takes inputs of one shape, but `five` gives 5 and `image` gives (32, 32, 16)\n\
         help: sizes are compared from the last one on; `Reshape` can put a 1 where one of them should stretch",
    );
    says(
        Concatenate::new().output(&[AGE, FIVE, IMAGE]),
        "`Concatenate` takes inputs that differ in their last dimension only, but `age` gives 1 and `image` gives \
         (32, 32, 16)\n\
         help: bring both to one rank: `Flatten()` makes a vector, `Reshape` any other shape",
    );
    says(
        Concatenate { axis: 1 }.output(&[IMAGE, SMALLER]),
        "`Concatenate` takes inputs that differ in their axis 1 only, but `image` gives (32, 32, 16) and \
         `Conv2D(16, 3)` gives (30, 30, 16)\n\
         help: make the other dimensions equal",
    );
    says(
        Dot::new([3, 1]).output(&[IMAGE, FIVE]),
        "`Dot` takes inputs of one size along their axes, but axis 3 of the first has 16 and axis 1 of the second \
         has 5: `image` gives (32, 32, 16) and `five` gives 5\n\
         help: name an axis of each that have one size: `Dot((axis of the first, axis of the second))`",
    );
}

#[test]
fn the_number_of_inputs_counts() {
    let one = Add::new().output(&[IMAGE]);
    assert_eq!(one.shape(""), IMAGE);
    says(
        one,
        "`Add` takes two inputs or more, but is given 1\n\
         help: a graph gives it its inputs: `let z = Add()(x, y);`",
    );
    for outcome in [
        Subtract::new().output(&[IMAGE; 3]),
        Dot::new([1, 1]).output(&[FIVE; 3]),
        Concatenate::new().output(&[]),
    ] {
        assert!(
            outcome
                .message()
                .is_some_and(|m| m.contains("but is given "))
        );
    }
}

#[test]
fn axes_count_as_in_keras() {
    says(
        Concatenate { axis: 0 }.output(&[IMAGE, IMAGE]),
        "`Concatenate` works along axis 0, which is the batch: `image` gives (32, 32, 16)\n\
         help: its axes count from 1 to 3, or from the end: -1 is the last one",
    );
    says(
        Dot::new([1, -3]).output(&[FIVE, FIVE]),
        "`Dot` works along axis -3, but `five` gives 5\n\
         help: it has one axis: 1, or -1 from the end",
    );
    says(
        Concatenate::new().output(&[SCALAR, SCALAR]),
        "`Concatenate` works along axis -1, which is the batch: `scalar` gives ()\n\
         help: a scalar has no axis: `Reshape(1)` makes a vector of it",
    );
    for axis in [1, -3] {
        let both = Concatenate { axis }.output(&[IMAGE, IMAGE]);
        assert_eq!(both.shape("").dims(), [64, 32, 16]);
    }
}

#[test]
fn what_is_unknown_passes() {
    for outcome in [
        Add::new().output(&[IMAGE, Shape::UNKNOWN, AGE]),
        Concatenate::new().output(&[Shape::UNKNOWN, FIVE]),
        Dot::new([1, 3]).output(&[Shape::UNKNOWN, IMAGE]),
    ] {
        assert_eq!(outcome.message(), None);
        assert!(!outcome.shape("").is_known());
    }
    let outcome = Add::new().output(&[FIVE, Shape::UNKNOWN, SIX]);
    assert!(outcome.message().is_some(), "five and six are known");
}

#[test]
fn too_much_is_no_panic() {
    let vast = Shape::new([usize::MAX / 4, 1]);
    let wide = Shape::new([1, usize::MAX / 4]);
    for outcome in [
        Add::new().output(&[vast, wide]),
        Concatenate { axis: 1 }.output(&[vast; 9]),
        Dot::new([2, 1]).output(&[vast, wide]),
        Dot::new([1, 1]).output(&[Shape::new([2; 4]); 2]),
    ] {
        assert!(outcome.message().is_some());
    }
}

#[test]
fn what_numbers_depend_on_is_known() {
    let outcome = |inputs: &[Shape]| Add::new().output(inputs).reach();
    let pixel = Shape::new([1, 1, 16]);
    assert_eq!(outcome(&[IMAGE, IMAGE]), Reach::Place);
    assert_eq!(outcome(&[IMAGE, AGE]), Reach::Place);
    assert_eq!(outcome(&[pixel, IMAGE]), Reach::Place);
    assert_eq!(outcome(&[IMAGE, Shape::new([1, 32, 16])]), Reach::Unknown);
    assert_eq!(
        Concatenate::new().output(&[IMAGE, IMAGE]).reach(),
        Reach::Place
    );
    assert_eq!(
        Concatenate { axis: 1 }.output(&[IMAGE, IMAGE]).reach(),
        Reach::Unknown
    );
    assert_eq!(Dot::new([1, 1]).output(&[FIVE, FIVE]).reach(), Reach::All);
    assert_eq!(
        Dot::new([3, 1]).output(&[IMAGE, Shape::new([16])]).reach(),
        Reach::Unknown
    );
}
