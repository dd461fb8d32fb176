#![allow(clippy::unwrap_used)]
//! Every step of thirty epochs against timm's, PyTorch's and torchvision's; see `tests/fixtures/generate.py`.
use std::collections::BTreeMap;

use super::*;

const EPOCHS: usize = 30;
const STEPS: usize = 4;

fn fixtures() -> BTreeMap<String, Vec<f64>> {
    serde_json::from_str(include_str!("../../tests/fixtures/schedules.json")).unwrap()
}

/// Of thirty epochs of four steps; a rate for each epoch.
fn epochs(kind: ScheduleKind) -> Schedule {
    let base = Schedule { kind, lr: 0.4, warmup_lr: 0.01, min_lr: 0.002, unit: STEPS, length: 30.0, ..Schedule::default() };
    Schedule { warmup_prefix: false, ..base }
}

/// A rate for each step: the lengths of `epochs`, in steps.
fn steps(of: Schedule) -> Schedule {
    let s = STEPS as f64;
    Schedule { unit: 1, warmup: of.warmup * STEPS, length: of.length * s, decay_every: of.decay_every * s, ..of }
}

#[test]
fn each_step_is_timms() {
    use ScheduleKind::*;
    let cosine = epochs(Cosine);
    let cases = [
        ("cosine", Schedule { warmup: 5, ..cosine.clone() }),
        ("cosine_steps", steps(Schedule { warmup: 5, ..cosine.clone() })),
        ("cosine_prefix", steps(Schedule { warmup: 5, length: 25.0, warmup_prefix: true, ..cosine.clone() })),
        ("cosine_restarts", Schedule { warmup: 3, length: 9.0, warmup_prefix: true, cycle_limit: 3, cycle_decay: 0.5, ..cosine.clone() }),
        ("cosine_growing", steps(Schedule { length: 4.0, cycle_mul: 2.0, cycle_limit: 3, cycle_decay: 0.5, ..cosine.clone() })),
        ("cosine_k", Schedule { length: 28.0, warmup: 2, k_decay: 1.5, ..cosine }),
        ("step", Schedule { decay_every: 2.4, decay_rate: 0.9, warmup: 3, warmup_prefix: true, ..epochs(Step) }),
        ("step_steps", steps(Schedule { decay_every: 7.0, decay_rate: 0.1, ..epochs(Step) })),
        ("poly", Schedule { decay_rate: 2.0, warmup: 4, ..epochs(Poly) }),
        ("poly_restarts", steps(Schedule { length: 15.0, decay_rate: 0.9, cycle_limit: 2, cycle_decay: 0.3, ..epochs(Poly) })),
        ("constant", Schedule { warmup: 6, ..epochs(Constant) }),
        ("torch_multistep", Schedule { milestones: vec![3, 11, 20], decay_rate: 0.2, ..epochs(MultiStep) }),
        ("torch_exponential", Schedule { decay_rate: 0.97, ..epochs(Exponential) }),
        ("torch_poly", steps(Schedule { decay_rate: 1.7, min_lr: 0.0, ..epochs(Poly) })),
        ("torch_onecycle", one_cycle()),
        ("torchvision_step", Schedule { decay_every: 8.0, ..epochs(Step) }),
        ("torchvision_cosine", torchvision(Schedule { length: 25.0, min_lr: 0.0, ..epochs(Cosine) })),
        ("torchvision_exponential", torchvision(Schedule { decay_rate: 0.9, ..epochs(Exponential) })),
    ];
    for (name, schedule) in cases {
        let expected = &fixtures()[name];
        assert_eq!(expected.len(), EPOCHS * STEPS);
        for (step, expected) in expected.iter().enumerate() {
            let found = schedule.at(step);
            assert!((found - expected).abs() < 1e-8, "{name}, step {step}: {found} {expected}");
        }
    }
}

fn torchvision(of: Schedule) -> Schedule {
    Schedule { warmup: 5, warmup_lr: 0.04, warmup_prefix: true, ..of }
}

fn one_cycle() -> Schedule {
    Schedule { one_cycle: OneCycle { total_steps: EPOCHS * STEPS, ..OneCycle::default() }, ..epochs(ScheduleKind::OneCycle) }
}

#[test]
fn momentum_goes_the_other_way() {
    let schedule = one_cycle();
    for (step, expected) in fixtures()["torch_onecycle_momentum"].iter().enumerate() {
        let found = schedule.momentum(step).unwrap();
        assert!((found - expected).abs() < 1e-8, "{step}: {found} {expected}");
    }
    assert_eq!(epochs(ScheduleKind::Cosine).momentum(3), None);
}

/// As the run does it, with the state saved and read back after each epoch.
#[test]
fn the_plateau_is_timms() {
    let schedule = Schedule { warmup: 2, ..epochs(ScheduleKind::Plateau) };
    let mut plateau = Plateau::default();
    let fixtures = fixtures();
    for epoch in 0..EPOCHS {
        for (step, expected) in fixtures["plateau"].iter().enumerate().skip(epoch * STEPS).take(STEPS) {
            let found = plateau.rate(&schedule, step);
            assert!((found - expected).abs() < 1e-8, "{step}: {found} {expected}");
        }
        let rate = plateau.rate(&schedule, epoch * STEPS);
        if !schedule.warms_up((epoch + 1) * STEPS) {
            plateau.hear(fixtures["plateau_metric"][epoch], rate, 0.3, 2, 0, 0.002);
        }
        plateau = toml::from_str(&toml::to_string(&plateau).unwrap()).unwrap();
    }
}

#[test]
fn what_makes_no_sense_still_has_a_rate() {
    for kind in [ScheduleKind::Cosine, ScheduleKind::Poly, ScheduleKind::OneCycle] {
        for length in [0.0, 1.0] {
            let schedule = Schedule { length, cycle_mul: 0.5, cycle_limit: 3, unit: 0, ..epochs(kind) };
            assert!((0..5).all(|step| schedule.at(step).is_finite()), "{kind:?}");
        }
    }
}
