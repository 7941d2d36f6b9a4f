//! The table of the layers, letter by letter, as the compiler writes it and as a program does.

use super::files;
use crate::network::Network;
use crate::prelude::*;
use crate::summary::Summary;

network! {
    Mlp: 3 => 1 {
        Dense(4, activation = relu),
        Dense(4, activation = relu),
        Dense(1, activation = sigmoid),
    }
}

network! {
    Letters: (28, 28, 1) => 10 {
        Conv2D(16, 3, activation = relu),
        Conv2D(16, 3, activation = relu),
        MaxPooling2D(),
        Conv2D(32, 3, activation = relu),
        Conv2D(32, 3, activation = relu),
        MaxPooling2D(),
        Flatten(),
        Dense(64, activation = relu),
        Dropout(0.5),
        Dense(10, activation = softmax),
    }
}

network! {
    LettersBatchNormalization: (28, 28, 1) => 10 {
        Conv2D(16, 3, activation = relu),
        BatchNormalization(),
        Conv2D(16, 3, activation = relu),
        MaxPooling2D(),
        Conv2D(32, 3, activation = relu),
        BatchNormalization(),
        Conv2D(32, 3, activation = relu),
        MaxPooling2D(),
        Flatten(),
        Dense(64, activation = relu),
        Dropout(0.5),
        Dense(10, activation = softmax),
    }
}

network! {
    /// Several inputs and outputs, and a layer for two images of different sizes.
    Faces: (left: (12, 12, 1), right: (10, 10, 1), age: 1) => (race: 5, glad: 1) {
        let tower = Conv2D(8, 3, activation = relu);
        let l = tower(left);
        let r = tower(right);
        let l = Flatten()(l);
        let r = Flatten()(r);
        let z = Concatenate()([l, r, age]);
        let z = BatchNormalization()(z);
        let z = Dense(16, activation = relu)(z);
        let race = Dense(5, activation = softmax)(z);
        let hidden = Dense(4, activation = tanh);
        let z = hidden(Dropout(0.5)(z));
        let glad = Dense(1, activation = sigmoid)(z);
    }
}

network! {
    /// Branches that come together again.
    Residual: (image: (8, 8, 3)) => (digit: 10) {
        let x = Conv2D(4, 3, padding = same)(image);
        let y = Conv2D(4, 3, padding = same)(BatchNormalization()(x));
        let x = MaxPooling2D()(x + y);
        let weights = Dense(4, activation = sigmoid)(GlobalMaxPooling2D()(x));
        let x = x * Reshape((1, 1, 4))(weights);
        let digit = Dense(10)(Flatten()(x));
    }
}

network! {
    /// Sequences.
    Weather: (64, 32) => 10 {
        LSTM(64, return_sequences = true),
        LSTM(64),
        Dense(10, activation = softmax),
    }
}

network! {
    Encoder: 16 => 8 {
        Dense(8),
        BatchNormalization(),
    }
}

network! {
    Block: 8 => 8 {
        Dense(8),
    }
}

network! {
    Compared: (left: 8, right: 8) => (difference: 4) {
        let difference = Dense(4)(left - right);
    }
}

network! {
    /// Networks as layers, one of them for two values.
    Siamese: (a: 16, b: 16) => (same: 2) {
        let encoder = Encoder();
        let z = Compared()(encoder(a), encoder(b));
        let answer = Dense(2, activation = softmax);
        let same = answer(z);
    }
}

network! {
    /// Networks in a list.
    Deep: 16 => 2 {
        Encoder(),
        Block(),
        last: Block(),
        answer: Dense(2),
    }
}

network! {
    /// One layer after another, but declared as a graph and with two outputs.
    Probe: (image: 8) => (hidden: 4, digit: 2) {
        let hidden = Dense(4)(image);
        let digit = Dense(2)(hidden);
    }
}

network! {
    /// One layer after another, declared as a graph.
    Line: (image: 8) => (digit: 2) {
        let x = Dense(4, activation = relu)(image);
        let digit = Dense(2)(x);
    }
}

network! {
    /// Many connections, and names that fit on no line.
    Wide: (a: (3, 3, 2), b: (3, 3, 2), größenänderung_der_bilder: (3, 3, 2)) => (y: 100_000) {
        let a_name_that_is_much_too_long = Conv2D(2, 1);
        let la = a_name_that_is_much_too_long(a);
        let lb = a_name_that_is_much_too_long(b);
        let lc = a_name_that_is_much_too_long(größenänderung_der_bilder);
        let z = Concatenate()([a, la, b, a, lb, größenänderung_der_bilder, a, b, lc]);
        let z = Conv2DTranspose(1234, 3)(z);
        let z = GlobalMaxPooling2D()(BatchNormalization()(z));
        let y = Dense(100_000)(z);
    }
}

/// What the compiler has written, and what a program writes.
fn tables<N: Network>() -> [String; 2] {
    [N::SUMMARY.to_owned(), Summary::of::<N>().to_string()]
}

#[test]
fn summaries_are_keras_summaries() {
    let mut not_supported = Vec::new();
    for path in files("summary", "txt", 12) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let tables = match name {
            "deep" => tables::<Deep>(),
            "faces" => tables::<Faces>(),
            "letters" => tables::<Letters>(),
            "letters_batch_normalization" => tables::<LettersBatchNormalization>(),
            "line" => tables::<Line>(),
            "mlp" => tables::<Mlp>(),
            "probe" => tables::<Probe>(),
            "residual" => tables::<Residual>(),
            "siamese" => tables::<Siamese>(),
            "weather" => tables::<Weather>(),
            "wide" => tables::<Wide>(),
            _ => {
                not_supported.push(name.to_owned());
                continue;
            }
        };
        let expected = std::fs::read_to_string(&path).unwrap();
        for table in tables {
            for (line, (got, expected)) in table.lines().zip(expected.lines()).enumerate() {
                assert_eq!(got, expected, "{name}, line {}", line + 1);
            }
            assert_eq!(table.trim_end(), expected.trim_end(), "{name}");
        }
    }
    // The summary of a trained model does not count what the optimizer remembers.
    assert_eq!(not_supported, ["mlp_trained"]);
}
