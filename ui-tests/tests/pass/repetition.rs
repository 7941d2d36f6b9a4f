//! Layers that stand in a list several times.

use addax::prelude::*;

network! {
    /// Keras would use a loop.
    pub Deep: 16 => 10 {
        3 * Dense(16, activation = relu),
        hidden: 2 * Dense(8),
        hidden_1: Dense(8),
        Dense(10, activation = softmax),
    }
}

fn main() -> addax::Result<()> {
    let deep = Deep::build(&Cpu::seed_from_u64(1))?;
    let layers = deep.layers()?;
    for kernel in [&layers.dense.kernel, &layers.dense_1.kernel, &layers.dense_2.kernel] {
        assert_eq!(kernel.as_vec().len(), 256);
    }
    assert_eq!(layers.hidden.kernel.as_vec().len(), 128);
    assert_eq!(layers.hidden_2.kernel.as_vec().len(), 64);
    assert_eq!(layers.hidden_1.kernel.as_vec().len(), 64);
    assert_eq!(layers.dense_3.kernel.as_vec().len(), 80);
    Ok(())
}
