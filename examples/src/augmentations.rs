//! A contact sheet of every augmentation: operations with fixed parameters, policies, and what is done to batches.

use std::error::Error;
use std::path::Path;

use zoo_datasets::{
    AugmentConfig, AutoAugment, Batch, Canvas, EraseMode, Filter, Image, Mixup, MixupMode, Operation, PolicyOptions, Preprocess, Transform,
    read_image, resize,
};
use zoo_report::{Tile, contact_sheet};

/// `[height, width]` of a picture of the sheet.
const SIZE: [usize; 2] = [72, 96];

/// The sheet as PNG, of the photographs in `images`.
///
/// # Errors
/// Where they cannot be read or drawn.
pub fn draw() -> Result<Vec<u8>, Box<dyn Error>> {
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("images");
    let [flower, china] =
        ["flower.jpg", "china.jpg"].map(|name| read_image(&images.join(name)).map(|image| resize(&image, SIZE, Filter::Bicubic)));
    let (flower, china) = (flower?, china?);
    let mut tiles = vec![tile(&flower, "the picture")];
    operations(&flower, &mut tiles);
    steps(&flower, &mut tiles)?;
    policies(&flower, &mut tiles)?;
    batches([&flower, &china], &mut tiles)?;
    Ok(contact_sheet("Every augmentation, with the parameters of its caption or at random", &tiles)?)
}

fn tile(image: &Image, caption: impl Into<String>) -> Tile {
    Tile { width: image.width(), height: image.height(), rgb: image.to_rgb().into_pixels(), caption: caption.into() }
}

fn operations(picture: &Image, tiles: &mut Vec<Tile>) {
    let canvas = Canvas { fill: [0; 3], filter: Filter::Bilinear };
    for (operation, caption) in [
        (Operation::Brightness(0.4), "brightness 0.4"),
        (Operation::Brightness(1.6), "brightness 1.6"),
        (Operation::Contrast(0.4), "contrast 0.4"),
        (Operation::Contrast(1.6), "contrast 1.6"),
        (Operation::Saturation(0.3), "saturation 0.3"),
        (Operation::Saturation(1.9), "saturation 1.9"),
        (Operation::Hue(0.2), "hue 0.2"),
        (Operation::Grayscale, "grayscale"),
        (Operation::AutoContrast, "autocontrast"),
        (Operation::Equalize, "equalize"),
        (Operation::Invert, "invert"),
        (Operation::Posterize(2), "posterize 2"),
        (Operation::Solarize(128.0), "solarize 128"),
        (Operation::SolarizeAdd(80), "solarize add"),
        (Operation::Sharpness(0.0), "sharpness 0"),
        (Operation::Sharpness(4.0), "sharpness 4"),
        (Operation::GaussianBlur { kernel: 23, sigma: 2.0 }, "blur 23, 2.0"),
        (Operation::BoxBlur(2.0), "box blur 2.0"),
        (Operation::Rotate(25.0), "rotate 25"),
        (Operation::ShearX(0.3), "shear x 0.3"),
        (Operation::ShearY(-0.3), "shear y -0.3"),
        (Operation::TranslateX(20.0), "translate x"),
        (Operation::TranslateY(-15.0), "translate y"),
    ] {
        tiles.push(tile(&operation.apply(picture, &canvas), caption));
    }
}

/// A training pipeline's output as a picture again.
fn run(config: &AugmentConfig, picture: &Image, seed: u64) -> Result<Image, Box<dyn Error>> {
    let transform = Transform { resize: zoo_datasets::Resize::Exact(SIZE), crop: None, ..Transform::imagenet() };
    let (mean, std) = (transform.mean.clone(), transform.std.clone());
    let mut values = vec![];
    let [channels, height, width] = config.preprocess(transform)?.apply(picture, seed, &mut values)?;
    let pixel = |at: usize| {
        let (area, channel) = (height * width, at % channels);
        ((values[channel * area + at / channels] * std[channel] + mean[channel]) * 255.0).round() as u8
    };
    Ok(Image::new(height, width, channels, (0..values.len()).map(pixel).collect())?)
}

fn steps(picture: &Image, tiles: &mut Vec<Tile>) -> Result<(), Box<dyn Error>> {
    let none = AugmentConfig::default;
    let erase = |remode| AugmentConfig { reprob: 1.0, remode, ..none() };
    for (config, seed, caption) in [
        (AugmentConfig { scale: Some([0.2, 0.4]), ..none() }, 3, "random crop"),
        (AugmentConfig { pad_pixels: 16, ..none() }, 1, "pad pixels 16"),
        (AugmentConfig { hflip: 1.0, ..none() }, 1, "hflip"),
        (AugmentConfig { vflip: 1.0, ..none() }, 1, "vflip"),
        (AugmentConfig { color_jitter: vec![0.4, 0.4, 0.4, 0.1], ..none() }, 2, "color jitter"),
        (erase(EraseMode::Const), 8, "erase const"),
        (erase(EraseMode::Rand), 12, "erase rand"),
        (erase(EraseMode::Pixel), 16, "erase pixel"),
    ] {
        tiles.push(tile(&run(&config, picture, seed)?, caption));
    }
    Ok(())
}

fn policies(picture: &Image, tiles: &mut Vec<Tile>) -> Result<(), Box<dyn Error>> {
    for (name, seeds) in [
        ("imagenet", &[3][..]),
        ("cifar10", &[2]),
        ("svhn", &[1]),
        ("ra", &[1, 4]),
        ("ta_wide", &[2]),
        ("augmix", &[2]),
        ("3a", &[3]),
        ("rand-m9-mstd0.5-inc1", &[3, 8]),
        ("augmix-m5-w4", &[3]),
    ] {
        let policy: AutoAugment = name.parse()?;
        let fill = if policy.is_timm() { [124, 116, 104] } else { [0; 3] };
        for &seed in seeds {
            let changed = policy.apply(picture, &PolicyOptions::default(), &Canvas { fill, filter: Filter::Bilinear }, seed);
            tiles.push(tile(&changed, name.split("-mstd").next().unwrap_or(name)));
        }
    }
    Ok(())
}

fn batches(pictures: [&Image; 2], tiles: &mut Vec<Tile>) -> Result<(), Box<dyn Error>> {
    let plain = Transform { mean: vec![0.0; 3], std: vec![1.0; 3], ..Transform::simple(SIZE, 3) };
    let mut images = vec![];
    for picture in pictures {
        plain.apply(picture, 0, &mut images)?;
    }
    let batch = Batch { images, shape: [2, 3, SIZE[0], SIZE[1]], labels: vec![0, 1], indices: vec![0, 1], mix: None, skipped: vec![] };
    for (mixup, cutmix, seed) in [(1.0, 0.0, 2), (0.0, 1.0, 5)] {
        let mixing = Mixup { mixup, cutmix, cutmix_minmax: None, prob: 1.0, switch_prob: 0.5, mode: MixupMode::Batch, off_epoch: 0 };
        let mut mixed = batch.clone();
        mixing.apply(&mut mixed, seed);
        let area = SIZE[0] * SIZE[1];
        let pixels = (0..3 * area).map(|at| (mixed.images[at % 3 * area + at / 3] * 255.0).round() as u8).collect();
        let share = mixed.mix.map_or(1.0, |mix| mix.shares[0]);
        let name = if mixup > 0.0 { "mixup" } else { "cutmix" };
        tiles.push(tile(&Image::new(SIZE[0], SIZE[1], 3, pixels)?, format!("{name} {share:.2}")));
    }
    Ok(())
}
