//! The curves of a training run.

use super::canvas::{Area, Drawn, SANS, draw_png};
use crate::error::{Error, Result};
use crate::training::History;
use plotters::prelude::*;
use std::path::Path;

const SIZE: (u32, u32) = (800, 500);
const COLORS: [RGBColor; 6] = [
    RGBColor(31, 119, 180),
    RGBColor(255, 127, 14),
    RGBColor(44, 160, 44),
    RGBColor(214, 39, 40),
    RGBColor(148, 103, 189),
    RGBColor(140, 86, 75),
];

/// Draws some values of a training run against the epochs, for example `["loss", "val_loss"]`.
///
/// # Errors
/// [`Error::Picture`] if a name is not in the history, if there are no epochs, or if the file cannot be written.
///
/// # Examples
/// ```
/// use addax::History;
/// use addax::viz::plot_history;
///
/// # fn main() -> addax::Result<()> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("loss.png");
/// let mut history = History::default();
/// for loss in [2.3, 0.9, 0.5, 0.4] {
///     history.push("loss", loss);
/// }
/// plot_history(&history, &["loss"], &path)?;
/// # Ok(())
/// # }
/// ```
pub fn plot_history(history: &History, names: &[&str], path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let failed = |reason: String| Error::Picture {
        path: path.to_path_buf(),
        reason,
    };
    let mut curves = Vec::new();
    for name in names {
        let values = history.get(name).ok_or_else(|| {
            let known: Vec<&str> = history.names().collect();
            failed(format!(
                "the history has no `{name}`; it has {}",
                known.join(", ")
            ))
        })?;
        curves.push((*name, values));
    }
    if curves.iter().all(|(_, values)| values.is_empty()) {
        return Err(failed("there are no epochs to draw".to_owned()));
    }
    draw_png(path, SIZE, |area| draw(&curves, area)).map_err(|e| failed(e.to_string()))
}

fn draw(curves: &[(&str, &[f64])], area: &Area<'_>) -> Drawn {
    let all = || curves.iter().flat_map(|(_, values)| values.iter().copied());
    let (low, high) = all()
        .filter(|v| v.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
            (l.min(v), h.max(v))
        });
    // Curves that are flat still need an axis with a length.
    let margin = ((high - low) * 0.05).max(1e-3);
    let epochs = curves
        .iter()
        .map(|(_, values)| values.len())
        .max()
        .unwrap_or(1);

    let mut chart = ChartBuilder::on(area)
        .margin(15)
        .x_label_area_size(45)
        .y_label_area_size(60)
        .build_cartesian_2d(1.0..(epochs.max(2) as f64), low - margin..high + margin)?;
    let label = |size: i32| (SANS, size).into_font();
    chart
        .configure_mesh()
        .x_desc("epoch")
        .x_labels(epochs.clamp(2, 10))
        .x_label_formatter(&|x| format!("{x:.0}"))
        .label_style(label(16))
        .light_line_style(TRANSPARENT)
        .draw()?;
    for ((name, values), color) in curves.iter().zip(COLORS.iter().cycle()) {
        let points = values.iter().enumerate().map(|(i, v)| (i as f64 + 1.0, *v));
        chart
            .draw_series(LineSeries::new(points, color.stroke_width(2)))?
            .label(*name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], color.stroke_width(3)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .label_font(label(18))
        .draw()?;
    Ok(())
}
