//! Callbacks in a real training.

use addax::callbacks::{EarlyStopping, ModelCheckpoint, ReduceLROnPlateau};
use addax::prelude::*;

network! {
    /// One line.
    Line: 1 => 1 {
        Dense(1),
    }
}

fn line() -> addax::Result<Model<Line, Cpu, MeanSquaredError>> {
    Line::build(&Cpu::seed_from_u64(2))?.compile(SGD::new(0.1), MeanSquaredError, ())
}

fn data() -> (Vec<[f32; 1]>, Vec<f32>) {
    let x: Vec<[f32; 1]> = (0..40).map(|i| [i as f32 / 40.0]).collect();
    let y = x.iter().map(|[x]| 2.0 * x + 1.0).collect();
    (x, y)
}

fn options<'a>() -> FitOptions<'a, Vec<[f32; 1]>, Vec<f32>> {
    FitOptions {
        epochs: 30,
        validation_split: 0.25,
        verbose: Verbose::Silent,
        ..FitOptions::default()
    }
}

#[test]
fn the_best_weights_are_on_disk_and_in_the_model() -> addax::Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let pattern = folder.path().join("line-{epoch:02d}.safetensors");
    let (x, y) = data();
    let mut model = line()?;
    let mut best = ModelCheckpoint {
        save_best_only: true,
        ..ModelCheckpoint::new(pattern)
    };
    // Nothing is ever better by so much, so the first epoch stays the best and the third is the last.
    let mut stop = EarlyStopping {
        min_delta: 1e9,
        patience: 2,
        restore_best_weights: true,
        ..EarlyStopping::default()
    };
    let mut reduce = ReduceLROnPlateau {
        min_delta: 1e9,
        patience: 1,
        ..ReduceLROnPlateau::default()
    };
    let history = model.fit(
        &x,
        &y,
        FitOptions {
            callbacks: vec![&mut best, &mut stop, &mut reduce],
            ..options()
        },
    )?;
    assert_eq!((history.epochs(), stop.best_epoch()), (3, Some(1)));
    assert_eq!(history["learning_rate"], [0.1, 0.1, 0.1 * 0.1]);

    // What was taken back is what one epoch gives.
    let mut once = line()?;
    once.fit(
        &x,
        &y,
        FitOptions {
            epochs: 1,
            ..options()
        },
    )?;
    assert_eq!(model.predict(&x)?.as_vec(), once.predict(&x)?.as_vec());

    // The file is of the epoch with the smallest loss, the last one here.
    let saved = best.saved().expect("a file").to_owned();
    assert!(saved.ends_with("line-03.safetensors"));
    let mut loaded = line()?;
    loaded.load_weights(saved)?;
    let loss = loaded
        .evaluate(&x[30..].to_vec(), &y[30..].to_vec())?
        .loss();
    assert!((loss - history["val_loss"][2]).abs() < 1e-6);
    Ok(())
}

#[test]
fn what_is_not_measured_is_said_before_the_first_step() -> addax::Result<()> {
    let (x, y) = data();
    let mut model = line()?;
    let before = model.predict(&x)?.as_vec();
    let mut message = |monitor, validation_split| {
        let mut stop = EarlyStopping {
            monitor,
            ..EarlyStopping::default()
        };
        let options = FitOptions {
            validation_split,
            callbacks: vec![&mut stop],
            ..options()
        };
        model.fit(&x, &y, options).unwrap_err().to_string()
    };
    assert_eq!(
        message("val_loss", 0.0),
        "EarlyStopping watches `val_loss`, which is not measured; give `fit` a validation_split or validation_data; \
         there are loss"
    );
    assert_eq!(
        message("val_acc", 0.5),
        "EarlyStopping watches `val_acc`, which is not measured; compile the model with it as a metric, or watch \
         something else; there are loss, val_loss"
    );
    let mut never = ReduceLROnPlateau {
        min_lr: 0.1,
        ..ReduceLROnPlateau::default()
    };
    let options = FitOptions {
        callbacks: vec![&mut never],
        ..options()
    };
    assert_eq!(
        model.fit(&x, &y, options).unwrap_err().to_string(),
        "min_lr of `ReduceLROnPlateau` is 0.1; it must be below the optimizer's learning rate, or the callback can \
         never act"
    );
    assert_eq!(model.predict(&x)?.as_vec(), before, "nothing was trained");
    Ok(())
}
