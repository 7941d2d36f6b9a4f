//! Each mistake gives its message, the only one, and reading goes on behind it.

use super::messages;

/// A network of which one part is replaced by `layers`.
fn with_layers(layers: &str) -> String {
    format!("pub Letters: (28, 28, 1) => 10 {{ {layers} }}")
}

/// The only message for `layers` between two layers without mistakes.
#[track_caller]
fn one(layers: &str) -> String {
    let mut messages = messages(&with_layers(layers));
    assert_eq!(messages.len(), 1, "{layers}: {messages:#?}");
    messages.remove(0)
}

#[track_caller]
fn says(layers: &str, problem: &str, help: &str) {
    assert_eq!(one(layers), format!("{problem}\nhelp: {help}"));
}

/// The only message for a whole declaration.
#[track_caller]
fn header_says(declaration: &str, problem: &str, help: &str) {
    assert_eq!(messages(declaration), [format!("{problem}\nhelp: {help}")]);
}

#[test]
fn what_is_right_gives_no_message() {
    for layers in [
        "Flatten(), Dense(10)",
        "Flatten(), Dense(10),",
        "a: Flatten(), /// The answer.\n b: Dense(10, activation = softmax)",
        "Conv2D(16, 3), Conv2D(16, (3, 3), strides = 2), Conv2D(filters = 16, kernel_size = (3, K))",
        "Conv2D(16, 3, 2, same)",
        "MaxPooling2D(), MaxPool2D(2), MaxPooling2D((2, 2), strides = (1, 1), padding = same)",
        "Reshape((784,)), Reshape(784), Reshape(target_shape = (28, 28, 1)), Reshape(SHAPE)",
        "Dropout(0.5), Dropout(rate = RATE), BatchNormalization(momentum = 0.9)",
        "Activation(relu), Activation(activation = relu)",
        "self::Dense(\"any\", thing), Halve::<2, 3>(), crate::layers::Own(1, option = \"text\")",
        "Dense(N as usize), Dense(size::<2, 3>()), Dense(if A { 1 } else { 2 }), Dense(2 * N - 1)",
    ] {
        assert_eq!(messages(&with_layers(layers)), [] as [&str; 0], "{layers}");
    }
    for declaration in [
        "Letters: 784 => 10 { Dense(10) }",
        "(4, 4, 1) => 3 { Flatten(), Dense(3) }",
        "SIDE => 3 { Dense(3) }",
        "Self::SIDE => 3 { Dense(3) }",
        "size() => 3 { Dense(3) }",
        "pub(crate) Letters: (SIDE, Self::W, 2 * N) => (2, 5) { Reshape((2, 5)) }",
        "#[cfg(test)] /// Docs.\n pub(in crate::a) Letters: 7 => 7 { Flatten() }",
        "Letters: size::<2, 3>() => { N } { Flatten() }",
    ] {
        assert_eq!(messages(declaration), [] as [&str; 0], "{declaration}");
    }
}

#[test]
fn options_are_written_with_equals() {
    says(
        "Dense(10, activation: relu)",
        "options of `Dense` are written with `=`",
        "write `activation = relu`",
    );
}

#[test]
fn words_are_not_strings() {
    says(
        "Dense(10, activation = \"relu\")",
        "`activation` of `Dense` is a word, not a string",
        "write `activation = relu`",
    );
    says(
        "Activation(\"relu\")",
        "`activation` of `Activation` is a word, not a string",
        "write `Activation(relu)`",
    );
    says(
        "Dense(10, activation = softmax())",
        "`activation` of `Dense` is a word, without parentheses",
        "write `activation = softmax`",
    );
    says(
        "Dense(10, activation = tf.nn.relu)",
        "`activation` of `Dense` is a word alone",
        "write `activation = relu`",
    );
    says(
        "Dense(10, kernel_initializer = HeNormal())",
        "`kernel_initializer` of `Dense` is a word, without parentheses",
        "write `kernel_initializer = he_normal`",
    );
}
