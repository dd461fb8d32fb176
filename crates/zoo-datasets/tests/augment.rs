//! Operations against torchvision's, timm's and Pillow's (`fixtures/augment.py`).
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::PathBuf;

use serde::Deserialize;
use zoo_datasets::{Canvas, Filter, Image, Operation, read_image};

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/augment").join(name)
}

#[derive(Deserialize)]
struct Case {
    operation: Operation,
    filter: Filter,
    fill: [u8; 3],
    channels: usize,
}

#[test]
fn operations_are_theirs() {
    let picture = read_image(&fixture("picture.png")).unwrap();
    let sheet = read_image(&fixture("operations.png")).unwrap();
    let cases: Vec<Case> = serde_json::from_slice(&fs::read(fixture("operations.json")).unwrap()).unwrap();
    let values = picture.pixels().len();
    assert_eq!(sheet.pixels().len(), values * cases.len());
    let mut wrong = vec![];
    for (case, expected) in cases.iter().zip(sheet.pixels().chunks_exact(values)) {
        let input = if case.channels == 1 { picture.to_grey() } else { picture.clone() };
        let found = case.operation.apply(&input, &Canvas { fill: case.fill, filter: case.filter }).to_rgb();
        let differences: Vec<u8> = found.pixels().iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).collect();
        let largest = differences.iter().max().copied().unwrap_or(0);
        let count = differences.iter().filter(|&&difference| difference > 0).count();
        let moves = format!("{:?}", case.operation);
        let moves = ["Rotate", "Shear", "Translate"].iter().any(|name| moves.starts_with(name));
        // Pillow computes pixels between pixels in 64 bits and cuts off, we in 32, which shows where the result is a whole number;
        // torchvision blurs in one pass.
        let rounds = (moves && case.filter != Filter::Nearest) || matches!(case.operation, Operation::GaussianBlur { .. });
        if largest > u8::from(rounds) || count > values / 25 {
            wrong.push(format!("{:?} {:?} {}: {count} differ, by {largest} at most", case.operation, case.filter, case.channels));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_size_survives_every_operation() {
    for (height, width) in [(1, 1), (1, 7), (7, 1), (2, 2), (3, 5)] {
        for channels in [1, 3] {
            let pixels = (0..height * width * channels).map(|number| (number * 37 % 256) as u8).collect();
            let image = Image::new(height, width, channels, pixels).unwrap();
            for filter in [Filter::Nearest, Filter::Bilinear, Filter::Bicubic] {
                for operation in [
                    Operation::AutoContrast,
                    Operation::Equalize,
                    Operation::Invert,
                    Operation::Grayscale,
                    Operation::Brightness(1.9),
                    Operation::Contrast(f64::NAN),
                    Operation::Saturation(-3.0),
                    Operation::Hue(0.4),
                    Operation::Sharpness(1.9),
                    Operation::Posterize(99),
                    Operation::Solarize(f64::INFINITY),
                    Operation::SolarizeAdd(255),
                    Operation::Rotate(1e300),
                    Operation::ShearX(1e300),
                    Operation::ShearY(f64::NAN),
                    Operation::TranslateX(-1e9),
                    Operation::TranslateY(f64::INFINITY),
                    Operation::GaussianBlur { kernel: 23, sigma: 2.0 },
                    Operation::BoxBlur(50.0),
                ] {
                    let after = operation.apply(&image, &Canvas { fill: [9; 3], filter });
                    assert_eq!((after.height(), after.width(), after.channels()), (height, width, channels));
                }
            }
        }
    }
}
