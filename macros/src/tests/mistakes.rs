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
        "Concatenate(axis = -1), Concatenate(2), Dot(1), Dot(-1, true), Dot(axes = (1, -2), normalize = true), Dot(AXES)",
        "Lambda(f), Lambda(my::function::<3>), Lambda(function = f)",
        "self::Dense(\"any\", thing), Halve::<2, 3>(), crate::layers::Own(1, option = \"text\")",
        "Dense(10, activation = SETTINGS.activation), Dense(10, activation = pick()), Dense(10, activation = my::word())",
        "Dense(10, activation = ActivationFunction::Relu), Dense(99999999999999999999), Conv2D(16, 99999999999999999999)",
        "3 * Dense(10), a: 2 * Dense(10), a_2: Dense(10), a_1: 1 * self::Block::<2>(), 4 * Flatten()",
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
        "Letters<const N: usize = 28, Classes = Const<10>>: (N, N, 1) => Classes { Dense(Classes * N) }",
        "Letters<In, Out>: (x: In) => (y: Out, z: { size() }) { let y = Dense(Out)(x); let z = Dense(In / 2)(x); }",
    ] {
        assert_eq!(messages(declaration), [] as [&str; 0], "{declaration}");
    }
}

#[test]
fn reading_goes_on_behind_each_mistake() {
    let problems: Vec<_> = messages(
        "pub Letters: (28, 28, 1) -> 10 {
            Conv2D(16, (3, 3), activation: relu),
            Flatten,
            Dense(64 activation = \"relu\");
            a: Dropout(1),
            a: dense(10),
            Dense(units = 3, 3)
        } more",
    )
    .iter()
    .map(|message| message.lines().next().unwrap_or_default().to_owned())
    .collect();
    assert_eq!(
        problems,
        [
            "a network ends with its layers",
            "the output shape follows `=>`",
            "options of `Conv2D` are written with `=`",
            "a layer is written with parentheses",
            "`,` is missing in front of this argument",
            "layers are separated by `,`",
            "there is no layer `dense`",
            "`activation` of `Dense` is a word, not a string",
            "`rate` of `Dropout` is a number with a point",
            "an argument without a name stands in front of the options",
            "`units` of `Dense` is given twice",
            "two layers are called `a`",
        ]
    );
}

#[test]
fn a_habit_that_shows_in_every_line_gets_one_message() {
    says(
        "Flatten(); Dense(64); Dense(10);",
        "layers are separated by `,`",
        "write `,` for each `;`",
    );
    says(
        "Flatten(), let x = Dense(64), let x = Dense(10),",
        "a list of layers has no `let`: each layer takes what the one before it gives",
        "write each layer alone: `Dense(10),`, or name the inputs and outputs: `(image: (28, 28, 1)) => (digit: 10)`",
    );
    says(
        "model.add(Flatten()); model.add(Dense(10));",
        "the layers of a network are a list",
        "write each layer alone, with a comma behind it: `Dense(10),`",
    );
}

#[test]
fn layers_in_a_wrapper_are_taken_out_of_it() {
    for (layers, problem) in [
        (
            "Sequential([Flatten(), Dense(10)])",
            "`network!` is the sequential model: its layers stand directly in the braces",
        ),
        (
            "tf.keras.Sequential([Flatten(), Dense(10)])",
            "`network!` is the sequential model: its layers stand directly in the braces",
        ),
        (
            "[Flatten(), Dense(10)]",
            "the layers of a network stand directly in its braces",
        ),
        (
            "Input(shape = (28, 28, 1)), Flatten()",
            "the input shape stands in front of `=>` and is not a layer",
        ),
        (
            "Flatten()(x), Dense(10)",
            "in a list each layer takes what the one before it gives",
        ),
        (
            "N * Dense(10)",
            "how often a layer is repeated is written as a number",
        ),
        ("0 * Dense(10)", "a layer is repeated at least once"),
        (
            "2.5 * Dense(10)",
            "a layer is repeated a whole number of times",
        ),
        ("1000 * Dense(10)", "a layer is repeated at most 256 times"),
        (
            "Dense(10) * 3",
            "the number stands in front of the layer that is repeated",
        ),
        (
            "3 * a: Dense(10)",
            "the name of a layer stands in front of its number",
        ),
        (
            "3 * [Dense(10), Dropout(0.5)]",
            "one layer is repeated, and not several",
        ),
        ("# first\n Flatten()", "`#` starts no comment here"),
        (
            "keras.layers.Flatten()",
            "layers are known by their name alone",
        ),
        ("Dense::new(64)", "a layer is written without `::new`"),
        (
            "Dense { units: 64 }",
            "the arguments of a layer stand in parentheses",
        ),
        ("Dense[64]", "the arguments of a layer stand in parentheses"),
        ("Dense 64", "the arguments of a layer stand in parentheses"),
        ("Dense(64).relu()", "a layer ends with its parentheses"),
        ("64", "this is not a layer"),
        (
            "Flatten() Dense(10)",
            "`,` is missing in front of this layer",
        ),
        (
            "Flatten(),, Dense(10)",
            "there is no layer in front of this comma",
        ),
        (
            "hidden = Dense(10)",
            "the name of a layer is followed by `:`",
        ),
        (
            "\"hidden\": Dense(10)",
            "the name of a layer is a word, not a string",
        ),
        (
            "type: Dense(10)",
            "`type` is a word of Rust and cannot name a layer",
        ),
        (
            "#[cfg(test)] Dense(10)",
            "a layer takes doc comments and no other attributes",
        ),
        ("GRU(64)", "`GRU` is not in Addax yet"),
        ("Convolution2D(16, 3)", "there is no layer `Convolution2D`"),
        ("max_pooling2d()", "there is no layer `max_pooling2d`"),
        ("ReLU()", "`ReLU` is an activation, not a layer"),
    ] {
        let message = one(layers);
        assert!(
            message.starts_with(problem) && message.contains("\nhelp: "),
            "{layers}: {message}"
        );
    }
}

#[test]
fn options_are_written_with_equals() {
    says(
        "Dense(10, activation: relu)",
        "options of `Dense` are written with `=`",
        "write `activation = relu`",
    );
    says(
        "Dense(10, activation =)",
        "the option `activation` has no value",
        "write `activation = ..`, or take it out",
    );
    says(
        "Dense(10, type = 3)",
        "`type` is a word of Rust and no option of `Dense`",
        "an option is written `name = value`",
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
        "`activation` of `Dense` is a word, without a module in front of it",
        "write `activation = relu`",
    );
    says(
        "Dense(10, kernel_initializer = HeNormal())",
        "`kernel_initializer` of `Dense` is a word, without parentheses",
        "write `kernel_initializer = he_normal`",
    );
    says(
        "Dense(10, use_bias = False)",
        "Rust has no `False`",
        "write `false`",
    );
    says(
        "Dense(10, activation = None)",
        "an option without a value is left out: `activation` has a default",
        "take it out",
    );
}

#[test]
fn numbers_are_what_they_count() {
    for (layer, problem, help) in [
        (
            "Dense(\"64\")",
            "`units` of `Dense` is a whole number, not `\"64\"`",
            "write `64`",
        ),
        (
            "Dense(64.0)",
            "`units` of `Dense` is a whole number, not `64.0`",
            "write `64`",
        ),
        (
            "Dense(-1)",
            "`units` of `Dense` cannot be negative",
            "write a whole number from 1",
        ),
        (
            "Dense((3, 3))",
            "`units` of `Dense` is a whole number, not `(3, 3)`",
            "write one number",
        ),
        (
            "Conv2D(16, (3, 3, 3))",
            "`kernel_size` of `Conv2D` is (height, width), not `(3, 3, 3)`",
            "write `(3, 3)`, or one number for both",
        ),
        (
            "Conv2D(16, 2.5)",
            "`kernel_size` of `Conv2D` is a whole number, not `2.5`",
            "write `2`",
        ),
        (
            "Reshape((28, -1))",
            "`target_shape` of `Reshape` cannot be negative",
            "write the size out; `Reshape` does not work it out",
        ),
        (
            "Reshape((1, 2, 3, 4, 5))",
            "`target_shape` of `Reshape` has 5 dimensions, but a sample has at most 4",
            "the batch is not one of them",
        ),
        (
            "Dropout(1)",
            "`rate` of `Dropout` is a number with a point",
            "write the share that is dropped, such as `0.5`",
        ),
        (
            "BatchNormalization(momentum = 1)",
            "`momentum` of `BatchNormalization` is a number with a point",
            "write `1.0`",
        ),
        (
            "Dropout(\"0.5\")",
            "`rate` of `Dropout` is a number, not text",
            "write `0.5`",
        ),
    ] {
        says(layer, problem, help);
    }
}

#[test]
fn arguments_are_counted() {
    for (layer, problem, help) in [
        (
            "Conv2D(16)",
            "`Conv2D` needs `kernel_size`",
            "write `Conv2D(16, (3, 3))`",
        ),
        (
            "Conv2D()",
            "`Conv2D` needs `filters` and `kernel_size`",
            "write `Conv2D(16, (3, 3))`",
        ),
        (
            "Flatten(1)",
            "`Flatten` takes no arguments",
            "write `Flatten()`",
        ),
        (
            "Dropout(0.5, 1)",
            "`Dropout` takes one argument",
            "write `Dropout(0.5)`",
        ),
        (
            "BatchNormalization(0.9)",
            "`BatchNormalization` takes no arguments without a name",
            "write the name of the option: `BatchNormalization(momentum = 0.9)`",
        ),
        (
            "Dense(3, units = 4)",
            "`units` of `Dense` is given twice",
            "take one of them out",
        ),
        (
            "Dense(3, use_bias = true, use_bias = false)",
            "`use_bias` of `Dense` is given twice",
            "take one of them out",
        ),
        (
            "Dense(10 activation = relu)",
            "`,` is missing in front of this argument",
            "write a comma between two arguments",
        ),
        (
            "Conv2D(16 (3, 3))",
            "`,` is missing in front of this argument",
            "write a comma between two arguments",
        ),
        (
            "Dense(10; relu)",
            "arguments are separated by `,`",
            "write `,`",
        ),
        (
            "Dense(10,, relu)",
            "there is no argument in front of this comma",
            "take the comma out",
        ),
    ] {
        says(layer, problem, help);
    }
}

#[test]
fn options_of_keras_are_known() {
    for (layer, problem, help) in [
        (
            "Conv2D(nb_filter = 16, kernel_size = 3)",
            "the option `nb_filter` of `Conv2D` is called `filters`",
            "write `filters = 16`",
        ),
        (
            "Dropout(p = 0.5)",
            "the option `p` of `Dropout` is called `rate`",
            "write `rate = 0.5`",
        ),
        (
            "Dense(10, input_shape = (28, 28, 1))",
            "the input shape stands once, in front of `=>`, and not on a layer",
            "take `input_shape` out and write `(28, 28, 1) => ..` in the first line of the network",
        ),
        (
            "Dense(10, name = \"hidden\")",
            "the name of a layer stands in front of it",
            "write `hidden: Dense(..)`",
        ),
        (
            "Dense(10, kernel_regularizer = l2)",
            "the option `kernel_regularizer` of `Dense` is not in Addax yet",
            "take it out",
        ),
        (
            "BatchNormalization(axis = -1)",
            "`BatchNormalization` has no option `axis`: it is always the last axis",
            "take it out",
        ),
    ] {
        says(layer, problem, help);
    }
    // Of a user's own layer nothing is known.
    assert_eq!(
        messages(&with_layers(
            "self::Dense(\"a\", name = \"b\", axis = -1.5)"
        )),
        [] as [&str; 0]
    );
}

#[test]
fn headers_are_read_as_far_as_they_go() {
    let example = "write `Letters: (28, 28, 1) => 10 { Flatten(), Dense(10) }`";
    for (declaration, problem, help) in [
        (
            "Letters: 784 { Dense(10) }",
            "`=>` and the output shape are missing",
            example,
        ),
        (
            "Letters: 784 => { Dense(10) }",
            "the output shape is missing",
            example,
        ),
        (
            "Letters: => 10 { Dense(10) }",
            "the input shape is missing",
            example,
        ),
        (
            "Letters => 10 { Dense(10) }",
            "the input shape is missing",
            example,
        ),
        (
            "Letters { Dense(10) }",
            "the input and output shapes are missing",
            example,
        ),
        (
            "Letters",
            "the input and output shapes are missing",
            example,
        ),
        ("pub", "the name of the network is missing", example),
        ("", "there is no network here", example),
        (
            "Letters: (28, 28), 10 { Dense(10) }",
            "`=>` is missing between the input shape and the output shape",
            example,
        ),
        (
            "Letters: 784 10 { Dense(10) }",
            "`=>` is missing between the input shape and the output shape",
            example,
        ),
        (
            "Letters: 784 -> 10 { Dense(10) }",
            "the output shape follows `=>`",
            "write `=>`, not `->`",
        ),
        (
            "Letters (784) => 10 { Dense(10) }",
            "`:` is missing in front of the input shape",
            "write `Letters: (28, 28, 1) => 10`",
        ),
        (
            "Letters = 784 => 10 { Dense(10) }",
            "`:` stands between the name and the input shape",
            "write `Letters: (28, 28, 1) => 10`",
        ),
        (
            "struct Letters: 784 => 10 { Dense(10) }",
            "a network starts with its name",
            "take `struct` out; `network!` makes a struct of that name",
        ),
        (
            "pub match: 784 => 10 { Dense(10) }",
            "`match` is a word of Rust and cannot name a network",
            "choose another name, such as `Letters`",
        ),
        (
            "Letters: 784 => 10",
            "the layers are missing",
            "write them in braces: `Letters: (28, 28, 1) => 10 { Flatten(), Dense(10) }`",
        ),
        (
            "Letters: 784 => 10 [Dense(10)]",
            "the layers stand in braces, not in brackets",
            "write `{ Dense(10), .. }`",
        ),
        (
            "Letters: 784 => 10 {}",
            "a network has at least one layer",
            "write one in the braces: `Dense(10)`",
        ),
        (
            "Letters: [28, 28] => 10 { Flatten() }",
            "a shape stands in parentheses, not in brackets",
            "write `(28, 28)`",
        ),
        (
            "Letters: 28, 28 => 10 { Flatten() }",
            "a shape of several sizes stands in parentheses",
            "write `(28, 28)`",
        ),
        (
            "Letters: (None, 28) => 10 { Flatten() }",
            "a shape is that of one sample; the batch is not part of it",
            "leave `None` out",
        ),
        (
            "Letters: () => 10 { Flatten() }",
            "a shape has at least one size",
            "write `1` for a single number",
        ),
        (
            "Letters: (1, 2, 3, 4, 5) => 10 { Flatten() }",
            "a sample has at most 4 dimensions, but this one has 5",
            "the batch is not one of them; `Reshape` changes their number",
        ),
        (
            "Letters<'a>: 28 => 10 { Flatten() }",
            "a network has no lifetimes",
            "take it out; its parameters are sizes: `<const SIDE: usize>`",
        ),
        (
            "Letters<In: Copy>: In => 10 { Flatten() }",
            "`In` needs no bound: it is a dimension of dfdx, since the network uses it as a size",
            "write `In`",
        ),
        (
            "Letters<const DEEP: bool>: 28 => 10 { Flatten() }",
            "a parameter of a network is a size, and a size is a `usize`",
            "write `const DEEP: usize`",
        ),
        (
            "Letters<10>: 28 => 10 { Flatten() }",
            "these parameters cannot be read",
            "a parameter is a size: `Letters<const SIDE: usize>`, or `Letters<Side>` for a dimension of dfdx",
        ),
        (
            "Letters<const N: usize>: (N, 2 * N) => 10 { Flatten() }",
            "the header cannot compute `2 * N`: Rust knows no arithmetic with parameters in types",
            "make it a parameter of its own; between the braces sizes may be computed",
        ),
        (
            "Letters: 784 => 10 { Dense(10), Letters() }",
            "`Letters` cannot be a layer of itself",
            "take it out; what is repeated is a network of its own: `3 * Block()`",
        ),
        (
            "Letters: 784 => 10 { Dense(10) } Digits: 64 => 10 { Dense(10) }",
            "a network ends with its layers",
            "take this out; another network gets a `network!` of its own",
        ),
        (
            "#![allow(dead_code)] Letters: 784 => 10 { Dense(10) }",
            "an attribute of the network stands in front of it",
            "write `#[..]`, without `!`",
        ),
    ] {
        header_says(declaration, problem, help);
    }
    let size = "a size is a whole number from 1, such as `28`";
    for (input, problem) in [
        ("\"28\"", "a size is a number, not text"),
        ("28.0", "a size is a whole number, not `28.0`"),
        ("-28", "a size cannot be negative"),
        ("0", "a size cannot be 0"),
        ("true", "a size is a number, not true or false"),
        ("(28, (28, 1))", "a size is one number"),
    ] {
        header_says(
            &format!("Letters: {input} => 10 {{ Flatten() }}"),
            problem,
            size,
        );
    }
}

#[test]
fn too_much_is_refused_and_not_read() {
    let deep = format!(
        "Letters: {}{} => 10 {{ Flatten() }}",
        "(".repeat(500),
        ")".repeat(500)
    );
    let long = format!("Letters: {}1 => 10 {{ Flatten() }}", "-".repeat(50_000));
    for declaration in [deep, long] {
        assert_eq!(
            messages(&declaration),
            ["this declaration is too long, or nested too deeply, to be read"]
        );
    }
}

/// Found by the fuzzer: syn takes the word for a name, and rustc does not.
#[test]
fn try_is_no_name() {
    assert_eq!(
        messages("Letters: 8 => 4 { try(4), Dense(try), Dense(4) }"),
        [
            "this is not a layer\nhelp: a layer is a name with parentheses: `Dense(10)`",
            "this argument of `Dense` cannot be read\nhelp: an argument is a value or an option: `64`, `(3, 3)`, \
             `activation = relu`",
        ]
    );
    assert_eq!(
        messages("Letters: (try, 1) => 4 { Dense(4) }"),
        [
            "this is not a size\nhelp: a size is a number, a constant, or arithmetic with them: `28`, `SIDE`, \
             `2 * SIDE`"
        ]
    );
}
