//! What all pictures with text share: the font, which is shipped so that they look the same everywhere, and the file.

use plotters::prelude::{BitMapBackend, DrawingArea, IntoDrawingArea, WHITE};
use plotters::style::{FontStyle, register_font};
use std::path::Path;
use std::sync::Once;

/// The Latin letters of DejaVu Sans; its licence stands in `assets/README.md`.
static DEJAVU_SANS: &[u8] = include_bytes!("../../assets/DejaVuSans-latin.ttf");

/// The name under which it is known to plotters.
pub(super) const SANS: &str = "sans-serif";

/// Where drawing goes.
pub(super) type Area<'a> = DrawingArea<BitMapBackend<'a>, plotters::coord::Shift>;

/// The result of drawing.
pub(super) type Drawn = Result<(), Box<dyn std::error::Error>>;

/// Draws a picture of `size` pixels and writes it to a PNG file.
pub(super) fn draw_png(
    path: &Path,
    size: (u32, u32),
    draw: impl FnOnce(&Area<'_>) -> Drawn,
) -> Drawn {
    register();
    let mut pixels = vec![255; (size.0 * size.1 * 3) as usize];
    let area = BitMapBackend::with_buffer(&mut pixels, size).into_drawing_area();
    area.fill(&WHITE)?;
    draw(&area)?;
    area.present()?;
    drop(area);
    image::save_buffer(path, &pixels, size.0, size.1, image::ColorType::Rgb8)?;
    Ok(())
}

/// Makes the font known. Text in an unknown font would be an error of each drawing call.
fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Only a file that is not a font is refused, and the tests draw with this one.
        let _ = register_font(SANS, FontStyle::Normal, DEJAVU_SANS);
    });
}
