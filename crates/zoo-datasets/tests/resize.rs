//! Resizing equals Pillow's, value by value. `fixtures/generate.py` made the references.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;

use zoo_datasets::{Filter, read_image, resize};

/// `RGB-noise.bicubic-40x13.png` to source, filter and size.
fn parse(name: &str) -> Option<(&str, Filter, [usize; 2])> {
    let (source, target) = name.strip_suffix(".png")?.split_once('.')?;
    let (filter, size) = target.split_once('-')?;
    let filter = match filter {
        "nearest" => Filter::Nearest,
        "bilinear" => Filter::Bilinear,
        "bicubic" => Filter::Bicubic,
        _ => panic!("{name}"),
    };
    let (height, width) = size.split_once('x')?;
    Some((source, filter, [height.parse().unwrap(), width.parse().unwrap()]))
}

#[test]
fn equals_pillow() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/resize");
    let mut compared = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some((source, filter, size)) = parse(&name) else { continue };
        let source = read_image(&folder.join(format!("{source}.png"))).unwrap();
        let expected = read_image(&folder.join(&name)).unwrap();
        let found = resize(&source, size, filter);
        assert_eq!([found.height(), found.width(), found.channels()], [size[0], size[1], expected.channels()], "{name}");
        let differing = found.pixels().iter().zip(expected.pixels()).filter(|(found, expected)| found != expected).count();
        assert_eq!(differing, 0, "{name}: {differing} of {} values differ", found.pixels().len());
        compared += 1;
    }
    assert_eq!(compared, 60);
}
