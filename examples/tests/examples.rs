//! What the examples print, held to numbers that follow from papers, definitions and chance.
#![allow(clippy::unwrap_used, missing_docs)]

use std::error::Error;

use burn::tensor::Device;
use zoo_backend::Backend;

fn flex() -> Device {
    Backend::Flex.open(None).unwrap()
}

fn printed(run: impl FnOnce(&mut Vec<u8>) -> Result<(), Box<dyn Error>>) -> String {
    let mut out = vec![];
    run(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The numbers of the line that begins with `start`, without those in `start` itself.
fn numbers(text: &str, start: &str) -> Vec<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(start)).unwrap_or_else(|| unreachable!("no line `{start}` in\n{text}"));
    let words = line.split(|c: char| !(c.is_ascii_alphanumeric() || ".-".contains(c)));
    words.filter_map(|word| word.parse().ok()).collect()
}

#[test]
fn single_model() {
    let text = printed(|out| zoo_examples::single_model::run(&flex(), out));
    // torchvision's vgg11_bn has 132,868,840 for a thousand classes; each class has 4,096 weights and a bias.
    assert_eq!(numbers(&text, "vgg11_bn for 10 classes:"), [132_868_840.0 - 990.0 * 4097.0]);
    let logits: Vec<Vec<f64>> = text.lines().skip(2).map(|line| numbers(line, "")).collect();
    assert_eq!(logits.iter().map(Vec::len).collect::<Vec<_>>(), [10; 4]);
    assert!(logits.windows(2).all(|rows| rows[0] != rows[1]), "{text}");
    assert!(logits.iter().flatten().all(|logit| logit.abs() < 10.0), "{text}");
}

#[test]
fn feature_extraction() {
    let text = printed(|out| zoo_examples::feature_extraction::run(&flex(), out));
    assert!(text.contains("china.jpg: 427x640 pixels become [3, 224, 224]"), "{text}");
    // Krizhevsky 2014: channels, reduction, then the map of both pictures.
    let stages = [("features.1", [64, 4, 55]), ("features.4", [192, 8, 27]), ("features.11", [256, 16, 13]), ("features.12", [256, 32, 6])];
    for (name, [channels, reduction, side]) in stages {
        let row = numbers(&text, &format!("{name} "));
        assert_eq!(row[..6], [channels, reduction, 2, channels, side, side].map(f64::from), "{text}");
        assert!(row[6] > 0.0 && row[7] > 0.0 && row[6] != row[7], "after ReLU, and not the same for both: {text}");
    }
    let [vectors, length, cosine] = numbers(text.lines().last().unwrap(), "")[..] else { unreachable!("{text}") };
    assert!(vectors == 2.0 && length == 4096.0 && (0.0..1.0).contains(&cosine), "{text}");
}

#[test]
fn finetune_head() {
    let text = printed(|out| zoo_examples::finetune_head::run(&flex(), out));
    let first = numbers(&text, "lenet5_tanh trained on the digits 0 to 4:")[0];
    let untrained = numbers(&text, "a fresh head for the digits 5 to 9, untrained:")[0];
    let [head, all, trained] = numbers(&text, "after")[..] else { unreachable!("{text}") };
    assert!(first > 90.0, "{text}");
    assert!(untrained < 60.0, "{text}");
    // Eight seeds: 82.8 % to 91.8 %. The tests share one stream of random numbers, so this one has no seed of its own.
    assert!(trained > 70.0, "{text}");
    // The head alone: 84 features and a bias for five classes. The rest: 5x5 convolutions, then 64 -> 120 -> 84.
    assert_eq!(head, 85.0 * 5.0);
    assert_eq!(all, 26.0 * 6.0 + (6.0 * 25.0 + 1.0) * 16.0 + 65.0 * 120.0 + 121.0 * 84.0 + head);
}

#[test]
fn two_backends() {
    let text = printed(|out| zoo_examples::two_backends::run(Backend::Flex, Backend::Flex, out));
    let [largest, difference] = numbers(&text, "largest logit")[..] else { unreachable!("{text}") };
    assert!(largest > 1e-3 && difference == 0.0, "{text}");
    #[cfg(feature = "ndarray")]
    {
        let text = printed(|out| zoo_examples::two_backends::run(Backend::Flex, Backend::NdArray, out));
        let [largest, difference] = numbers(&text, "largest logit")[..] else { unreachable!("{text}") };
        assert!(difference < 1e-4 * largest, "{text}");
    }
}

#[test]
fn custom_network() {
    let text = printed(|out| zoo_examples::custom_network::run(&flex(), out));
    // By hand. 5x5 step 2: 64 -> 32. Two more pixels 2 apart, the pool one more: 5, 9, 11, at a step of 4. Dilation 2: + 4 * 4.
    let rows = [
        ("features.0 ", [16, 32, 32, 5 * 5 * 3 * 16 + 16, 5, 5]),
        ("features.3 ", [32, 32, 32, 9 * 16 * 32 + 32, 9, 9]),
        ("features.6 ", [32, 16, 16, 0, 11, 11]),
        ("features.7 ", [32, 16, 16, 9 * 32 + 32, 27, 27]),
    ];
    for (name, row) in rows {
        assert_eq!(numbers(&text.replace('x', " "), name), row.map(f64::from), "{name}{text}");
    }
    let params = 1216 + 32 + 4640 + 64 + 320 + (33 * 64) + (65 * 7);
    assert!(text.contains(&format!("\n{params} parameters")), "{text}");
}

#[test]
fn augmentations() {
    let png = zoo_examples::augmentations::draw().unwrap();
    assert!(png.starts_with(b"\x89PNG") && png.len() < 600_000, "{} bytes", png.len());
}
