//! Changes in which a value's new value depends on that value alone, given the whole picture's statistics.

use crate::planar::Planar;

use super::Operation;
use super::color::{blend, luma};

type Table = [u8; 256];

/// Changes each channel by its table. Operations that have none change nothing.
pub(super) fn apply(operation: Operation, picture: &mut Planar) {
    let area = picture.area();
    // Of the whole picture, so before any channel is changed.
    let mean = if let Operation::Contrast(_) = operation { mean_luma(picture) } else { 0 };
    for plane in picture.values.chunks_exact_mut(area) {
        let table = table(operation, mean, plane);
        plane.iter_mut().for_each(|value| *value = table[usize::from(*value)]);
    }
}

fn table(operation: Operation, mean: u8, plane: &[u8]) -> Table {
    match operation {
        Operation::AutoContrast => stretched(&histogram(plane)),
        Operation::Equalize => equalized(&histogram(plane)),
        Operation::Invert => each(|value| 255 - value),
        Operation::Brightness(factor) => each(|value| blend(0, value, factor as f32)),
        Operation::Contrast(factor) => each(|value| blend(mean, value, factor as f32)),
        Operation::Posterize(bits) => {
            let mask = (0xFF00u32 >> bits.min(8)) as u8;
            each(|value| value & mask)
        }
        Operation::Solarize(threshold) => each(|value| if f64::from(value) < threshold { value } else { 255 - value }),
        Operation::SolarizeAdd(amount) => each(|value| if value < 128 { value.saturating_add(amount) } else { value }),
        _ => each(|value| value),
    }
}

fn each(change: impl Fn(u8) -> u8) -> Table {
    std::array::from_fn(|value| change(value as u8))
}

/// Several counters, so that equal neighbours need not wait for each other.
fn histogram(plane: &[u8]) -> [u32; 256] {
    let mut counts = [[0u32; 256]; 4];
    let (fours, rest) = plane.as_chunks::<4>();
    for four in fours {
        counts.iter_mut().zip(four).for_each(|(counts, &value)| counts[usize::from(value)] += 1);
    }
    rest.iter().for_each(|&value| counts[0][usize::from(value)] += 1);
    std::array::from_fn(|value| counts.iter().map(|counts| counts[value]).sum())
}

/// Pillow's `ImageOps.autocontrast` without a cut-off.
fn stretched(counts: &[u32; 256]) -> Table {
    let low = counts.iter().position(|&count| count > 0).unwrap_or(0);
    let high = counts.iter().rposition(|&count| count > 0).unwrap_or(0);
    if high <= low {
        return each(|value| value);
    }
    let scale = 255.0 / (high - low) as f64;
    let offset = -(low as f64) * scale;
    each(|value| (f64::from(value) * scale + offset) as u8)
}

/// Pillow's `ImageOps.equalize`.
fn equalized(counts: &[u32; 256]) -> Table {
    let last = counts.iter().rfind(|&&count| count > 0).copied().unwrap_or(0);
    let step = (counts.iter().sum::<u32>() - last) / 255;
    if step == 0 {
        return each(|value| value);
    }
    let mut sum = step / 2;
    std::array::from_fn(|value| {
        let level = (sum / step).min(255) as u8;
        sum += counts[value];
        level
    })
}

fn mean_luma(picture: &Planar) -> u8 {
    let total: u64 = luma(picture).iter().map(|&value| u64::from(value)).sum();
    (total as f64 / picture.area() as f64 + 0.5) as u8
}
