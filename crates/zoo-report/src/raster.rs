//! Pixels: SVG drawn with a font of our own, and PNG files.

use std::sync::{Arc, OnceLock};

use image::ImageEncoder;
use image::codecs::png::PngEncoder;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use crate::ReportError;

/// DejaVu Sans with its Latin, Greek and Cyrillic letters: the same pictures on machines without fonts.
const FONT: &[u8] = include_bytes!("../fonts/DejaVuSans-subset.ttf");
const FAMILY: &str = "DejaVu Sans";
/// 800 MB in memory.
const MOST_PIXELS: u64 = 200_000_000;

fn fonts() -> Arc<fontdb::Database> {
    static FONTS: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    let load = || {
        let mut fonts = fontdb::Database::new();
        fonts.load_font_data(FONT.to_vec());
        fonts.set_sans_serif_family(FAMILY);
        Arc::new(fonts)
    };
    Arc::clone(FONTS.get_or_init(load))
}

/// Draws SVG, so many pixels for one of its units.
pub(crate) fn draw(svg: &str, scale: f32) -> Result<Pixmap, ReportError> {
    let failed = |reason: String| ReportError::Picture { width: 0, height: 0, reason };
    let options = Options { font_family: FAMILY.to_owned(), fontdb: fonts(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|e| failed(e.to_string()))?;
    let size = tree.size();
    let [width, height] = [size.width(), size.height()].map(|side| (side * scale).ceil() as u32);
    // The library would ask for any memory, and end the program where there is none.
    let pixels = if u64::from(width) * u64::from(height) <= MOST_PIXELS { Pixmap::new(width, height) } else { None };
    let mut pixels = pixels.ok_or_else(|| ReportError::Picture { width, height, reason: "it has no pixels, or too many".to_owned() })?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    Ok(pixels)
}

/// Draws an SVG file as PNG, so many pixels for one of its units.
///
/// # Errors
/// [`ReportError::Picture`].
pub fn png_of_svg(svg: &str, scale: f32) -> Result<Vec<u8>, ReportError> {
    png(&draw(svg, scale)?)
}

/// A drawing, which must be opaque, as PNG.
pub(crate) fn png(pixels: &Pixmap) -> Result<Vec<u8>, ReportError> {
    let rgb: Vec<u8> = pixels.pixels().iter().flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]).collect();
    png_of_rgb(pixels.width(), pixels.height(), &rgb)
}

/// A picture, `[height, width, 3]`, as PNG.
///
/// # Errors
/// [`ReportError::Picture`] where the number of values is not that of the sides.
pub fn png_of_rgb(width: u32, height: u32, rgb: &[u8]) -> Result<Vec<u8>, ReportError> {
    let failed = |reason: String| ReportError::Picture { width, height, reason };
    // The encoder panics on another length.
    if u64::from(width) * u64::from(height) * 3 != rgb.len() as u64 || rgb.is_empty() {
        return Err(failed(format!("it has {} values", rgb.len())));
    }
    let mut bytes = vec![];
    PngEncoder::new(&mut bytes).write_image(rgb, width, height, image::ExtendedColorType::Rgb8).map_err(|e| failed(e.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn text_is_drawn_without_any_font_of_the_machine() {
        let svg = |word: &str| {
            format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"60\" height=\"20\"><rect width=\"60\" height=\"20\" fill=\"#fff\"/>\
                 <text x=\"2\" y=\"15\" font-family=\"system-ui, sans-serif\">{word}</text></svg>"
            )
        };
        let dark = |word: &str| draw(&svg(word), 2.0).unwrap().pixels().iter().filter(|p| p.red() < 100).count();
        assert_eq!(dark(""), 0);
        assert!(dark("Ünï→") > 100 && dark("Привет") > 100);
        let png = image::load_from_memory(&png_of_svg(&svg("a"), 2.0).unwrap()).unwrap();
        assert_eq!((png.width(), png.height()), (120, 40));
    }

    #[test]
    fn what_is_no_picture_is_an_error() {
        assert!(png_of_rgb(2, 2, &[0; 11]).is_err() && png_of_rgb(0, 0, &[]).is_err());
        assert!(png_of_svg("<svg", 1.0).is_err());
        assert!(png_of_svg("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"99999999\" height=\"99999999\"/>", 1.0).is_err());
    }
}
