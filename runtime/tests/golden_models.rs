//! The networks of the lectures that Addax was made for: what they cost, counted by hand with Keras' formulas, is what the
//! compiler says of them, and what a model says when it runs.

use addax::facts::LayerInfo;
use addax::prelude::*;

/// Declares a network and compares its facts with numbers: shapes, parameters, those that are not trained, operations.
macro_rules! golden {
    (
        $test:ident, $name:ident: $input:tt => $output:tt { $($layers:tt)* }
        shapes [$($shape:expr),* $(,)?]
        params $params:expr, non_trainable $fixed:expr, macs $macs:expr, min_input $min:expr
    ) => {
        network! {
            /// A network of the lectures.
            #[allow(addax::softmax_inside, reason = "`First` is as it was shown, softmax and all")]
            $name: $input => $output { $($layers)* }
        }

        const _: () = {
            assert!($name::PARAMS == $params);
            assert!($name::NON_TRAINABLE_PARAMS == $fixed);
            assert!($name::TRAINABLE_PARAMS == $params - $fixed);
            assert!($name::WEIGHT_BYTES == 4 * $params);
            assert!($name::MACS == $macs);
            assert!($name::train_bytes(128).unwrap() > $name::WEIGHT_BYTES + 4 * $name::TRAINABLE_PARAMS);
        };

        #[test]
        fn $test() {
            let shapes: Vec<String> = $name::LAYERS.iter().map(|layer| layer.output_shape.to_string()).collect();
            assert_eq!(shapes, [$($shape),*].map(|shape: &str| shape.to_owned()));
            assert_eq!($name::MIN_INPUT, $min);
            let sum = |count: fn(&LayerInfo) -> usize| $name::LAYERS.iter().map(count).sum::<usize>();
            assert_eq!(sum(|layer| layer.params), $params);
            assert_eq!(sum(|layer| layer.non_trainable_params), $fixed);
            assert_eq!(sum(|layer| layer.macs), $macs);

            let model = $name::build(&Cpu::default()).unwrap();
            assert_eq!(model.count_params(), $params);
            assert_eq!(model.summary().to_string(), $name::SUMMARY);
        }
    };
}

golden! {
    faces, Faces: (48, 48, 3) => 5 {
        Conv2D(24, 3, activation = relu),
        Conv2D(24, 3, activation = relu),
        MaxPooling2D(2),
        Conv2D(48, 3, activation = relu),
        Conv2D(48, 3, activation = relu),
        MaxPooling2D(2),
        Flatten(),
        Dense(250, activation = relu),
        Dense(250, activation = relu),
        Dense(250, activation = relu),
        Dense(5, activation = softmax),
    }
    shapes [
        "(46, 46, 24)", "(44, 44, 24)", "(22, 22, 24)", "(20, 20, 48)", "(18, 18, 48)", "(9, 9, 48)", "3888",
        "250", "250", "250", "5",
    ]
    params 672 + 5208 + 10_416 + 20_784 + 972_250 + 62_750 * 2 + 1255,
    non_trainable 0, macs 23_371_306, min_input Some((16, 16))
}
const _: () = assert!(Faces::PARAMS == 1_136_085);

golden! {
    first, First: 3 => 2 {
        Dense(3, activation = relu),
        Dense(2, activation = softmax),
        Dense(2),
    }
    shapes ["3", "2", "2"]
    params 12 + 8 + 6, non_trainable 0, macs 19, min_input None
}

golden! {
    xor, Xor: 3 => 2 {
        Dense(4, activation = tanh),
        Dense(3, activation = tanh),
        Dense(2, activation = softmax),
    }
    shapes ["4", "3", "2"]
    params 16 + 15 + 8, non_trainable 0, macs 30, min_input None
}

golden! {
    sigmoids, Sigmoids: 3 => 1 {
        Dense(3, activation = sigmoid),
        Dense(1, activation = sigmoid),
    }
    shapes ["3", "1"]
    params 16, non_trainable 0, macs 12, min_input None
}

golden! {
    hidden, Hidden: 3 => 1 {
        Dense(4, activation = sigmoid),
        Dense(4, activation = sigmoid),
        Dense(1, activation = sigmoid),
    }
    shapes ["4", "4", "1"]
    params 16 + 20 + 5, non_trainable 0, macs 32, min_input None
}

golden! {
    logistic, Logistic: (28, 28, 1) => 10 {
        Flatten(),
        Dense(10, activation = softmax),
    }
    shapes ["784", "10"]
    params 7850, non_trainable 0, macs 7840, min_input Some((1, 1))
}

golden! {
    mlp, Mlp: (28, 28, 1) => 10 {
        Flatten(),
        Dense(128, activation = tanh),
        Dense(10, activation = softmax),
    }
    shapes ["784", "128", "10"]
    params 101_770, non_trainable 0, macs 101_632, min_input Some((1, 1))
}

golden! {
    convolution_same, ConvolutionSame: (28, 28, 1) => 10 {
        Conv2D(16, (3, 3), activation = relu, padding = same),
        Flatten(),
        Dense(10, activation = softmax),
    }
    shapes ["(28, 28, 16)", "12544", "10"]
    params 125_610, non_trainable 0, macs 238_336, min_input Some((1, 1))
}

golden! {
    convolution_and_pooling, ConvolutionAndPooling: (28, 28, 1) => 10 {
        Conv2D(16, (3, 3), activation = relu),
        MaxPool2D(),
        Flatten(),
        Dense(10, activation = softmax),
    }
    shapes ["(26, 26, 16)", "(13, 13, 16)", "2704", "10"]
    params 27_210, non_trainable 0, macs 124_384, min_input Some((4, 4))
}

golden! {
    four_convolutions, FourConvolutions: (28, 28, 1) => 10 {
        Conv2D(16, (3, 3), activation = relu),
        Conv2D(16, (3, 3), activation = relu),
        MaxPool2D(),
        Conv2D(32, (3, 3), activation = relu),
        Conv2D(32, (3, 3), activation = relu),
        MaxPool2D(),
        Flatten(),
        Dense(10, activation = softmax),
    }
    shapes [
        "(26, 26, 16)", "(24, 24, 16)", "(12, 12, 16)", "(10, 10, 32)", "(8, 8, 32)", "(4, 4, 32)", "512", "10",
    ]
    params 21_498, non_trainable 0, macs 2_480_192, min_input Some((16, 16))
}

golden! {
    with_dropout, WithDropout: (28, 28, 1) => 10 {
        Conv2D(16, (3, 3), activation = relu),
        Conv2D(16, (3, 3), activation = relu),
        MaxPool2D(),
        Conv2D(32, (3, 3), activation = relu),
        Conv2D(32, (3, 3), activation = relu),
        MaxPool2D(),
        Flatten(),
        Dense(64, activation = relu),
        Dropout(0.5),
        Dense(10, activation = softmax),
    }
    shapes [
        "(26, 26, 16)", "(24, 24, 16)", "(12, 12, 16)", "(10, 10, 32)", "(8, 8, 32)", "(4, 4, 32)", "512", "64", "64",
        "10",
    ]
    params 49_850, non_trainable 0, macs 2_508_480, min_input Some((16, 16))
}

golden! {
    with_batch_normalization, WithBatchNormalization: (28, 28, 1) => 10 {
        Conv2D(16, (3, 3), activation = relu),
        BatchNormalization(),
        Conv2D(16, (3, 3), activation = relu),
        MaxPool2D(),
        Conv2D(32, (3, 3), activation = relu),
        BatchNormalization(),
        Conv2D(32, (3, 3), activation = relu),
        MaxPool2D(),
        Flatten(),
        Dense(64, activation = relu),
        Dropout(0.5),
        Dense(10, activation = softmax),
    }
    shapes [
        "(26, 26, 16)", "(26, 26, 16)", "(24, 24, 16)", "(12, 12, 16)", "(10, 10, 32)", "(10, 10, 32)", "(8, 8, 32)",
        "(4, 4, 32)", "512", "64", "64", "10",
    ]
    params 50_042, non_trainable 96, macs 2_508_480, min_input Some((16, 16))
}

golden! {
    fully_convolutional, FullyConvolutional: (28, 28, 1) => 10 {
        Conv2D(16, (3, 3), activation = relu),
        BatchNormalization(),
        Conv2D(16, (3, 3), activation = relu),
        MaxPool2D(),
        Conv2D(32, (3, 3), activation = relu),
        BatchNormalization(),
        Conv2D(32, (3, 3), activation = relu),
        MaxPool2D(),
        Conv2D(128, (3, 3), activation = relu),
        GlobalMaxPool2D(),
        Dropout(0.5),
        Dense(128, activation = relu),
        Dropout(0.5),
        Dense(10, activation = softmax),
    }
    shapes [
        "(26, 26, 16)", "(26, 26, 16)", "(24, 24, 16)", "(12, 12, 16)", "(10, 10, 32)", "(10, 10, 32)", "(8, 8, 32)",
        "(4, 4, 32)", "(2, 2, 128)", "128", "128", "128", "128", "10",
    ]
    params 71_354, non_trainable 96, macs 2_640_192, min_input Some((24, 24))
}

golden! {
    functional, Functional: 10 => 10 {
        Dense(20, activation = relu),
        Dense(20, activation = relu),
        Dense(10, activation = softmax),
    }
    shapes ["20", "20", "10"]
    params 850, non_trainable 0, macs 800, min_input None
}

#[test]
fn receptive_fields_grow_layer_by_layer() {
    let fields: Vec<Option<usize>> = FullyConvolutional::LAYERS
        .iter()
        .map(|layer| {
            layer.receptive_field.map(|(height, width)| {
                assert_eq!(height, width);
                height
            })
        })
        .collect();
    let of_windows = [3, 3, 5, 6, 10, 10, 14, 16, 24].map(Some);
    assert_eq!(fields[..9], of_windows);
    assert_eq!(fields[9..], [Some(28); 5]);
    assert!(
        Xor::LAYERS
            .iter()
            .all(|layer| layer.receptive_field.is_none())
    );
}

#[test]
fn other_architectures_have_other_fingerprints() {
    let fingerprints = [
        Faces::FINGERPRINT,
        First::FINGERPRINT,
        Xor::FINGERPRINT,
        Sigmoids::FINGERPRINT,
        Hidden::FINGERPRINT,
        Logistic::FINGERPRINT,
        Mlp::FINGERPRINT,
        ConvolutionSame::FINGERPRINT,
        ConvolutionAndPooling::FINGERPRINT,
        FourConvolutions::FINGERPRINT,
        WithDropout::FINGERPRINT,
        WithBatchNormalization::FINGERPRINT,
        FullyConvolutional::FINGERPRINT,
        Functional::FINGERPRINT,
    ];
    for (i, fingerprint) in fingerprints.iter().enumerate() {
        assert!(!fingerprints[..i].contains(fingerprint), "{i}");
    }
}

network! {
    /// `Xor` under another name, with named layers.
    Renamed: 3 => 2 {
        a: Dense(4, activation = tanh),
        b: Dense(3, activation = tanh),
        c: Dense(2, activation = softmax, kernel_initializer = he_uniform),
    }
}

#[test]
fn names_and_first_values_are_not_part_of_the_architecture() {
    assert_eq!(Renamed::FINGERPRINT, Xor::FINGERPRINT);
    // The same in every version that shares its minor version; with a new one it may change.
    assert_eq!(Xor::FINGERPRINT, 0x2ad4_415a_084b_c75e);
}
