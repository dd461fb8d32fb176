#![allow(clippy::unwrap_used)]
use super::*;

fn batch(count: usize) -> Batch {
    Batch {
        images: (0..count * 2 * 8 * 10).map(|number| ((number * 7919) % 1009) as f32 / 100.0).collect(),
        shape: [count, 2, 8, 10],
        labels: (0..count).map(|number| number * 3 % 5).collect(),
        indices: (0..count).collect(),
        mix: None,
        skipped: vec![],
    }
}

fn mixup(mixup: f64, cutmix: f64, mode: MixupMode) -> Mixup {
    Mixup { mixup, cutmix, cutmix_minmax: None, prob: 1.0, switch_prob: 0.5, mode, off_epoch: 0 }
}

#[test]
fn a_blend_is_the_sum_of_both() {
    for mode in [MixupMode::Batch, MixupMode::Pair, MixupMode::Elem] {
        for count in [1, 2, 5, 6] {
            let before = batch(count);
            let mut after = before.clone();
            mixup(0.8, 0.0, mode).apply(&mut after, 3);
            let Some(mix) = &after.mix else {
                assert_eq!((count, &after), (1, &before));
                continue;
            };
            assert_eq!(mix.partners, before.labels.iter().rev().copied().collect::<Vec<_>>());
            for picture in 0..count {
                let own = mix.shares[picture];
                for value in 0..160 {
                    let (a, b) = (before.images[picture * 160 + value], before.images[(count - 1 - picture) * 160 + value]);
                    let found = after.images[picture * 160 + value];
                    assert!((found - (a * own + b * (1.0 - own))).abs() < 1e-5);
                }
            }
            let same = |a: usize, b: usize| mix.shares[a] == mix.shares[b];
            if count == 6 {
                assert_eq!((same(0, 5), same(0, 1)), (mode != MixupMode::Elem, mode == MixupMode::Batch));
            }
            if count == 5 {
                assert_eq!(mix.shares[2], 1.0);
            }
        }
    }
}

#[test]
fn a_box_is_exchanged_and_counted() {
    for mode in [MixupMode::Batch, MixupMode::Pair, MixupMode::Elem] {
        for seed in 0..50 {
            let before = batch(6);
            let mut after = before.clone();
            Mixup { cutmix_minmax: (seed % 2 == 1).then_some([0.2, 0.8]), ..mixup(0.0, 1.0, mode) }.apply(&mut after, seed);
            let Some(mix) = &after.mix else { continue };
            for picture in 0..6 {
                let changed = |plane: usize| {
                    let at = (picture * 2 + plane) * 80;
                    (0..80).filter(|value| after.images[at + value] != before.images[at + value]).count()
                };
                let share = 1.0 - changed(0) as f32 / 80.0;
                assert!((mix.shares[picture] - share).abs() < 1e-6, "{mode:?} {seed}");
                assert_eq!(changed(0), changed(1));
                let other = (5 - picture) * 160;
                let all = (0..160).all(|value| {
                    let found = after.images[picture * 160 + value];
                    found == before.images[picture * 160 + value] || found == before.images[other + value]
                });
                assert!(all);
            }
        }
    }
}

#[test]
fn boxes_are_timms() {
    // timm 1.0.31, `rand_bbox((1, 1, 8, 10), lam)` with the centre given: top, bottom, left, right.
    assert_eq!(box_of([8, 10], 0.5, [4, 5]), [2, 7, 2, 9]);
    assert_eq!(box_of([8, 10], 0.5, [0, 9]), [0, 3, 6, 10]);
    assert_eq!(box_of([8, 10], 0.99, [3, 3]), [3, 3, 3, 4]);
    assert_eq!(box_of([8, 10], 0.0, [4, 5]), [0, 8, 0, 10]);
    let mut rng = SplitMix64::new(1);
    for _ in 0..500 {
        let [top, bottom, left, right] = box_between([8, 10], [0.25, 0.75], &mut rng);
        assert!((2..6).contains(&(bottom - top)) && (2..7).contains(&(right - left)) && bottom <= 8 && right <= 10);
    }
}

#[test]
fn probabilities_are_kept() {
    let mut kinds = [0; 3];
    let both = Mixup { prob: 0.6, switch_prob: 0.25, ..mixup(0.2, 1.0, MixupMode::Batch) };
    let mut rng = SplitMix64::new(2);
    for _ in 0..10_000 {
        match both.draw([8, 10], &mut rng) {
            Step::Keep => kinds[0] += 1,
            Step::Blend(_) => kinds[1] += 1,
            Step::Paste(_) => kinds[2] += 1,
        }
    }
    let near = |found: usize, expected: usize| found.abs_diff(expected) < 200;
    assert!(near(kinds[0], 4000) && near(kinds[1], 4500) && near(kinds[2], 1500), "{kinds:?}");
}

#[test]
fn repeats_and_ends() {
    let mix = |seed| {
        let mut batch = batch(4);
        mixup(0.8, 1.0, MixupMode::Batch).apply(&mut batch, seed);
        batch
    };
    assert_eq!(mix(1), mix(1));
    assert_ne!(mix(1), mix(2));
    let ends = Mixup { off_epoch: 3, ..mixup(0.8, 0.0, MixupMode::Batch) };
    assert_eq!([0, 2, 3, 9].map(|epoch| ends.is_on(epoch)), [true, true, false, false]);
    assert!(!mixup(0.0, 0.0, MixupMode::Batch).is_on(0));
    assert!(Mixup { cutmix_minmax: Some([0.5, 0.2]), ..ends.clone() }.check().is_err());
    assert!(Mixup { prob: f64::NAN, ..ends }.check().is_err());
}
