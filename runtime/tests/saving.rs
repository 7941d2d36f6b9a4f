//! Weights go to a file and come back bit by bit; a file that does not fit says so in full and changes nothing.

use addax::prelude::*;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use std::path::Path;

network! {
    /// Every kind of parameter, and layers that do without some of theirs.
    #[allow(addax::dense_without_activation)]
    Saved: (6, 6, 1) => 3 {
        Conv2D(4, 3, use_bias = false),
        BatchNormalization(scale = false),
        Conv2D(2, 3),
        BatchNormalization(center = false),
        Flatten(),
        Dense(5, use_bias = false),
        Dense(3, activation = softmax),
    }
}

network! {
    /// Other names, other shapes.
    #[allow(addax::dense_without_activation, addax::softmax_inside)]
    Other: (6, 6, 1) => 3 {
        Conv2D(4, 3, use_bias = false),
        Flatten(),
        Dense(5, use_bias = false),
        Dense(3, activation = softmax),
        Dense(3, activation = softmax),
    }
}

const X: [[[[f32; 1]; 6]; 6]; 2] = [[[[0.5]; 6]; 6], [[[-1.0]; 6]; 6]];

/// A model whose every weight, moving averages included, is its own.
fn trained() -> Model<Saved, Cpu> {
    let model = Saved::build(&Cpu::seed_from_u64(1)).unwrap();
    let mut layers = model.layers().unwrap();
    let images = [[[[0.1]; 6]; 6], [[[0.9]; 6]; 6], [[[-0.4]; 6]; 6]];
    let device = Cpu::default();
    use addax::dfdx::tensor::TensorFrom;
    let images: addax::dfdx::tensor::Tensor<addax::dfdx::shapes::Rank4<3, 6, 6, 1>, f32, Cpu> =
        device.tensor(images);
    layers.forward_mut(images).unwrap();
    let mut model = model;
    model.set_layers(&layers).unwrap();
    model
}

#[test]
fn what_is_saved_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved.safetensors");
    let model = trained();
    model.save_weights(&path).unwrap();
    let mut other = Saved::build(&Cpu::seed_from_u64(2)).unwrap();
    let answers = model.predict(&X).unwrap().as_vec();
    assert_ne!(other.predict(&X).unwrap().as_vec(), answers);
    other.load_weights(&path).unwrap();
    assert_eq!(other.predict(&X).unwrap().as_vec(), answers);
    // The same weights make the same file.
    let again = folder.path().join("again.safetensors");
    other.save_weights(&again).unwrap();
    assert_eq!(
        std::fs::read(&path).unwrap(),
        std::fs::read(&again).unwrap()
    );
    // Nothing else is left behind.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn files_hold_keras_names_and_shapes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved.safetensors");
    trained().save_weights(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors: Vec<(String, Vec<usize>)> = file
        .iter()
        .map(|(name, view)| (name.to_owned(), view.shape().to_vec()))
        .collect();
    tensors.sort();
    let expected: [(&str, &[usize]); 11] = [
        ("batch_normalization.beta", &[4]),
        ("batch_normalization.moving_mean", &[4]),
        ("batch_normalization.moving_variance", &[4]),
        ("batch_normalization_1.gamma", &[2]),
        ("batch_normalization_1.moving_mean", &[2]),
        ("batch_normalization_1.moving_variance", &[2]),
        ("conv2d.kernel", &[3, 3, 1, 4]),
        ("conv2d_1.bias", &[2]),
        ("conv2d_1.kernel", &[3, 3, 4, 2]),
        ("dense.kernel", &[8, 5]),
        ("dense_1.bias", &[3]),
    ];
    let (last, others) = tensors.split_last().unwrap();
    assert_eq!(*last, ("dense_1.kernel".to_owned(), vec![5, 3]));
    assert_eq!(others.len(), expected.len());
    for ((name, shape), (expected_name, expected_shape)) in others.iter().zip(expected) {
        assert_eq!((name.as_str(), &shape[..]), (expected_name, expected_shape));
    }
    // Row-major `f32`s of little endian: the kernel as the tensor has it.
    let kernel = trained().layers().unwrap().dense.kernel.as_vec();
    let bytes: Vec<u8> = kernel.iter().flat_map(|v| v.to_le_bytes()).collect();
    assert_eq!(file.tensor("dense.kernel").unwrap().data(), bytes);
}

/// The message of loading `path`, after which the model must be as it was.
fn refused(path: &Path) -> String {
    let mut model = trained();
    let before = model.predict(&X).unwrap().as_vec();
    let message = model.load_weights(path).unwrap_err().to_string();
    assert_eq!(model.predict(&X).unwrap().as_vec(), before);
    message.replace(&path.display().to_string(), "FILE")
}

#[test]
fn every_difference_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.safetensors");
    Other::build(&Cpu::default())
        .unwrap()
        .save_weights(&path)
        .unwrap();
    assert_eq!(
        refused(&path),
        "the weights in FILE do not fit Saved:\n\
         `batch_normalization` (BatchNormalization) is not in the file\n\
         `conv2d_1` (Conv2D) is not in the file\n\
         `batch_normalization_1` (BatchNormalization) is not in the file\n\
         `flatten`: gives 64 in the file, but gives 8 in the network\n\
         `dense`: kernel (64, 5) in the file, but kernel (8, 5) in the network\n\
         `dense_2` (Dense) is not in the network"
    );
}

network! {
    /// The same tensors as `Saved`, other functions.
    #[allow(addax::dense_without_activation)]
    Twin: (6, 6, 1) => 3 {
        Conv2D(4, 3, use_bias = false, activation = relu),
        BatchNormalization(scale = false, epsilon = 0.01),
        Conv2D(2, 3, strides = 1, padding = valid),
        BatchNormalization(center = false, momentum = 0.9),
        Flatten(),
        Dense(5, use_bias = false),
        Dense(3, activation = sigmoid),
    }
}

#[test]
fn tensors_that_fit_by_chance_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("twin.safetensors");
    Twin::build(&Cpu::default())
        .unwrap()
        .save_weights(&path)
        .unwrap();
    assert_eq!(
        refused(&path),
        "the weights in FILE do not fit Saved:\n\
         `conv2d`: activation relu in the file, but activation linear in the network\n\
         `batch_normalization`: epsilon 0.01 in the file, but epsilon 0.001 in the network\n\
         `dense_1`: activation sigmoid in the file, but activation softmax in the network"
    );
}

/// The tensors of a file that `save_weights` has written, in another file that says nothing of the network.
fn without_metadata(path: &Path, to: &Path) {
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    std::fs::write(to, safetensors::serialize(file.tensors(), None).unwrap()).unwrap();
}

#[test]
fn a_file_from_elsewhere_needs_names_and_shapes_only() {
    let folder = tempfile::tempdir().unwrap();
    let [twin, other, plain] =
        ["twin", "other", "plain"].map(|name| folder.path().join(name).with_extension("st"));
    let from = Twin::build(&Cpu::seed_from_u64(5)).unwrap();
    from.save_weights(&twin).unwrap();
    without_metadata(&twin, &plain);
    let mut model = Saved::build(&Cpu::seed_from_u64(6)).unwrap();
    model.load_weights(&plain).unwrap();
    assert_eq!(
        model.layers().unwrap().conv2d.kernel.as_vec(),
        from.layers().unwrap().conv2d.kernel.as_vec()
    );
    Other::build(&Cpu::default())
        .unwrap()
        .save_weights(&other)
        .unwrap();
    without_metadata(&other, &plain);
    assert_eq!(
        refused(&plain),
        "the weights in FILE do not fit Saved:\n\
         `batch_normalization.beta` 4 is missing\n\
         `batch_normalization.moving_mean` 4 is missing\n\
         `batch_normalization.moving_variance` 4 is missing\n\
         `conv2d_1.kernel` (3, 3, 4, 2) is missing\n\
         `conv2d_1.bias` 2 is missing\n\
         `batch_normalization_1.gamma` 2 is missing\n\
         `batch_normalization_1.moving_mean` 2 is missing\n\
         `batch_normalization_1.moving_variance` 2 is missing\n\
         `dense.kernel` is (64, 5) in the file, but (8, 5) in the network\n\
         `dense_2.bias` is not in the network\n\
         `dense_2.kernel` is not in the network"
    );
}

#[test]
fn a_file_says_which_network_it_is_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved.safetensors");
    trained().save_weights(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let text = &header.metadata().as_ref().unwrap()["addax"];
    assert_eq!(
        *text,
        format!(
            "fingerprint {:016x}\n\
             input input: (6, 6, 1)\n\
             conv2d: Conv2D; kernel (3, 3, 1, 4); window (3, 3); strides (1, 1); padding valid; activation linear; gives (4, 4, 4)\n\
             batch_normalization: BatchNormalization; beta 4; moving_mean 4; moving_variance 4; epsilon 0.001; gives (4, 4, 4)\n\
             conv2d_1: Conv2D; kernel (3, 3, 4, 2); bias 2; window (3, 3); strides (1, 1); padding valid; activation linear; gives (2, 2, 2)\n\
             batch_normalization_1: BatchNormalization; gamma 2; moving_mean 2; moving_variance 2; epsilon 0.001; gives (2, 2, 2)\n\
             flatten: Flatten; gives 8\n\
             dense: Dense; kernel (8, 5); activation linear; gives 5\n\
             dense_1: Dense; kernel (5, 3); bias 3; activation softmax; gives 3\n\
             output output: dense_1",
            Saved::FINGERPRINT
        )
    );
    assert_ne!(Saved::FINGERPRINT, Twin::FINGERPRINT);
}

#[test]
fn numbers_of_another_type_are_refused() {
    network! {
        /// One kernel.
        Single: 2 => 1 {
            Dense(1, use_bias = false),
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("double.safetensors");
    let bytes = [0; 16];
    let view = TensorView::new(Dtype::F64, vec![2, 1], &bytes).unwrap();
    std::fs::write(
        &path,
        safetensors::serialize([("dense.kernel", view)], None).unwrap(),
    )
    .unwrap();
    let mut model = Single::build(&Cpu::default()).unwrap();
    let message = model.load_weights(&path).unwrap_err().to_string();
    assert!(
        message.ends_with(
            "do not fit Single:\n`dense.kernel` is F64 in the file, but F32 in the network"
        ),
        "{message}"
    );
}

#[test]
fn what_is_no_file_of_weights_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text.safetensors");
    std::fs::write(&path, "not weights at all").unwrap();
    let message = refused(&path);
    assert!(
        message.starts_with("FILE is not a safetensors file: "),
        "{message}"
    );
    let path = folder.path().join("nowhere.safetensors");
    let message = refused(&path);
    assert!(message.starts_with("FILE: "), "{message}");
    // A folder that is not there cannot be written to either.
    let message = trained()
        .save_weights(folder.path().join("no/where"))
        .unwrap_err()
        .to_string();
    assert!(message.contains("where: "), "{message}");
}
