//! Pictures of samples.

use crate::error::{Error, Result};
use image::{GrayImage, Luma};
use std::path::Path;

/// Space between two samples, in pixels.
const GAP: usize = 2;

/// Draws grey samples of `width` by `height` numbers from 0 (white) to 1 (black), `columns` in a row, each pixel `scale`
/// pixels wide.
///
/// # Errors
/// [`Error::Picture`] if there are no samples, if one has another size, or if the file cannot be written.
///
/// # Examples
/// ```
/// use addax::viz::sample_grid;
///
/// # fn main() -> addax::Result<()> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("samples.png");
/// let dot = [0.0, 1.0, 1.0, 0.0];
/// sample_grid(&[&dot, &dot, &dot], (2, 2), 2, 8, &path)?;
/// # Ok(())
/// # }
/// ```
pub fn sample_grid(
    samples: &[&[f32]],
    (width, height): (usize, usize),
    columns: usize,
    scale: usize,
    path: impl AsRef<Path>,
) -> Result<()> {
    let path = path.as_ref();
    let failed = |reason: String| Error::Picture {
        path: path.to_path_buf(),
        reason,
    };
    if samples.is_empty() || columns == 0 || scale == 0 {
        return Err(failed("there is nothing to draw".to_owned()));
    }
    if let Some(sample) = samples.iter().find(|s| s.len() != width * height) {
        return Err(failed(format!(
            "a sample of {width} by {height} has {} numbers, but this one has {}",
            width * height,
            sample.len()
        )));
    }
    let (step_x, step_y) = (width * scale + GAP, height * scale + GAP);
    let rows = samples.len().div_ceil(columns);
    let size = ((columns * step_x) as u32, (rows * step_y) as u32);
    let mut picture = GrayImage::from_pixel(size.0, size.1, Luma([255]));
    for (i, sample) in samples.iter().enumerate() {
        let (left, top) = (i % columns * step_x, i / columns * step_y);
        for y in 0..height * scale {
            for x in 0..width * scale {
                let value = sample[y / scale * width + x / scale];
                let grey = 255.0 * (1.0 - value.clamp(0.0, 1.0));
                picture.put_pixel((left + x) as u32, (top + y) as u32, Luma([grey as u8]));
            }
        }
    }
    picture.save(path).map_err(|e| failed(e.to_string()))
}
