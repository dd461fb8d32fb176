//! Round numbers for an axis.

/// Round numbers (1, 2 or 5 times a power of ten apart) from at most `low` to at least `high`, about `wanted` of them.
/// Where both are the same, a range around them.
pub(crate) fn ticks(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let (low, high) = if low.is_finite() && high.is_finite() && low <= high { (low, high) } else { (0.0, 1.0) };
    let (low, high) = if low == high { (low - spread(low), high + spread(high)) } else { (low, high) };
    let rough = (high - low) / wanted.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|n| n * power).find(|step| *step >= rough * 0.999).unwrap_or(power * 10.0);
    // A hair's breadth, so that 0.3 / 0.1 is not a step short.
    let (first, last) = ((low / step + 1e-9).floor() as i64, (high / step - 1e-9).ceil() as i64);
    (first..=last).map(|n| n as f64 * step).collect()
}

fn spread(value: f64) -> f64 {
    if value == 0.0 { 1.0 } else { value.abs() * 0.1 }
}

/// As [`ticks`], whole numbers only.
pub(crate) fn whole_ticks(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let mut found = ticks(low, high.max(low + 1.0), wanted);
    found.retain(|tick| tick.fract() == 0.0 && *tick >= low.floor() && *tick <= high.ceil());
    found
}

/// A tick as text, with as many places as the distance between ticks asks for.
pub(crate) fn label(value: f64, step: f64) -> String {
    let value = if value.abs() < step * 1e-9 { 0.0 } else { value };
    if value == 0.0 && step < 1e-3 {
        return "0".to_owned();
    }
    if value != 0.0 && (step < 1e-3 || value.abs() >= 1e6) {
        let text = format!("{value:.1e}");
        return text.replace(".0e", "e");
    }
    let places = (-step.log10()).ceil().clamp(0.0, 6.0) as usize;
    format!("{value:.places$}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn axes_by_hand() {
        assert_eq!(ticks(0.0, 100.0, 5), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(ticks(0.03, 0.29, 5).iter().map(|t| label(*t, 0.1)).collect::<Vec<_>>(), ["0.0", "0.1", "0.2", "0.3"]);
        assert_eq!(whole_ticks(0.0, 3.0, 6), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(whole_ticks(0.0, 39.0, 5), [0.0, 10.0, 20.0, 30.0]);
        assert_eq!(whole_ticks(7.0, 7.0, 5), [7.0]);
        assert_eq!([label(2e-4, 1e-4), label(0.0, 1e-4), label(0.25, 0.05), label(1200.0, 200.0)], ["2e-4", "0", "0.25", "1200"]);
    }

    proptest! {
        #[test]
        fn ticks_enclose_the_range_and_are_few(low in -1e9f64..1e9, length in 1e-6f64..1e9, wanted in 2usize..10) {
            let found = ticks(low, low + length, wanted);
            prop_assert!(found.len() >= 2 && found.len() <= wanted + 3, "{found:?}");
            let slack = (found[1] - found[0]) * 1e-6;
            prop_assert!(found[0] <= low + slack && found[found.len() - 1] >= low + length - slack, "{found:?}");
            prop_assert!(found.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }
}
