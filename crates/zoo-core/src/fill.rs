//! Weights by rule, so that a numeric reference needs no weight file: any language repeats them bit for bit from a
//! salt, the parameter's name and its shape. The references in `tests/fixtures/parity` are made with the same rule.

use crate::{fnv1a, splitmix64};

/// `n` numbers in `[0, 1)`, exact in f32: the upper 24 bits of `splitmix64(fnv1a("salt/key") + i)`.
pub fn fill_uniform(salt: &str, key: &str, n: usize) -> impl Iterator<Item = f64> {
    let start = fnv1a(&format!("{salt}/{key}"));
    (0..n as u64).map(move |i| (splitmix64(start.wrapping_add(i)) >> 40) as f64 / f64::from(1u32 << 24))
}

/// The values of the parameter or buffer `key` of PyTorch's `shape`, in its (row-major) order.
pub fn fill(salt: &str, key: &str, shape: &[usize]) -> Vec<f32> {
    let n = shape.iter().product();
    let bound = (6.0 / shape.iter().skip(1).product::<usize>() as f64).sqrt();
    let positive = key.ends_with("running_var") || (shape.len() == 1 && key.ends_with("weight"));
    fill_uniform(salt, key, n)
        .map(|u| {
            if positive {
                0.75 + 0.5 * u
            } else if shape.len() >= 2 {
                (2.0 * u - 1.0) * bound
            } else {
                0.1 * (2.0 * u - 1.0)
            }
        })
        .map(|v| v as f32)
        .collect()
}

/// An input in `[-1, 1)`, `[batch, channels, height, width]`.
pub fn fill_input(salt: &str, shape: [usize; 4]) -> Vec<f32> {
    fill_uniform(salt, "input", shape.iter().product()).map(|u| (2.0 * u - 1.0) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_the_python_rule() {
        // From the rule in Python: uniform("zoo", "features.0.weight", 3).
        let u: Vec<f64> = fill_uniform("zoo", "features.0.weight", 3).collect();
        assert_eq!(u.iter().map(|v| (v * f64::from(1u32 << 24)) as u32).collect::<Vec<_>>(), PYTHON);
    }
    const PYTHON: [u32; 3] = [5316053, 7483027, 5379210];
}
