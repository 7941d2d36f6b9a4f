//! Sixty layers: no tuple, and no recursion of the compiler, is too short for them.

use addax::prelude::*;

network! {
    /// Deep.
    pub Deep: 16 => 3 {
        Dense(16, activation = relu),
        Dense(17, activation = relu),
        Dense(18, activation = relu),
        Dense(19, activation = relu),
        Dense(20, activation = relu),
        Dense(21, activation = relu),
        Dense(22, activation = relu),
        Dense(16, activation = relu),
        Dense(17, activation = relu),
        Dense(18, activation = relu),
        Dense(19, activation = relu),
        Dense(20, activation = relu),
        Dense(21, activation = relu),
        Dense(22, activation = relu),
        Dense(16, activation = relu),
        Dense(17, activation = relu),
        Dense(18, activation = relu),
        Dense(19, activation = relu),
        Dense(20, activation = relu),
        Dense(21, activation = relu),
        Dense(22, activation = relu),
        Dense(16, activation = relu),
        Dense(17, activation = relu),
        Dense(18, activation = relu),
        Dense(19, activation = relu),
        Dense(20, activation = relu),
        Dense(21, activation = relu),
        Dense(22, activation = relu),
        Dense(16, activation = relu),
        Dense(17, activation = relu),
        Dense(18, activation = relu),
        Dense(19, activation = relu),
        Dense(20, activation = relu),
        Dense(21, activation = relu),
        Dense(22, activation = relu),
        Dense(16, activation = relu),
        Dense(17, activation = relu),
        Dense(18, activation = relu),
        Dense(19, activation = relu),
        Dense(20, activation = relu),
        Dense(21, activation = relu),
        Dense(22, activation = relu),
        Dense(16, activation = relu),
        Dense(17, activation = relu),
        Dense(18, activation = relu),
        Dense(19, activation = relu),
        Dense(20, activation = relu),
        Dense(21, activation = relu),
        Dense(22, activation = relu),
        Dense(16, activation = relu),
        Dense(17, activation = relu),
        Dense(18, activation = relu),
        Dense(19, activation = relu),
        Dense(20, activation = relu),
        Dense(21, activation = relu),
        Dense(22, activation = relu),
        Dense(16, activation = relu),
        Dense(17, activation = relu),
        Dense(18, activation = relu),
        Dense(19, activation = relu),
        Dense(3, activation = softmax),
    }
}

fn main() -> addax::Result<()> {
    let layers = Deep::build(&Cpu::seed_from_u64(1))?.layers()?;
    assert_eq!(layers.dense_60.bias.as_vec(), [0.0; 3]);
    Ok(())
}
