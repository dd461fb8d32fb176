//! Position embeddings for another picture size.

/// The cubic convolution kernel (Keys 1981) with PyTorch's a = -0.75: weights of the four neighbours of a place that lies
/// `t` of the way from the second to the third.
fn cubic(t: f64) -> [f64; 4] {
    const A: f64 = -0.75;
    let near = |d: f64| ((A + 2.0) * d - (A + 3.0)) * d * d + 1.0;
    let far = |d: f64| ((A * d - 5.0 * A) * d + 8.0 * A) * d - 4.0 * A;
    [far(1.0 + t), near(t), near(1.0 - t), far(2.0 - t)]
}

/// For each of `to` places along an axis of `from` values, the four values it is made of and their weights. The corners lie
/// on the corners (`align_corners=True`), and what is outside repeats the border.
fn taps(from: usize, to: usize) -> Vec<[(usize, f64); 4]> {
    let step = if to > 1 { (from - 1) as f64 / (to - 1) as f64 } else { 0.0 };
    let clamped = |index: isize| index.clamp(0, from as isize - 1) as usize;
    let place = |i: usize| {
        let x = i as f64 * step;
        let weights = cubic(x.fract());
        [0, 1, 2, 3].map(|k| (clamped(x as isize + k as isize - 1), weights[k]))
    };
    (0..to).map(place).collect()
}

/// Embeddings `[1, 1 + to[0] * to[1], channels]` from those `[1, 1 + n * n, channels]` of a square grid, bicubically as
/// torchvision's `interpolate_embeddings` makes them: the class token's stays. `None` where the grid is not a square.
pub fn interpolate(values: &[f32], channels: usize, to: [usize; 2]) -> Option<Vec<f32>> {
    let (class, grid) = values.split_at_checked(channels)?;
    let side = (grid.len() / channels.max(1)).isqrt();
    if side == 0 || side * side * channels != grid.len() {
        return None;
    }
    let mut out = class.to_vec();
    let [rows, columns] = to.map(|to| taps(side, to));
    for row in &rows {
        for column in &columns {
            out.extend((0..channels).map(|channel| {
                let at = |y: usize, x: usize| f64::from(grid[(y * side + x) * channels + channel]);
                let along = |y: usize| column.iter().map(|&(x, weight)| weight * at(y, x)).sum::<f64>();
                row.iter().map(|&(y, weight)| weight * along(y)).sum::<f64>() as f32
            }));
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// `torch.nn.functional.interpolate(mode="bicubic", align_corners=True)`, the class token before it.
    const SMALLER: &[f32] = &[0.0, 0.7, 0.5, 1.7, 2.2, 2.1, 1.5, 1.1, 1.4, 2.0];
    const LARGER: &[f32] = &[
        0.0, 0.7, 0.5, 1.7, 1.23125, 1.48438, 2.0, 1.4, 2.24063, 1.72188, 2.2, 2.1, 0.86667, 1.60741, 0.94925, 1.70278, 1.19259, 1.70926,
        1.65185, 1.48177, 2.05, 1.23519, 1.29259, 1.35185, 1.21944, 1.78131, 1.23518, 2.05, 1.46684, 1.68675, 1.70926, 1.19259, 1.5, 1.1,
        1.86563, 1.66875, 2.1, 2.2, 1.80625, 2.20312, 1.4, 2.0,
    ];

    #[test]
    fn values_are_pytorchs() {
        let file: Vec<f32> = (0..20).map(|i| ((i * i * 7) % 23) as f32 / 10.0).collect();
        for (to, want) in [([2, 2], SMALLER), ([4, 5], LARGER)] {
            let got = interpolate(&file, 2, to).unwrap();
            assert_eq!(got.len(), want.len());
            assert!(got.iter().zip(want).all(|(a, b)| (a - b).abs() < 2e-5), "{got:?}");
        }
        assert_eq!(interpolate(&file, 2, [3, 3]).unwrap(), file);
    }

    #[test]
    fn a_grid_that_is_no_square_is_refused() {
        assert_eq!(interpolate(&[0.0; 14], 2, [2, 2]), None);
        assert_eq!(interpolate(&[0.0; 2], 2, [2, 2]), None);
    }
}
