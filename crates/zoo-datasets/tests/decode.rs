//! Files of many kinds, most made by Pillow; see `fixtures/generate.py`.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::error::Error;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{DynamicImage, GrayImage, ImageFormat, RgbImage};
use zoo_datasets::{DataError, DecodeError, Image, decode, read_image};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/decode")
}

fn largest_difference(a: &Image, b: &Image) -> u8 {
    assert_eq!([a.height(), a.width(), a.channels()], [b.height(), b.width(), b.channels()]);
    a.pixels().iter().zip(b.pixels()).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

fn encode(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

#[test]
fn decodes_as_pillow_does() {
    let mut compared = 0;
    for entry in fs::read_dir(fixtures()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.contains(".expected.") {
            continue;
        }
        let expected = read_image(&fixtures().join(format!("{name}.expected.png"))).unwrap();
        let found = read_image(&path).unwrap_or_else(|error| panic!("{name}: {error}: {:?}", error.source()));
        // Lossy files are compared with the picture before compression.
        let allowed = match name.as_str() {
            "half_chroma.jpg" | "lossy.webp" | "cmyk.jpg" => 14,
            name if name.ends_with(".jpg") => 5,
            _ => 0,
        };
        let difference = largest_difference(&found, &expected);
        assert!(difference <= allowed, "{name}: {difference} levels");
        compared += 1;
    }
    assert_eq!(compared, 26);
}

#[test]
fn the_extension_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("really_a_png.jpg");
    fs::copy(fixtures().join("alpha.png"), &path).unwrap();
    assert_eq!(read_image(&path).unwrap(), read_image(&fixtures().join("alpha.png")).unwrap());
}

/// Pixel `(row, column)` of the upright picture, for each orientation of a stored picture of `height` x `width`.
fn stored_position(orientation: u8, row: usize, column: usize, [height, width]: [usize; 2]) -> [usize; 2] {
    // EXIF 2.3, tag 0x0112: where row 0 and column 0 of the stored picture are in the upright one.
    match orientation {
        1 => [row, column],
        2 => [row, width - 1 - column],
        3 => [height - 1 - row, width - 1 - column],
        4 => [height - 1 - row, column],
        5 => [column, row],
        6 => [height - 1 - column, row],
        7 => [height - 1 - column, width - 1 - row],
        _ => [column, width - 1 - row],
    }
}

#[test]
fn applies_all_eight_orientations_of_a_jpeg() {
    // 2x3 blocks of 8x8 pixels of one grey each: a JPEG keeps them.
    let levels = [[0u8, 50, 100], [150, 200, 250]];
    let stored = GrayImage::from_fn(24, 16, |x, y| image::Luma([levels[y as usize / 8][x as usize / 8]]));
    let plain = encode(stored, ImageFormat::Jpeg);
    for orientation in 1..=8u8 {
        // Little-endian TIFF with one entry: tag 0x0112, type 3 (short), count 1.
        let exif = [b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", &[orientation, 0, 0, 0, 0, 0, 0, 0][..]].concat();
        let length = (exif.len() as u16 + 2).to_be_bytes();
        let bytes = [&plain[..2], &[0xFF, 0xE1], &length, &exif, &plain[2..]].concat();
        let found = decode(&bytes).unwrap();
        let (height, width) = if orientation < 5 { (2, 3) } else { (3, 2) };
        assert_eq!([found.height(), found.width(), found.channels()], [height * 8, width * 8, 1], "{orientation}");
        for row in 0..height {
            for column in 0..width {
                let [from_row, from_column] = stored_position(orientation, row, column, [2, 3]);
                let value = found.pixels()[(row * 8 + 4) * found.width() + column * 8 + 4];
                assert!(value.abs_diff(levels[from_row][from_column]) <= 3, "{orientation}: {row} {column} {value}");
            }
        }
    }
}

#[test]
fn refuses_what_is_no_picture() {
    let message = |bytes: &[u8]| decode(bytes).unwrap_err().to_string();
    assert_eq!(message(b""), "the file is empty");
    assert_eq!(message(b"just some text"), "this is not a picture: neither JPEG, PNG, WebP nor BMP");
    assert_eq!(message(b"<!DOCTYPE html><html>"), "this is not a picture: neither JPEG, PNG, WebP nor BMP");
    assert_eq!(message(b"GIF89a\x01\0\x01\0"), "Gif pictures are not supported; use JPEG, PNG, WebP or BMP");
    assert!(matches!(decode(b"\x89PNG\r\n\x1a\n"), Err(DecodeError::Image(_))));
    assert!(matches!(decode(b"\xFF\xD8\xFF\xE0"), Err(DecodeError::Truncated)));
    assert!(matches!(decode(b"\xFF\xD8\xFF\xD9"), Err(DecodeError::Image(_))));
}

#[test]
fn refuses_every_truncated_file_and_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["plain.jpg", "progressive.jpg", "cmyk.jpg", "alpha.png", "palette.png", "lossless.webp", "lossy.webp", "plain.bmp"];
    for name in names {
        let whole = fs::read(fixtures().join(name)).unwrap();
        // Not the last few bytes: a PNG without its end chunk or a RIFF without its padding byte has all pixels.
        for end in [whole.len() / 10, whole.len() / 3, whole.len() / 2, whole.len() * 9 / 10] {
            let path = folder.path().join(name);
            fs::write(&path, &whole[..end]).unwrap();
            let Err(error) = read_image(&path) else { panic!("{name} was read from its first {end} of {} bytes", whole.len()) };
            assert_eq!(error.to_string(), format!("cannot decode {}", path.display()));
            assert!(error.source().is_some());
        }
    }
}

#[test]
fn a_missing_file_is_named() {
    let error = read_image(Path::new("no/such.png")).unwrap_err();
    assert!(matches!(error, DataError::Io { .. }));
    assert_eq!(error.to_string(), "cannot read no/such.png");
}

#[test]
fn a_bomb_is_refused_from_its_header() {
    // A valid PNG of 1x1, whose header then says 60,000 x 60,000 (with the right checksum).
    let mut bytes = encode(RgbImage::new(1, 1), ImageFormat::Png);
    bytes[16..20].copy_from_slice(&60_000u32.to_be_bytes());
    bytes[20..24].copy_from_slice(&60_000u32.to_be_bytes());
    let mut crc = flate2::Crc::new();
    crc.update(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    let error = decode(&bytes).unwrap_err();
    assert_eq!(error.to_string(), "60000x60000 pixels are too many; at most 89478485 are decoded");
}

proptest::proptest! {
    /// Whatever the bytes, an answer and no panic.
    #[test]
    fn damaged_files_do_not_panic(file in 0usize..6, at in 0.0f64..1.0, byte: u8) {
        let name = ["plain.jpg", "cmyk.jpg", "alpha.png", "lossless.webp", "lossy.webp", "palette.bmp"][file];
        let mut bytes = fs::read(fixtures().join(name)).unwrap();
        let at = (at * bytes.len() as f64) as usize;
        bytes[at] = byte;
        let _ = decode(&bytes);
    }
}
