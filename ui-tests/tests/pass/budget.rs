//! A budget limits what a network costs; its limits are constants like any size.

use addax::network;

const ROOM: usize = 64 * 1024;

/// Not a budget: a size.
const fn budget(classes: usize) -> usize {
    classes
}

network! {
    /// Within it.
    pub Letters: (28, 28, 1) => Self::CLASSES, budget(
        params <= 22_250,
        macs < 3 * 1_000_000,
        weight_bytes < 2 * ROOM,
        activation_bytes <= Self::ACTIVATIONS,
    ) {
        Conv2D(8, 3, activation = relu),
        MaxPooling2D(),
        Flatten(),
        Dense(16, activation = relu),
        Dense(Self::CLASSES, activation = softmax),
    }
}

impl Letters {
    const CLASSES: usize = 10;
    const ACTIVATIONS: usize = 4 * (28 * 28 + 26 * 26 * 8 + 13 * 13 * 8 + 16 + 10);
}

network! {
    /// Not a budget either.
    pub Sized: budget(8) => budget(2) {
        Dense(2),
    }
}

fn main() {
    assert_eq!(Letters::PARAMS, 80 + 21_648 + 170);
    assert_eq!(Letters::ACTIVATION_BYTES, Letters::ACTIVATIONS);
    assert_eq!(Sized::PARAMS, 18);
    let tiny = network!(8 => 2, budget(params < 19, macs <= 16) { Dense(2) });
    let _ = tiny;
}
