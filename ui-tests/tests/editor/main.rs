//! What an editor knows of a network: driven by a real rust-analyzer, where there is one.
//!
//! It is looked for in `ADDAX_RUST_ANALYZER` and in the `PATH`; `rustup component add rust-analyzer` puts one there.

mod server;

use server::{Server, Target};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

const LETTERS: &str = include_str!("letters.rs");

#[test]
fn an_editor_knows_networks() {
    let Some(binary) = rust_analyzer() else {
        // Not by `println!`, which is shown for tests that fail only.
        let _ = writeln!(
            std::io::stderr(),
            "NOT RUN: the test of editors, for there is no rust-analyzer: `rustup component add rust-analyzer`"
        );
        return;
    };
    let (package, target) = package();
    let mut server = Server::start(&binary, &package, &target, &package.join("src/main.rs"));
    no_messages_of_its_own(&mut server);
    completion(&mut server);
    hover(&mut server);
    definitions(&mut server);
    renaming(&mut server);
}

/// A rust-analyzer that runs: rustup puts a file of this name there even if it has none to start.
fn rust_analyzer() -> Option<PathBuf> {
    let runs = |binary: &Path| {
        let version = Command::new(binary).arg("--version").output();
        version.is_ok_and(|version| {
            version.status.success() && version.stdout.starts_with(b"rust-analyzer")
        })
    };
    if let Some(binary) = std::env::var_os("ADDAX_RUST_ANALYZER") {
        let binary = PathBuf::from(binary);
        assert!(runs(&binary), "{} is no rust-analyzer", binary.display());
        return Some(binary);
    }
    let binary = PathBuf::from("rust-analyzer");
    runs(&binary).then_some(binary)
}

/// A package with `letters.rs` that depends on Addax, and the directory for what cargo builds of it.
fn package() -> (PathBuf, PathBuf) {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let workspace = workspace.canonicalize().expect("the workspace is there");
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("editor");
    fs::create_dir_all(package.join("src")).expect("a directory");
    let manifest = format!(
        "[package]\nname = \"letters\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\naddax = {{ path = {:?} }}\n",
        workspace.join("runtime")
    );
    fs::write(package.join("Cargo.toml"), manifest).expect("a manifest");
    fs::copy(workspace.join("Cargo.lock"), package.join("Cargo.lock")).expect("a lock file");
    fs::write(package.join("src/main.rs"), LETTERS).expect("a source file");
    let target = package.join("target");
    (package, target)
}

/// A network that is right is right in the editor, too, and the macro's own messages come while one types.
fn no_messages_of_its_own(server: &mut Server) {
    assert_eq!(server.diagnostics("", ""), [""; 0]);
    let messages = server.diagnostics("activation = relu", "activation: relu");
    assert!(
        messages
            .iter()
            .any(|message| message.contains("write `activation = relu`")),
        "{messages:#?}"
    );
}

fn completion(server: &mut Server) {
    // Layers, also with nothing behind the name yet.
    for typed in [
        "Flatten(),\n        Fla|",
        "Flatten(),\n        Fla|,",
        "Flatten(),\n        Fla|(),",
    ] {
        offers(
            server,
            "Flatten(),",
            typed,
            &["Flatten", "Dense", "Conv2D", "Halve"],
        );
    }
    offers(
        server,
        "Halve(),",
        "Halve(),\n        layer: Conv|",
        &["Conv2D"],
    );
    // Options, and nothing but options.
    for typed in [
        "Dense(64, acti|)",
        "Dense(64, acti| = relu)",
        "Dense(64, activation = relu, use|_)",
    ] {
        let offered = offers(server, "Dense(64, activation = relu)", typed, &["use_bias"]);
        assert!(
            !offered.contains(&"relu".to_owned()),
            "{typed}: {offered:?}"
        );
        assert!(
            !offered.contains(&"SIDE".to_owned()),
            "{typed}: {offered:?}"
        );
    }
    // Words, sizes and layers of a model.
    let words = ["relu", "softmax", "tanh"];
    offers(server, "activation = relu", "activation = re|", &words);
    offers(server, "Halve()", "Activation(re|)", &words);
    offers(server, "(SIDE, SIDE, 1)", "(SIDE, SI|, 1)", &["SIDE"]);
    offers(server, "Dense(64,", "Dense(SI|,", &["SIDE"]);
    offers(server, "Self::CLASSES {", "Self::CL| {", &["CLASSES"]);
    offers(
        server,
        "layers.hidden",
        "layers.hid|",
        &["conv2d", "flatten", "hidden", "halve", "dense"],
    );
}

fn offers(server: &mut Server, old: &str, typed: &str, expected: &[&str]) -> Vec<String> {
    let offered = server.completions(old, typed);
    for label in expected {
        assert!(
            offered.iter().any(|offered| offered == label),
            "at `{typed}` `{label}` is not offered, but {offered:?}"
        );
    }
    offered
}

fn hover(server: &mut Server) {
    for (layer, numbers) in [
        ("Conv2D(16", "(Output<26, 26, 16>, Parameters<160>)"),
        ("MaxPooling2D()", "(Output<13, 13, 16>, Parameters<0>)"),
        ("Flatten()", "(Output<2704>, Parameters<0>)"),
        ("Dense(64", "(Output<64>, Parameters<173120>)"),
        ("Halve()", "(Output<32>, Parameters<0>)"),
        ("Dense(Self", "(Output<10>, Parameters<330>)"),
    ] {
        shows(server, layer, numbers);
    }
    shows(server, "Conv2D(16", "2D convolution over an image");
    shows(
        server,
        "activation = relu",
        "pub activation: ActivationFunction",
    );
    shows(server, "relu)", "max(0, x)");
    shows(server, "SIDE, SIDE", "const SIDE: usize = 28");
    shows(server, "Self::CLASSES {", "Letters");
    shows(server, "CLASSES {", "const CLASSES: usize = 10");
    shows(server, "Letters:", "Reads letters.");
    shows(server, "hidden.kernel", "`Dense(64, activation = relu)`");
    shows(server, "hidden:", "Where it thinks.");
    // A graph.
    shows(server, "Conv2D(1,", "(Output<6, 6, 1>, Parameters<10>)");
    shows(server, "Dense(1,", "(Output<1>, Parameters<36>)");
    shows(server, "eye.kernel", "`Conv2D(1, 3)`");
    // With parameters nothing is known of the sizes.
    shows(server, "Dense(WIDTH", "Fully connected layer");
    shows(server, "first.kernel", "`Dense(WIDTH * 2)`");
    // The network's types are worked out wherever they are used.
    shows(
        server,
        "kernel = &",
        "&Tensor<(Const<2704>, Const<64>), f32, Cpu>",
    );
    shows(server, "answers = ", "Tensor<(usize, Const<10>), f32, Cpu>");
    // What stands for the name in rustc's messages is not shown for it.
    let shown = server.hover("Letters:");
    assert!(!shown.contains("Structs in Rust"), "{shown}");
    let shown = server.hover("Conv2D(16");
    assert!(!shown.contains("The shape rule"), "{shown}");
}

fn shows(server: &mut Server, place: &str, expected: &str) {
    let shown = server.hover(place);
    assert!(
        shown.contains(expected),
        "at `{place}`, in place of `{expected}`:\n{shown}"
    );
}

fn definitions(server: &mut Server) {
    for (place, file, line) in [
        ("Conv2D(16", "conv2d.rs", "pub struct Conv2D {"),
        ("Flatten()", "flatten.rs", "pub struct Flatten {}"),
        ("Halve()", "main.rs", "pub struct Halve;"),
        (
            "activation = relu",
            "conv2d.rs",
            "pub activation: ActivationFunction,",
        ),
        ("SIDE, SIDE", "main.rs", "const SIDE: usize = 28;"),
        ("CLASSES, act", "main.rs", "const CLASSES: usize = 10;"),
        (
            "Letters::build",
            "main.rs",
            "pub Letters: (SIDE, SIDE, 1) => Self::CLASSES {",
        ),
        (
            "hidden.kernel",
            "main.rs",
            "hidden: Dense(64, activation = relu),",
        ),
        ("Dense(1,", "dense.rs", "pub struct Dense {"),
        ("Dense(WIDTH", "dense.rs", "pub struct Dense {"),
        ("use_bias = false", "dense.rs", "pub use_bias: bool,"),
        ("flat);", "main.rs", "let flat = Flatten()(total);"),
        ("eye(right", "main.rs", "let eye = Conv2D(1, 3);"),
        ("eye.kernel", "main.rs", "let eye = Conv2D(1, 3);"),
        ("first.kernel", "main.rs", "first: Dense(WIDTH * 2),"),
    ] {
        let target = Target {
            file: file.to_owned(),
            line: line.to_owned(),
        };
        assert_eq!(server.definitions(place), [target], "from `{place}`");
    }
    let words = server.definitions("relu)");
    assert!(words.len() == 1 && words[0].file == "words.rs", "{words:?}");
}

fn renaming(server: &mut Server) {
    let letters = server.text().to_owned();
    for (place, old, new) in [
        ("SIDE: usize", "SIDE", "WIDTH"),
        ("SIDE, SIDE", "SIDE", "WIDTH"),
        ("CLASSES {", "CLASSES", "LETTERS"),
        ("hidden:", "hidden", "deep"),
        ("hidden.kernel", "hidden", "deep"),
        ("Letters:", "Letters", "Glyphs"),
        ("Halve;", "Halve", "Thin"),
        ("Halve()", "Halve", "Thin"),
        ("seen =", "seen", "noticed"),
        ("flat)", "flat", "long"),
        ("eye =", "eye", "look"),
        ("eye(right", "eye", "look"),
        ("eye.kernel", "eye", "look"),
        ("WIDTH * 2", "WIDTH", "BREADTH"),
        ("first.kernel", "first", "begin"),
    ] {
        let expected = letters
            .replace(old, new)
            .replace(&format!("\"{new}\""), &format!("\"{old}\""));
        assert_eq!(server.renamed(place, new), expected, "`{place}`");
    }
}
