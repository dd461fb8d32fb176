#![allow(clippy::unwrap_used)]
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use serde::Deserialize;

use super::timm::{Levels, Posterize};
use super::*;

#[derive(Deserialize)]
struct Magnitudes {
    torchvision: BTreeMap<String, BTreeMap<String, Vec<f32>>>,
    timm: BTreeMap<String, Vec<f64>>,
}

fn magnitudes() -> Magnitudes {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/augment/magnitudes.json");
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

fn kind(name: &str) -> Kind {
    let kinds = [
        Kind::Identity,
        Kind::AutoContrast,
        Kind::Equalize,
        Kind::Invert,
        Kind::Rotate,
        Kind::Posterize,
        Kind::Solarize,
        Kind::SolarizeAdd,
        Kind::Color,
        Kind::Contrast,
        Kind::Brightness,
        Kind::Sharpness,
        Kind::ShearX,
        Kind::ShearY,
        Kind::TranslateX,
        Kind::TranslateY,
        Kind::Desaturate,
        Kind::Blur,
    ];
    kinds.into_iter().find(|kind| format!("{kind:?}") == name).unwrap_or(Kind::Identity)
}

#[test]
fn magnitudes_are_torchvisions() {
    for (policy, space, kinds) in [
        ("ra", Space::AUTO, Some(space::RAND)),
        ("ta_wide", Space::WIDE, Some(space::RAND)),
        ("imagenet", Space::AUTO, None),
        ("augmix", Space::AUGMIX, Some(space::AUGMIX)),
    ] {
        let expected = &magnitudes().torchvision[policy];
        for (name, values) in expected {
            for (bin, value) in values.iter().enumerate() {
                let found = space.magnitude(kind(name), [bin, values.len().max(2)], [224, 200]);
                assert_eq!(found, *value, "{policy} {name} {bin}");
            }
        }
        let names: HashSet<String> = kinds.unwrap_or(&[]).iter().map(|kind| format!("{kind:?}")).collect();
        assert!(kinds.is_none() || names == expected.keys().cloned().collect());
    }
}

#[test]
fn parameters_are_timms() {
    for (name, values) in magnitudes().timm {
        let increasing = name.ends_with("Increasing");
        let posterize = match name.as_str() {
            "PosterizeOriginal" => Posterize::Original,
            "PosterizeIncreasing" => Posterize::Increasing,
            _ => Posterize::Tpu,
        };
        let levels = Levels { posterize, increasing, ..Levels::default() };
        let base = ["Increasing", "Original", "Rel"].iter().fold(name.as_str(), |name, end| name.strip_suffix(end).unwrap_or(name));
        let kind = kind(if base == "GaussianBlur" { "Blur" } else { base });
        for (half, value) in values.iter().enumerate() {
            let found = match levels.operation(kind, half as f64 / 2.0, true, [100, 100]).unwrap() {
                Operation::Rotate(x) | Operation::ShearX(x) | Operation::ShearY(x) | Operation::Solarize(x) | Operation::BoxBlur(x) => x,
                Operation::Brightness(x) | Operation::Contrast(x) | Operation::Sharpness(x) => x,
                // timm has the opposite number for its desaturation, and shares of the side that move to the left.
                Operation::Saturation(x) => {
                    if kind == Kind::Desaturate {
                        1.0 - x
                    } else {
                        x
                    }
                }
                Operation::TranslateX(x) | Operation::TranslateY(x) => -x / 100.0,
                Operation::Posterize(bits) => f64::from(bits),
                Operation::SolarizeAdd(amount) => f64::from(amount),
                other => unreachable!("{other:?}"),
            };
            assert!((found - value).abs() < 1e-12, "{name} at {half}/2: {found}, timm has {value}");
        }
    }
}

fn policy(name: &str) -> AutoAugment {
    name.parse().unwrap()
}

fn chain(name: &str, seed: u64) -> Vec<Operation> {
    match policy(name).draw([224, 224], &PolicyOptions::default(), &mut SplitMix64::new(seed)) {
        Drawn::Chain(operations) => operations,
        Drawn::Mixture(mixture) => mixture.chains.into_iter().flat_map(|chain| chain.operations).collect(),
    }
}

fn name_of(operation: &Operation) -> String {
    format!("{operation:?}").split(['(', ' ']).next().unwrap().to_owned()
}

/// How often each operation comes in so many draws.
fn counts(name: &str, draws: u64) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for seed in 0..draws {
        chain(name, seed).iter().for_each(|operation| *counts.entry(name_of(operation)).or_default() += 1);
    }
    counts
}

#[test]
fn ra_has_two_of_fourteen() {
    let counts = counts("ra", 14_000);
    assert_eq!(counts.len(), 13);
    assert!(counts.values().all(|count| count.abs_diff(2000) < 220), "{counts:?}");
    let signs = (0..4000).flat_map(|seed| chain("ra", seed)).filter_map(|operation| match operation {
        Operation::Rotate(degrees) => Some(degrees),
        _ => None,
    });
    let signs: Vec<f64> = signs.collect();
    assert!(signs.iter().all(|degrees| degrees.abs() == 9.0));
    assert!(signs.iter().filter(|degrees| **degrees > 0.0).count().abs_diff(signs.len() / 2) < 60);
}

#[test]
fn ta_wide_has_one_of_any_strength() {
    let rotations: HashSet<u64> = (0..20_000)
        .flat_map(|seed| {
            let operations = chain("ta_wide", seed);
            assert!(operations.len() <= 1);
            operations
        })
        .filter_map(|operation| match operation {
            Operation::Rotate(degrees) => Some(degrees.to_bits()),
            _ => None,
        })
        .collect();
    // 30 to either side, and two zeros.
    assert_eq!(rotations.len(), 62);
}

#[test]
fn imagenet_has_its_pairs() {
    let counts = counts("imagenet", 20_000);
    // The probabilities of its 25 pairs, added up: equalize 0.8 + 0.6 + 0.4...
    let of = |wanted: Kind| table::IMAGENET.iter().flatten().filter(|(kind, ..)| *kind == wanted).map(|(_, p, _)| p).sum::<f64>();
    for (name, kind) in [
        ("Equalize", Kind::Equalize),
        ("Rotate", Kind::Rotate),
        ("Invert", Kind::Invert),
        ("Posterize", Kind::Posterize),
        ("ShearX", Kind::ShearX),
    ] {
        let expected = of(kind) / 25.0 * 20_000.0;
        assert!((counts[name] as f64 - expected).abs() < 5.0 * expected.sqrt(), "{name}: {} for {expected}", counts[name]);
    }
    assert!(!counts.contains_key("ShearY"));
}

#[test]
fn rand_varies_its_strength() {
    let counts = counts("rand-m9-mstd0.5-inc1", 15_000);
    // Two of fifteen, each with probability 0.5.
    assert_eq!(counts.len(), 15);
    assert!(counts.values().all(|count| count.abs_diff(1000) < 160), "{counts:?}");
    let mut angles: Vec<f64> = vec![];
    for seed in 0..20_000 {
        angles.extend(chain("rand-m9-mstd0.5-inc1", seed).iter().filter_map(|operation| match operation {
            Operation::Rotate(degrees) => Some(degrees.abs()),
            _ => None,
        }));
    }
    let mean = angles.iter().sum::<f64>() / angles.len() as f64;
    assert!(angles.iter().all(|degrees| *degrees <= 30.0) && (mean - 27.0).abs() < 0.3, "{mean}");
    let uniform: Vec<f64> = (0..4000)
        .flat_map(|seed| chain("rand-m8-mstd101-p1-n1", seed))
        .filter_map(|operation| if let Operation::Rotate(degrees) = operation { Some(degrees.abs()) } else { None })
        .collect();
    let mean = uniform.iter().sum::<f64>() / uniform.len() as f64;
    assert!((mean - 12.0).abs() < 1.5, "{mean}");
}

#[test]
fn weighted_choices_come_once_and_by_weight() {
    let mut rotated = 0;
    for seed in 0..4000 {
        let operations = chain("rand-n15-p1-tweights", seed);
        let names: HashSet<String> = operations.iter().map(name_of).collect();
        assert_eq!((operations.len(), names.len()), (15, 15));
        rotated += u32::from(name_of(&operations[0]) == "Rotate");
    }
    // 3 of 10.1.
    assert!(rotated.abs_diff(1188) < 150, "{rotated}");
    assert_eq!(counts("rand-p1-t3a", 100).len(), 3);
}

#[test]
fn three_and_augmix_have_theirs() {
    let counts = counts("3a", 3000);
    assert_eq!(counts.keys().collect::<Vec<_>>(), ["BoxBlur", "Saturation", "Solarize"]);
    assert!(counts.values().all(|count| count.abs_diff(1000) < 120));
    assert!((0..200).flat_map(|seed| chain("3a", seed)).all(|operation| match operation {
        Operation::Solarize(threshold) => threshold == 128.0,
        Operation::Saturation(factor) => factor == 0.0,
        Operation::BoxBlur(radius) => (0.1..2.0).contains(&radius),
        _ => false,
    }));
    for name in ["augmix", "augmix-m5-w4-d2"] {
        let drawn = policy(name).draw([32, 32], &PolicyOptions::default(), &mut SplitMix64::new(3));
        let Drawn::Mixture(mixture) = drawn else { unreachable!() };
        let own = match mixture.rounding {
            augmix::Rounding::Once { own } => own,
            augmix::Rounding::Twice { .. } => 0.0,
        };
        let total: f32 = mixture.chains.iter().map(|chain| chain.share).sum();
        assert!((own + total - 1.0).abs() < 1e-6);
        assert_eq!(mixture.chains.len(), if name == "augmix" { 3 } else { 4 });
        assert!(mixture.chains.iter().all(|chain| (1..=3).contains(&chain.operations.len())));
    }
}

#[test]
fn a_mixture_is_its_sum() {
    let chains = vec![
        augmix::Chain { share: 0.25, operations: vec![Operation::Invert] },
        augmix::Chain { share: 0.5, operations: vec![Operation::Posterize(1), Operation::Invert] },
    ];
    let run = |rounding| {
        let mut picture = Planar { channels: 1, height: 1, width: 2, values: vec![10, 201] };
        Mixture { chains: chains.clone(), rounding }.run(&mut picture, &Canvas::default());
        picture.values
    };
    // 0.25 * 10 + 0.25 * 245 + 0.5 * 255 = 191.25; 0.25 * 201 + 0.25 * 54 + 0.5 * 127 = 127.25.
    assert_eq!(run(augmix::Rounding::Once { own: 0.25 }), [191, 127]);
    // 188 (188.75), 77 (77.0), blended by 0.5: 99, 139.
    assert_eq!(run(augmix::Rounding::Twice { mixed: 0.5 }), [99, 139]);
}

#[test]
fn names_are_kept_and_wrong_ones_explained() {
    for name in ["imagenet", "ra", "ta_wide", "augmix", "3a", "v0r-mstd0.5", "rand-m7-n3-mstd0.5-mmax20-inc1-tweights", "augmix-m3-w2-a0.5"]
    {
        assert_eq!(policy(name).to_string(), name);
    }
    let reason = |name: &str| name.parse::<AutoAugment>().unwrap_err().to_string();
    assert!(reason("imagnet").starts_with("`imagnet` is no augmentation policy: known are imagenet, "));
    assert!(reason("ra-m9").ends_with("`ra` has no sections such as `m9`"));
    assert!(reason("rand-m9.5").contains("`m` must be a whole number"));
    assert!(reason("rand-p2").contains("probability"));
    assert!(reason("rand-n16-tweights").contains("at most 15"));
    assert!(reason("rand-tbest").contains("tweights"));
    assert!(reason("rand-inc").contains("no letters and a number"));
    assert!(reason("augmix-q3").contains("m, w, d, a, mstd"));
    assert!(reason("").contains("known are"));
}

#[test]
fn changes_follow_from_the_seed() {
    let image = Image::new(9, 8, 3, (0..216).collect()).unwrap();
    for name in ["imagenet", "cifar10", "svhn", "ra", "ta_wide", "augmix", "3a", "rand-m9-mstd0.5-inc1", "augmix-m3-w3", "v0"] {
        let change = |seed| policy(name).apply(&image, &PolicyOptions::default(), &Canvas::default(), seed);
        assert_eq!(change(4), change(4));
        assert!((0..40).any(|seed| change(seed) != image), "{name}");
    }
}
