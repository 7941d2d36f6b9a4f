//! Predictions beside the truth.

use super::canvas::{Area, Drawn, SANS, draw_png};
use crate::error::{Error, Result};
use crate::metrics::largest;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::path::Path;

const ROW: i32 = 96;
const BARS: i32 = 460;
const MARGIN: i32 = 12;
const TRUE_COLOR: RGBColor = RGBColor(228, 26, 28);
const PREDICTED_COLOR: RGBColor = RGBColor(55, 126, 184);

/// One sample to show.
#[derive(Clone, Copy, Debug)]
pub struct Prediction<'a> {
    /// The grey sample, row by row, from 0 (white) to 1 (black).
    pub image: &'a [f32],
    /// The right class.
    pub truth: usize,
    /// The predicted probability of each class.
    pub probabilities: &'a [f32],
}

/// Draws one row for each prediction: the sample, and for each class a pair of bars from 0 to 1, the truth in red and
/// the prediction in blue.
///
/// # Arguments
/// - `predictions`: what to show, one row each.
/// - `width`: the width of a sample in numbers.
/// - `classes`: the name of each class.
///
/// # Errors
/// [`Error::Picture`] if there is nothing to draw, if sizes do not fit together, or if the file cannot be written.
///
/// # Examples
/// ```
/// use addax::viz::{Prediction, show_predictions};
///
/// # fn main() -> addax::Result<()> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("predictions.png");
/// let shown = Prediction { image: &[0.0, 1.0, 1.0, 0.0], truth: 1, probabilities: &[0.2, 0.8] };
/// show_predictions(&[shown], 2, &["left", "right"], &path)?;
/// # Ok(())
/// # }
/// ```
pub fn show_predictions(
    predictions: &[Prediction<'_>],
    width: usize,
    classes: &[&str],
    path: impl AsRef<Path>,
) -> Result<()> {
    let path = path.as_ref();
    let failed = |reason: String| Error::Picture {
        path: path.to_path_buf(),
        reason,
    };
    if predictions.is_empty() || width == 0 || classes.is_empty() {
        return Err(failed("there is nothing to draw".to_owned()));
    }
    for shown in predictions {
        if shown.probabilities.len() != classes.len() || shown.truth >= classes.len() {
            return Err(failed(format!(
                "there are {} classes, but a prediction has {} probabilities and class {}",
                classes.len(),
                shown.probabilities.len(),
                shown.truth
            )));
        }
        if shown.image.is_empty() || !shown.image.len().is_multiple_of(width) {
            return Err(failed(format!(
                "a sample has {} numbers, which are not rows of {width}",
                shown.image.len()
            )));
        }
    }
    let size = (
        (ROW + BARS + 3 * MARGIN) as u32,
        (predictions.len() as i32 * ROW + MARGIN) as u32,
    );
    draw_png(path, size, |area| draw(predictions, width, classes, area))
        .map_err(|e| failed(e.to_string()))
}

fn draw(predictions: &[Prediction<'_>], width: usize, classes: &[&str], area: &Area<'_>) -> Drawn {
    for (i, shown) in predictions.iter().enumerate() {
        let top = MARGIN + i as i32 * ROW;
        draw_image(area, shown.image, width, (MARGIN, top))?;
        draw_bars(area, shown, classes, (ROW + 2 * MARGIN, top))?;
    }
    Ok(())
}

fn draw_image(root: &Area<'_>, image: &[f32], width: usize, (left, top): (i32, i32)) -> Drawn {
    let height = image.len() / width;
    let side = ROW - MARGIN;
    for y in 0..side {
        for x in 0..side {
            let (row, column) = (
                y as usize * height / side as usize,
                x as usize * width / side as usize,
            );
            let grey = (255.0 * (1.0 - image[row * width + column].clamp(0.0, 1.0))) as u8;
            root.draw_pixel((left + x, top + y), &RGBColor(grey, grey, grey))?;
        }
    }
    Ok(())
}

fn draw_bars(
    root: &Area<'_>,
    shown: &Prediction<'_>,
    classes: &[&str],
    (left, top): (i32, i32),
) -> Drawn {
    let bottom = top + ROW - MARGIN - 18;
    let full = (bottom - top - 2) as f32;
    let slot = BARS / classes.len() as i32;
    let bar = (slot * 2 / 5).max(1);
    let guess = largest(shown.probabilities);
    for (class, name) in classes.iter().enumerate() {
        let x = left + class as i32 * slot;
        let truth = if class == shown.truth { 1.0 } else { 0.0 };
        let values = [
            (truth, TRUE_COLOR),
            (shown.probabilities[class], PREDICTED_COLOR),
        ];
        for (k, (value, color)) in values.into_iter().enumerate() {
            let x = x + k as i32 * bar;
            let y = bottom - (full * value.clamp(0.0, 1.0)) as i32;
            root.draw(&Rectangle::new(
                [(x, y), (x + bar - 1, bottom)],
                color.filled(),
            ))?;
        }
        let color = if class == guess && guess != shown.truth {
            TRUE_COLOR
        } else {
            BLACK
        };
        let style = (SANS, 15)
            .into_font()
            .color(&color)
            .pos(Pos::new(HPos::Center, VPos::Top));
        root.draw(&Text::new((*name).to_owned(), (x + bar, bottom + 3), style))?;
    }
    root.draw(&PathElement::new(
        [(left, bottom), (left + BARS, bottom)],
        BLACK.mix(0.5),
    ))?;
    Ok(())
}
