//! Against libjpeg-turbo by way of Pillow; see `tests/fixtures/corpus.py`.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/jpeg")
}

const NAMES: [&str; 10] =
    ["444", "422", "420", "420-even", "420-rough", "420-fine", "420-restart", "422-optimized", "grey", "grey-restart"];

fn jpeg(name: &str) -> Vec<u8> {
    fs::read(fixtures().join(format!("{name}.jpg"))).unwrap()
}

fn whole(frame: &Frame<'_>) -> Area {
    let [height, width] = frame.size();
    Area { top: 0, left: 0, height, width }
}

fn interleaved(decoded: &Decoded) -> Vec<u8> {
    (0..decoded.height * decoded.width).flat_map(|pixel| decoded.planes.iter().map(move |plane| plane[pixel])).collect()
}

#[test]
fn whole_pictures_are_libjpegs_to_the_last_bit() {
    for name in NAMES {
        let bytes = jpeg(name);
        let frame = Frame::read(&bytes).unwrap();
        let decoded = frame.decode(whole(&frame), 1).unwrap();
        let expected = crate::read_image(&fixtures().join(format!("{name}.png"))).unwrap();
        assert_eq!([decoded.height, decoded.width, decoded.planes.len()], [expected.height(), expected.width(), expected.channels()]);
        let found = interleaved(&decoded);
        let largest = found.iter().zip(expected.pixels()).map(|(a, b)| a.abs_diff(*b)).max();
        assert_eq!(largest, Some(0), "{name}");
    }
}

proptest::proptest! {
    #[test]
    fn an_area_is_that_part_of_the_whole(name in 0..NAMES.len(), corners in proptest::array::uniform4(0.0f64..1.0), reduction in 0u32..4) {
        let bytes = jpeg(NAMES[name]);
        let frame = Frame::read(&bytes).unwrap();
        let [height, width] = frame.size();
        let reduction = 1 << reduction;
        let range = |a: f64, b: f64, side: usize| {
            let (low, high) = ((a.min(b) * side as f64) as usize, (a.max(b) * side as f64) as usize);
            (low, (high - low).max(1))
        };
        let ((top, rows), (left, columns)) = (range(corners[0], corners[1], height), range(corners[2], corners[3], width));
        let part = frame.decode(Area { top, left, height: rows, width: columns }, reduction).unwrap();
        let all = frame.decode(whole(&frame), reduction).unwrap();
        let [from_row, from_column] = [top / reduction, left / reduction];
        for (part_plane, all_plane) in part.planes.iter().zip(&all.planes) {
            for row in 0..part.height {
                let found = &part_plane[row * part.width..][..part.width];
                proptest::prop_assert_eq!(found, &all_plane[(from_row + row) * all.width + from_column..][..part.width]);
            }
        }
        let [y, x, h, w] = part.area;
        proptest::prop_assert!(y < 1.0 && x < 1.0 && y + h <= part.height as f64 && x + w <= part.width as f64);
    }

    /// Whatever the bytes, an answer and no panic.
    #[test]
    fn damaged_files_do_not_panic(name in 0..NAMES.len(), at in 0.0f64..1.0, byte: u8, end in 0.0f64..1.0, reduction in 0u32..4) {
        let mut bytes = jpeg(NAMES[name]);
        let at = (at * bytes.len() as f64) as usize;
        bytes[at] = byte;
        let cut = if end < 0.5 { bytes.len() } else { (end * bytes.len() as f64) as usize };
        if let Some(frame) = Frame::read(&bytes[..cut]) {
            let [height, width] = frame.size();
            // A header that was made to promise a huge picture is no reason to work for minutes here.
            let area = Area { top: height / 3, left: width / 4, height: (height / 2).min(300), width: (width / 2).min(300) };
            let _ = frame.decode(area, 1 << reduction);
        }
    }
}

#[test]
fn reduced_pictures_are_averages() {
    // Smooth pictures, of which the low frequencies are nearly all.
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpus");
    for name in ["444", "422", "plain", "restart", "grey"] {
        let bytes = fs::read(corpus.join(format!("good-{name}.jpg"))).unwrap();
        let frame = Frame::read(&bytes).unwrap();
        let full = frame.decode(whole(&frame), 1).unwrap();
        for reduction in [2, 4, 8] {
            let small = frame.decode(whole(&frame), reduction).unwrap();
            assert_eq!([small.height, small.width], [full.height.div_ceil(reduction), full.width.div_ceil(reduction)]);
            let (mut total, mut count) = (0.0, 0.0);
            for (small_plane, plane) in small.planes.iter().zip(&full.planes) {
                for row in 0..full.height / reduction {
                    for column in 0..full.width / reduction {
                        let pixels = (0..reduction * reduction)
                            .map(|i| plane[(row * reduction + i / reduction) * full.width + column * reduction + i % reduction]);
                        let mean = pixels.map(f64::from).sum::<f64>() / (reduction * reduction) as f64;
                        total += (mean - f64::from(small_plane[row * small.width + column])).abs();
                        count += 1.0;
                    }
                }
            }
            // At the edges chroma has no neighbour; an eighth of 4:2:2 has two columns of chroma, all edges.
            assert!(total / count < if name == "422" { 7.0 } else { 3.0 }, "{name} / {reduction}: {}", total / count);
        }
    }
}

#[test]
fn areas_outside_and_other_kinds_are_left_to_others() {
    let bytes = jpeg("420");
    let frame = Frame::read(&bytes).unwrap();
    for (top, left, height, width) in [(0, 0, 48, 61), (47, 0, 1, 1), (0, 0, 0, 1), (usize::MAX, 0, 2, 1), (0, 61, 1, 1)] {
        assert!(frame.decode(Area { top, left, height, width }, 1).is_none());
    }
    assert!(frame.decode(whole(&frame), 3).is_none());
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpus");
    for name in ["progressive-420.jpg", "cmyk-adobe.jpg", "rgb-adobe.jpg", "turned-6.jpg", "rgb.png", "one.jpg"] {
        assert!(Frame::read(&fs::read(corpus.join(format!("good-{name}"))).unwrap()).is_none(), "{name}");
    }
    assert!(Frame::read(&fs::read(corpus.join("good-turned-6.jpg")).unwrap()[..40]).is_none());
    assert!(Frame::read(&[]).is_none());
}
