//! A contact sheet: pictures with their labels under them.

use resvg::tiny_skia::PremultipliedColorU8;

use crate::svg::{self, shorten, text, width};
use crate::{ReportError, raster};

/// A picture of a sheet.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// `[height, width, 3]`.
    pub rgb: Vec<u8>,
    /// What stands under it.
    pub caption: String,
}

/// Pictures are enlarged to at least this, by a whole number, so that each pixel is seen as it is.
const LEAST: usize = 96;
const GAP: usize = 12;
const CAPTION: usize = 18;
/// The sheet's width in pixels, unless one picture is wider.
const WIDTH: usize = 1200;

/// Draws pictures in rows as PNG, under a heading.
///
/// # Errors
/// [`ReportError::Picture`] where a tile has another number of values than its sides say, or the sheet gets too large.
pub fn contact_sheet(heading: &str, tiles: &[Tile]) -> Result<Vec<u8>, ReportError> {
    for tile in tiles {
        if tile.rgb.len() != tile.width * tile.height * 3 || tile.rgb.is_empty() {
            let (width, height) = (tile.width as u32, tile.height as u32);
            return Err(ReportError::Picture { width, height, reason: format!("it has {} values", tile.rgb.len()) });
        }
    }
    let longest = tiles.iter().map(|tile| tile.width.max(tile.height)).max().unwrap_or(1);
    let zoom = LEAST.div_ceil(longest);
    let [cell_width, cell_height] = [|t: &Tile| t.width, |t: &Tile| t.height].map(|side| tiles.iter().map(side).max().unwrap_or(1) * zoom);
    let columns = ((WIDTH - GAP) / (cell_width + GAP)).clamp(1, tiles.len().max(1));
    let rows = tiles.len().div_ceil(columns);
    let top = GAP + 26;
    let size = [
        (columns * (cell_width + GAP) + GAP).max(width(heading, 14.0) as usize + 2 * GAP) as f64,
        (top + rows * (cell_height + CAPTION + GAP)) as f64,
    ];
    let place = |index: usize| [GAP + index % columns * (cell_width + GAP), top + index / columns * (cell_height + CAPTION + GAP)];
    let mut body = String::new();
    text(&mut body, [GAP as f64, GAP as f64 + 12.0], "title", "start", heading);
    for (index, tile) in tiles.iter().enumerate() {
        let [x, y] = place(index);
        let said = shorten(&tile.caption, ((cell_width + GAP / 2) as f64 / width("x", 12.0)) as usize);
        text(&mut body, [(x + cell_width / 2) as f64, (y + cell_height + 14) as f64], "", "middle", &said);
    }
    let mut sheet = raster::draw(&svg::file(size, heading, &body), 1.0)?;
    let stride = sheet.width() as usize;
    let pixels = sheet.pixels_mut();
    for (index, tile) in tiles.iter().enumerate() {
        let [left, top] = place(index);
        let left = left + (cell_width - tile.width * zoom) / 2;
        for row in 0..tile.height * zoom {
            for column in 0..tile.width * zoom {
                let from = (row / zoom * tile.width + column / zoom) * 3;
                let [red, green, blue] = [0, 1, 2].map(|channel| tile.rgb[from + channel]);
                // Opaque, so that no colour is larger than its alpha.
                if let Some(colour) = PremultipliedColorU8::from_rgba(red, green, blue, 255) {
                    pixels[(top + row) * stride + left + column] = colour;
                }
            }
        }
    }
    raster::png(&sheet)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_pixel_is_there_and_enlarged() {
        let tile = |red: u8| Tile { width: 2, height: 1, rgb: vec![red, 0, 0, 0, red, 9], caption: format!("a <{red}>") };
        let bytes = contact_sheet("two & three", &[tile(50), tile(200), tile(250)]).unwrap();
        let sheet = image::load_from_memory(&bytes).unwrap().to_rgb8();
        let count = |rgb: [u8; 3]| sheet.pixels().filter(|pixel| pixel.0 == rgb).count();
        for red in [50, 200, 250] {
            assert_eq!((count([red, 0, 0]), count([0, red, 9])), (48 * 48, 48 * 48), "{red}");
        }
        assert!(sheet.pixels().filter(|pixel| pixel.0[0] < 60 && pixel.0[1] > 20).count() > 100, "captions are drawn");
    }

    #[test]
    fn odd_sheets() {
        assert!(contact_sheet("none", &[]).is_ok());
        let wrong = Tile { width: 2, height: 2, rgb: vec![0; 3], caption: String::new() };
        assert!(contact_sheet("", &[wrong]).is_err());
        let wide = Tile { width: 3000, height: 2, rgb: vec![7; 18_000], caption: "wide".to_owned() };
        assert!(contact_sheet("", &[wide]).is_ok());
    }
}
