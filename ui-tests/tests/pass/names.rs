//! Labels are fields; layers without one are named as in Keras.

use addax::prelude::*;

network! {
    /// Names given and names made.
    pub Names: (12, 12, 1) => 10 {
        /// The first look at the image.
        Conv2D(2, 3, activation = relu),
        /// The second look.
        ///
        /// It has a name.
        edges: Conv2D(2, 3),
        Conv2D(2, 3),
        MaxPool2D(),
        Flatten(),
        dense: Dense(5),
        Dense(4),
        r#type: Dense(4),
        Dense(10),
    }
}

fn main() -> addax::Result<()> {
    let layers = Names::build(&Cpu::seed_from_u64(1))?.layers()?;
    let _ = (
        &layers.conv2d.kernel,
        &layers.edges.kernel,
        &layers.conv2d_1.kernel,
    );
    let _ = (&layers.max_pooling2d, &layers.flatten);
    // What the user calls `dense` keeps that name.
    assert_eq!(layers.dense.bias.as_vec().len(), 5);
    assert_eq!(layers.dense_1.bias.as_vec().len(), 4);
    assert_eq!(layers.r#type.bias.as_vec().len(), 4);
    assert_eq!(layers.dense_2.bias.as_vec().len(), 10);
    Ok(())
}
