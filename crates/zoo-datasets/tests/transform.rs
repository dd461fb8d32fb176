//! The evaluation preprocessing equals torchvision's; `fixtures/generate.py` made the references.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use serde::Deserialize;
use zoo_datasets::{Filter, Image, Preprocess, Resize, Transform, TransformError, read_image};

#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    source: String,
    short_side: usize,
    crop: [usize; 2],
    filter: Filter,
    shape: [usize; 3],
    values: Vec<f32>,
}

#[test]
fn equals_torchvision() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let fixture: Fixture = serde_json::from_str(include_str!("fixtures/transform.json")).unwrap();
    assert_eq!(fixture.cases.len(), 5);
    for case in fixture.cases {
        let transform =
            Transform { resize: Resize::ShortSide(case.short_side), filter: case.filter, crop: Some(case.crop), ..Transform::imagenet() };
        let image = read_image(&folder.join("resize").join(&case.source)).unwrap();
        let mut values = Vec::new();
        assert_eq!(transform.apply(&image, 0, &mut values).unwrap(), case.shape, "{}", case.source);
        assert_eq!(values.len(), case.values.len());
        // The fixture has six decimals; one grey level is 0.017.
        let worst = values.iter().zip(&case.values).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 2e-6, "{}: {worst}", case.source);
    }
}

#[test]
fn imagenet_is_256_then_224() {
    let transform = Transform::imagenet();
    assert_eq!(transform.output_size(), Some([224, 224]));
    // A picture of one colour: the values are known whatever the filter does.
    let image = Image::new(10, 30, 3, [255, 0, 51].repeat(300)).unwrap();
    let mut values = Vec::new();
    assert_eq!(transform.apply(&image, 0, &mut values).unwrap(), [3, 224, 224]);
    let expected = [(1.0 - 0.485) / 0.229, (0.0 - 0.456) / 0.224, (0.2 - 0.406) / 0.225f32];
    for (plane, expected) in values.chunks_exact(224 * 224).zip(expected) {
        assert!(plane.iter().all(|value| (value - expected).abs() < 1e-6), "{} {expected}", plane[0]);
    }
}

#[test]
fn converts_channels() {
    let grey = Image::new(1, 2, 1, vec![0, 255]).unwrap();
    let mut values = Vec::new();
    Transform::simple([1, 2], 3).apply(&grey, 0, &mut values).unwrap();
    assert_eq!(values, [-1.0, 1.0, -1.0, 1.0, -1.0, 1.0]);
    let red = Image::new(1, 1, 3, vec![255, 0, 0]).unwrap();
    let mut values = Vec::new();
    Transform::simple([1, 1], 1).apply(&red, 0, &mut values).unwrap();
    assert_eq!(values, [(76.0 / 255.0 - 0.5) / 0.5]);
}

#[test]
fn survives_json_and_refuses_unknown_fields() {
    for resize in [Resize::None, Resize::ShortSide(9), Resize::Exact([3, 4])] {
        let transform = Transform { resize, filter: Filter::Bicubic, crop: None, ..Transform::imagenet() };
        let text = serde_json::to_string(&transform).unwrap();
        assert_eq!(serde_json::from_str::<Transform>(&text).unwrap(), transform);
    }
    let text = serde_json::to_string(&Transform::imagenet()).unwrap();
    assert!(text.starts_with(r#"{"resize":{"short_side":256},"filter":"bilinear","crop":[224,224],"channels":3,"#), "{text}");
    let unknown = text.replacen("\"crop\"", "\"size\":[1,1],\"crop\"", 1);
    let error = serde_json::from_str::<Transform>(&unknown).unwrap_err();
    assert!(error.to_string().contains("unknown field `size`"), "{error}");
}

#[test]
fn names_what_is_wrong() {
    let good = Transform::imagenet;
    let cases = [
        (Transform { channels: 2, ..good() }, "2 channels; a transform makes 1 (grey) or 3 (RGB)"),
        (Transform { mean: vec![0.5], ..good() }, "`mean` has 1 values for 3 channels"),
        (Transform { std: vec![0.0, 1.0, 1.0], ..good() }, "`std` holds 0, which is not a usable number"),
        (Transform { mean: vec![0.0, f32::NAN, 1.0], ..good() }, "`mean` holds NaN, which is not a usable number"),
        (Transform { crop: Some([0, 5]), ..good() }, "a picture of 0x5 pixels (height x width) cannot be made; sides must be in 1..=16384"),
        (
            Transform { resize: Resize::Exact([5, 16_385]), ..good() },
            "a picture of 5x16385 pixels (height x width) cannot be made; sides must be in 1..=16384",
        ),
    ];
    for (transform, message) in cases {
        assert_eq!(transform.validate().unwrap_err().to_string(), message);
        assert!(transform.check().is_err());
    }
    // A long, thin picture: only this one is at fault, so only it is refused.
    let thin = Image::new(1, 100, 3, vec![0; 300]).unwrap();
    assert_eq!(
        good().apply(&thin, 0, &mut Vec::new()),
        Err(TransformError::Size { height: 256, width: 25_600, limit: zoo_datasets::MAX_SIDE })
    );
}
