//! The lecture's fully convolutional network at several sizes.

use addax::prelude::*;

network! {
    /// S3: usable at any image size.
    Fcn<const SIDE: usize = 28>: (SIDE, SIDE, 1) => 10 {
        Conv2D(16, 3, activation = relu),
        Conv2D(16, 3, activation = relu),
        MaxPooling2D(),
        Conv2D(32, 3, activation = relu),
        GlobalMaxPooling2D(),
        Dense(10, activation = softmax),
    }
}

network! {
    /// Tied to its size.
    Tied<const SIDE: usize = 28>: (SIDE, SIDE, 1) => 10 {
        Flatten(),
        Dense(10, activation = softmax),
    }
}

#[test]
fn the_weights_of_a_fully_convolutional_network_fit_any_size() -> addax::Result<()> {
    let small = Fcn::<28>::build(&Cpu::seed_from_u64(1))?;
    let large = small.retyped::<Fcn<41>>()?;
    let back = large.retyped::<Fcn<28>>()?;
    let image = [[[0.25_f32]; 28]; 28];
    assert_eq!(
        small.predict(&[image])?.as_vec(),
        back.predict(&[image])?.as_vec()
    );

    // Of an even image every window is the same, whatever its size.
    let answers = large.predict(&[[[[0.25_f32]; 41]; 41]])?;
    assert_eq!(small.predict(&[image])?.as_vec(), answers.as_vec());
    Ok(())
}

#[test]
fn the_layer_that_is_tied_to_a_size_is_named() -> addax::Result<()> {
    let tied = Tied::<28>::build(&Cpu::default())?;
    let message = tied.retyped::<Tied<32>>().unwrap_err().to_string();
    assert_eq!(
        message,
        "the weights of Tied for (28, 28, 1) do not fit Tied for (32, 32, 1):\n\
         the kernel of `dense` is (784, 10) in Tied for (28, 28, 1) and (1024, 10) in Tied for (32, 32, 1)\n\
         help: a layer whose parameters change with the size of the input ties the network to it; \
         `GlobalMaxPooling2D()` in place of `Flatten()` gives as many numbers for any image"
    );
    let message = tied.retyped::<Fcn>().unwrap_err().to_string();
    assert!(
        message
            .contains("Tied for (28, 28, 1) has the layers dense, and Fcn for (28, 28, 1) has conv2d, conv2d_1, conv2d_2, dense")
    );
    Ok(())
}
