//! The letters A to J, read by a small convolutional network.
//!
//! `cargo run --release --example letters [EPOCHS]`
//!
//! Trains on typefaces of some families and tests on families that it has never seen; then writes its curves, some of
//! its predictions and its weights to `out/letters/`, and reads the weights back.

use addax::metrics::largest;
use addax::prelude::*;
use addax::viz::{Prediction, plot_history, show_predictions};
use addax_examples::{LetterSet, Split, letters};
use std::error::Error;
use std::fs;
use std::path::Path;

network! {
    /// The convnet of the letters lesson.
    pub Letters: (28, 28, 1) => 10 {
        Conv2D(16, (3, 3), activation = relu),
        Conv2D(16, (3, 3), activation = relu),
        MaxPooling2D(),
        Conv2D(32, (3, 3), activation = relu),
        Conv2D(32, (3, 3), activation = relu),
        MaxPooling2D(),
        Flatten(),
        Dense(64, activation = relu),
        Dropout(0.5),
        Dense(10, activation = softmax),
    }
}

const NAMES: [&str; 10] = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"];
const EPOCHS: usize = 20;

fn main() -> Result<(), Box<dyn Error>> {
    let epochs = match std::env::args().nth(1) {
        Some(text) => text.parse()?,
        None => EPOCHS,
    };
    #[cfg(feature = "cuda")]
    match addax::cuda_with(
        0,
        addax::CudaOptions {
            seed: 2018,
            ..Default::default()
        },
    ) {
        Ok(device) => return train(&device, epochs),
        Err(error) => println!("training on the CPU: {error}"),
    }
    train(&Cpu::seed_from_u64(2018), epochs)
}

fn train<D: Device>(device: &D, epochs: usize) -> Result<(), Box<dyn Error>> {
    let Split {
        train,
        validation,
        test,
    } = letters()?;
    describe("training", &train);
    describe("validation", &validation);
    describe("test", &test);

    let mut model = Letters::build(device)?.compile(
        Adam::default(),
        SparseCategoricalCrossentropy::default(),
        Accuracy,
    )?;
    println!("{}", model.summary());
    let history = model.fit(
        &train.images,
        &train.labels,
        FitOptions {
            batch_size: 128,
            epochs,
            validation_data: Some((&validation.images, &validation.labels)),
            ..FitOptions::default()
        },
    )?;
    let result = model.evaluate(&test.images, &test.labels)?;
    println!(
        "test accuracy on {} unseen families: {:.2}%, loss {:.4}",
        test.families.len(),
        100.0 * result["accuracy"],
        result.loss()
    );

    let folder = Path::new("out/letters");
    fs::create_dir_all(folder)?;
    plot_history(&history, &["loss", "val_loss"], folder.join("loss.png"))?;
    plot_history(
        &history,
        &["accuracy", "val_accuracy"],
        folder.join("accuracy.png"),
    )?;
    let answers = model.predict(&test.images)?.arrays();
    draw_predictions(&test, &answers, &folder.join("predictions.png"))?;

    let weights = folder.join("letters.safetensors");
    model.save_weights(&weights)?;
    let mut reloaded = Letters::build(device)?;
    reloaded.load_weights(&weights)?;
    let equal = reloaded.predict(&test.images)?.arrays() == answers;
    println!("predictions of the reloaded weights are equal: {equal}");
    println!(
        "curves, predictions and weights are in {}",
        folder.display()
    );
    Ok(())
}

fn describe(what: &str, set: &LetterSet) {
    println!(
        "{what}: {} letters of {} faces of {} families",
        set.images.len(),
        set.faces,
        set.families.len()
    );
}

/// Every 160th letter of the test set, which are different letters of different families.
fn draw_predictions(test: &LetterSet, answers: &[[f32; 10]], path: &Path) -> addax::Result<()> {
    let shown: Vec<Prediction<'_>> = (0..test.images.len())
        .step_by(test.images.len() / 16 + 1)
        .map(|i| Prediction {
            image: test.images[i].as_flattened().as_flattened(),
            truth: test.labels[i],
            probabilities: &answers[i],
        })
        .collect();
    let right = (0..answers.len())
        .filter(|&i| largest(&answers[i]) == test.labels[i])
        .count();
    println!("{right} of {} letters are right", answers.len());
    show_predictions(&shown, 28, &NAMES, path)
}
