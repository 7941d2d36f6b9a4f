//! `docs/mistakes.md` shows mistakes of the suite with their messages: this test compares it with what the suite gives.
//!
//! `TRYBUILD=overwrite cargo test -p addax-ui-tests` writes the page anew as well; its name lets it run behind `ui`.

use std::fmt::Write;
use std::path::Path;

/// The mistakes in the order in which somebody who comes from Keras meets them: a heading, what it is about, and the case.
const MISTAKES: &[(&str, &str, &str)] = &[
    (
        "Layers are added to a model",
        "A network is a list of layers. What Keras does with `model.add` or `Sequential([..])`, the braces do.",
        "syntax/model_add",
    ),
    (
        "The input shape stands on the first layer",
        "The shapes at both ends stand in the first line, where a reader looks for them. Everything between them is worked out.",
        "arguments/input_shape_on_layer",
    ),
    (
        "Activations in quotes",
        "Words need no quotes: they are constants, so that a misspelt one does not compile.",
        "syntax/activation_as_string",
    ),
    (
        "A misspelt option",
        "Options are fields of the layer, so rustc itself knows them and finds the one that was meant.",
        "arguments/unknown_option",
    ),
    (
        "No `Flatten` in front of `Dense`",
        "In Keras the layer then works on the channels alone, and the mistake is noticed when labels come.",
        "shapes/dense_after_conv2d",
    ),
    (
        "An image that has become too small",
        "The compiler knows the size of every image on its way through the network.",
        "shapes/kernel_larger_than_input",
    ),
    (
        "Channels in front",
        "Images are (height, width, channels), as in Keras and unlike in PyTorch.",
        "shapes/channels_first",
    ),
    (
        "More classes than were declared",
        "The last layer has to give what the first line says.",
        "shapes/output_of_another_size",
    ),
    (
        "A softmax before the last layer",
        "This is a warning, since the network can be trained; `#![deny(deprecated)]` made an error of it here.",
        "lints/softmax_inside",
    ),
    (
        "A loss that does not suit the last layer",
        "In Keras this is noticed in training at the earliest.",
        "heads/one_sigmoid_and_classes",
    ),
    (
        "One-hot labels for a loss that takes class ids",
        "A loss says which labels it takes, and data have types.",
        "training/one_hot_labels_for_classes",
    ),
    (
        "The compiled model is not kept",
        "`compile` gives a model of another type, one that has a loss. The one before it cannot be trained.",
        "training/compiled_model_not_kept",
    ),
];

#[test]
fn the_page_shows_what_the_suite_gives() {
    let page = page();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/mistakes.md");
    if std::env::var_os("TRYBUILD").is_some_and(|value| value == "overwrite") {
        std::fs::write(&path, page).expect("the page can be written");
        return;
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/mistakes.md is not what the suite gives; write it anew with \
         `TRYBUILD=overwrite cargo test -p addax-ui-tests --test ui_page`, and read the difference"
    );
}

fn page() -> String {
    let mut page = String::from(
        "# Twelve mistakes and their messages\n\n\
         What `cargo check` says of them, before anything runs. Each is a case of the suite in `ui-tests/tests/fail`; this page is\n\
         made from the suite, and a test compares the two. `...` stands for rustc's notes on how it came to a message.\n",
    );
    for (number, (heading, about, case)) in MISTAKES.iter().enumerate() {
        let source = read(case, "rs");
        let message = shortened(&read(case, "stderr"));
        write!(
            page,
            "\n## {}. {heading}\n\n{about}\n\n```rust\n{}\n```\n\n```text\n{message}\n```\n",
            number + 1,
            source.trim_end(),
        )
        .expect("a string takes everything");
    }
    page
}

fn read(case: &str, extension: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fail")
        .join(case)
        .with_extension(extension);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The message without the notes at its end that say through which traits rustc came to it.
fn shortened(message: &str) -> String {
    let ways = ["   = note: required for ", "note: required by a bound "];
    let lines: Vec<&str> = message.trim_end().lines().collect();
    match lines
        .iter()
        .position(|line| ways.iter().any(|way| line.starts_with(way)))
    {
        Some(first) => format!("{}\n   ...", lines[..first].join("\n")),
        None => lines.join("\n"),
    }
}
