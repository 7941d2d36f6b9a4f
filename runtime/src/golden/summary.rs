//! The table of the layers, letter by letter.

use super::files;
use crate::graph::{Graph, chain};
use crate::layers::{BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D};
use crate::summary::Summary;

fn mlp() -> Graph {
    chain! {
        [3];
        "dense", Dense::new(4);
        "dense_1", Dense::new(4);
        "dense_2", Dense::new(1);
    }
}

fn letters() -> Graph {
    chain! {
        [28, 28, 1];
        "conv2d", Conv2D::new(16, [3, 3]);
        "conv2d_1", Conv2D::new(16, [3, 3]);
        "max_pooling2d", MaxPooling2D::new();
        "conv2d_2", Conv2D::new(32, [3, 3]);
        "conv2d_3", Conv2D::new(32, [3, 3]);
        "max_pooling2d_1", MaxPooling2D::new();
        "flatten", Flatten::new();
        "dense", Dense::new(64);
        "dropout", Dropout::new(0.5);
        "dense_1", Dense::new(10);
    }
}

fn letters_batch_normalization() -> Graph {
    chain! {
        [28, 28, 1];
        "conv2d", Conv2D::new(16, [3, 3]);
        "batch_normalization", BatchNormalization::new();
        "conv2d_1", Conv2D::new(16, [3, 3]);
        "max_pooling2d", MaxPooling2D::new();
        "conv2d_2", Conv2D::new(32, [3, 3]);
        "batch_normalization_1", BatchNormalization::new();
        "conv2d_3", Conv2D::new(32, [3, 3]);
        "max_pooling2d_1", MaxPooling2D::new();
        "flatten", Flatten::new();
        "dense", Dense::new(64);
        "dropout", Dropout::new(0.5);
        "dense_1", Dense::new(10);
    }
}

#[test]
fn summaries_are_keras_summaries() {
    let mut not_supported = Vec::new();
    for path in files("summary", "txt", 4) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let graph = match name {
            "letters" => letters(),
            "letters_batch_normalization" => letters_batch_normalization(),
            "mlp" => mlp(),
            _ => {
                not_supported.push(name.to_owned());
                continue;
            }
        };
        let expected = std::fs::read_to_string(&path).unwrap();
        let summary = Summary::new(&graph).to_string();
        let pairs = summary.lines().zip(expected.lines()).enumerate();
        for (line, (got, expected)) in pairs {
            assert_eq!(got, expected, "{name}, line {}", line + 1);
        }
        assert_eq!(summary.trim_end(), expected.trim_end(), "{name}");
    }
    // The summary of a trained model does not count what the optimizer remembers.
    assert_eq!(not_supported, ["mlp_trained"]);
}
