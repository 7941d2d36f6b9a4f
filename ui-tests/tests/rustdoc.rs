//! What a network's documentation says of it: rustdoc evaluates the sizes.

use std::path::Path;
use std::process::Command;

/// The text of a page, without tags, blanks and line breaks.
fn page(file: &Path) -> String {
    let html = std::fs::read_to_string(file).expect("rustdoc has written the page");
    let mut text = String::new();
    let mut in_tag = false;
    for letter in html.chars() {
        match letter {
            '<' => in_tag = true,
            '>' => in_tag = false,
            _ if in_tag || letter.is_whitespace() => {}
            _ => text.push(letter),
        }
    }
    text
}

#[test]
fn each_layer_is_there_with_its_shape_and_its_parameters() {
    // Next to the folder for temporary files; there, Cargo finds what it has built before.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("");
    let status = Command::new(env!("CARGO"))
        .args([
            "doc",
            "--no-deps",
            "--locked",
            "--package",
            "addax-ui-tests",
            "--lib",
        ])
        .arg("--target-dir")
        .arg(&target)
        .status()
        .expect("cargo runs");
    assert!(status.success());
    let page = page(&target.join("doc/addax_ui_tests/networks/struct.Public.html"));
    for part in [
        "LayerAt&lt;0&gt;forPublic",
        "conv2d:Conv2D(4,SIDE/4,activation=relu)Adocumentedlayer.",
        "typeOutput=Axes&lt;[();7],[();7],[();4],[();0]&gt;",
        "typeParams=[f32;20]",
        "typeMacs=[();784]",
        "LayerAt&lt;3&gt;forPublic",
        "hidden:Dense(units=8,use_bias=false)",
        "typeOutput=Axes&lt;[();8],[();0],[();0],[();0]&gt;",
        "typeParams=[f32;288]",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}
