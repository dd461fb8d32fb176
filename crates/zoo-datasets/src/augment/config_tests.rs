#![allow(clippy::unwrap_used)]
use super::*;
use crate::sample::Image;
use crate::transform::Resize;

fn transform() -> Transform {
    Transform { resize: Resize::Exact([24, 20]), crop: None, ..Transform::imagenet() }
}

fn image() -> Image {
    Image::new(30, 40, 3, (0..3600).map(|number| (number * 7 % 251) as u8).collect()).unwrap()
}

fn values(config: &AugmentConfig, seed: u64) -> Vec<f32> {
    let mut values = vec![];
    assert_eq!(config.preprocess(transform()).unwrap().apply(&image(), seed, &mut values).unwrap(), [3, 24, 20]);
    values
}

#[test]
fn without_anything_it_is_evaluation() {
    let mut expected = vec![];
    transform().apply(&image(), 0, &mut expected).unwrap();
    let found = values(&AugmentConfig::default(), 7);
    assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5));
}

#[test]
fn every_step_does_something_and_repeats() {
    let plain = AugmentConfig::default();
    let step = |change: &dyn Fn(&mut AugmentConfig)| {
        let mut config = AugmentConfig::default();
        change(&mut config);
        config
    };
    let steps = [
        step(&|c| c.scale = Some([0.2, 0.5])),
        step(&|c| c.pad_pixels = 4),
        step(&|c| c.hflip = 1.0),
        step(&|c| c.vflip = 1.0),
        step(&|c| c.auto_augment = Some("ta_wide".parse().unwrap())),
        step(&|c| c.color_jitter = vec![0.4]),
        step(&|c| c.grayscale_prob = 1.0),
        step(&|c| c.gaussian_blur_prob = 1.0),
        step(&|c| c.reprob = 1.0),
    ];
    for config in &steps {
        // Some operations do nothing to some pictures.
        let changed = (0..30).filter(|&seed| values(config, seed) != values(&plain, seed)).count();
        assert!(changed >= 20, "{changed} {config:?}");
        assert_eq!(values(config, 3), values(config, 3));
    }
    // One step's chance does not depend on the others.
    let both = step(&|c| (c.reprob, c.remode, c.color_jitter) = (1.0, EraseMode::Const, vec![0.4]));
    let erased = |config: &AugmentConfig| -> Vec<usize> {
        values(config, 5).iter().enumerate().filter(|(_, value)| **value == 0.0).map(|(at, _)| at).collect()
    };
    assert_eq!(erased(&both), erased(&step(&|c| (c.reprob, c.remode) = (1.0, EraseMode::Const))));
}

#[test]
fn every_shift_is_reached() {
    let transform = Transform { resize: Resize::None, mean: vec![0.0], std: vec![1.0 / 255.0], ..Transform::simple([3, 3], 1) };
    let moved = AugmentConfig { hflip: 0.5, pad_pixels: 1, ..AugmentConfig::default() }.preprocess(transform).unwrap();
    let image = Image::new(3, 3, 1, (1..=9).collect()).unwrap();
    let run = |seed| -> Vec<u8> {
        let mut values = vec![];
        assert_eq!(moved.apply(&image, seed, &mut values).unwrap(), [1, 3, 3]);
        values.iter().map(|value| value.round() as u8).collect()
    };
    let seen: std::collections::HashSet<Vec<u8>> = (0..600).map(run).collect();
    assert_eq!(seen.len(), 3 * 3 * 2);
    assert!(seen.contains(&vec![0, 0, 0, 0, 1, 2, 0, 4, 5]));
}

#[test]
fn flips_have_their_probability() {
    let config = AugmentConfig { hflip: 0.25, ..AugmentConfig::default() };
    let plain = values(&AugmentConfig::default(), 0);
    let flipped = (0..2000).filter(|&seed| values(&config, seed)[0] != plain[0]).count();
    assert!(flipped.abs_diff(500) < 80, "{flipped}");
}

#[test]
fn reads_what_it_writes_and_timms_forms() {
    let text = r#"{ "auto_augment": "rand-m9-mstd0.5-inc1", "color_jitter": 0.3, "remode": "const", "mixup_mode": "elem", "mixup": 0.8 }"#;
    let config: AugmentConfig = serde_json::from_str(text).unwrap();
    assert_eq!((config.color_jitter.as_slice(), config.remode, config.mixup_mode), (&[0.3][..], EraseMode::Const, MixupMode::Elem));
    assert!(config.mixup().is_some() && AugmentConfig::default().mixup().is_none());
    let again: AugmentConfig = serde_json::from_str(&serde_json::to_string(&config).unwrap()).unwrap();
    assert_eq!(again, config);
    let error = serde_json::from_str::<AugmentConfig>(r#"{ "auto_augment": "rand-m9-x3" }"#).unwrap_err().to_string();
    assert!(error.starts_with("`rand-m9-x3` is no augmentation policy: no section is called `x`"), "{error}");
    assert!(serde_json::from_str::<AugmentConfig>(r#"{ "hflop": 1 }"#).is_err());
}

#[test]
fn says_which_key_is_wrong() {
    let message = |config: AugmentConfig| config.check().unwrap_err().to_string();
    let usual = AugmentConfig::default;
    assert_eq!(message(AugmentConfig { hflip: 1.5, ..usual() }), "`hflip` holds 1.5, which is not a usable number");
    for (key, config) in [
        ("vflip", AugmentConfig { vflip: f64::NAN, ..usual() }),
        ("scale", AugmentConfig { scale: Some([0.1, 2.0]), ..usual() }),
        ("ratio", AugmentConfig { ratio: [2.0, 1.0], ..usual() }),
        ("pad_pixels", AugmentConfig { pad_pixels: 1 << 40, ..usual() }),
        ("ra_magnitude", AugmentConfig { ra_magnitude: 31, ..usual() }),
        ("augmix_severity", AugmentConfig { augmix_severity: 0, ..usual() }),
        ("color_jitter", AugmentConfig { color_jitter: vec![-1.0], ..usual() }),
        ("grayscale_prob", AugmentConfig { grayscale_prob: -0.1, ..usual() }),
        ("reprob", AugmentConfig { reprob: 2.0, ..usual() }),
        ("recount", AugmentConfig { recount: 0, ..usual() }),
        ("mixup", AugmentConfig { mixup: -1.0, ..usual() }),
        ("mixup_switch_prob", AugmentConfig { mixup_switch_prob: 2.0, ..usual() }),
    ] {
        assert!(message(config).starts_with(&format!("`{key}` ")), "{key}");
    }
}
