//! Weights by rule, so that a numeric reference needs no weight file: any language repeats them bit for bit from a
//! salt, the parameter's name and its shape. The references in `tests/fixtures/parity` are made with the same rule.

use crate::{fnv1a, splitmix64};

/// `n` numbers in `[0, 1)`, exact in f32: the upper 24 bits of `splitmix64(fnv1a("salt/key") + i)`.
pub fn fill_uniform(salt: &str, key: &str, n: usize) -> impl Iterator<Item = f64> {
    let start = fnv1a(&format!("{salt}/{key}"));
    (0..n as u64).map(move |i| (splitmix64(start.wrapping_add(i)) >> 40) as f64 / f64::from(1u32 << 24))
}

/// Which weights to make: a salt, and two settings under which a deep network is better conditioned. With the plain rule the
/// activations of some grow from block to block until rounding decides the logits, and those of others vanish.
///
/// A text is the plain rule with that salt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FillRule<'a> {
    /// Chooses the numbers.
    pub salt: &'a str,
    /// Multiplies the weights with one axis, which are those of norms. Below 1 it makes a residual branch fainter.
    pub gain: f64,
    /// Is added to all biases. As large as a norm's weights or larger, it leaves few activations near the kink of a ReLU,
    /// where rounding decides whether a gradient flows.
    pub shift: f64,
}

impl<'a> FillRule<'a> {
    /// The plain rule: gain 1, shift 0.
    pub const fn new(salt: &'a str) -> Self {
        Self { salt, gain: 1.0, shift: 0.0 }
    }

    /// The values of the parameter or buffer `key` of PyTorch's `shape`, in its (row-major) order.
    pub fn fill(&self, key: &str, shape: &[usize]) -> Vec<f32> {
        let n = shape.iter().product();
        let bound = (6.0 / shape.iter().skip(1).product::<usize>() as f64).sqrt();
        let value: &dyn Fn(f64) -> f64 = if key.ends_with("running_var") {
            &|u| 0.75 + 0.5 * u
        } else if shape.len() >= 2 {
            &|u| (2.0 * u - 1.0) * bound
        } else if key.ends_with("weight") && shape.len() == 1 {
            &|u| self.gain * (0.75 + 0.5 * u)
        } else if key.ends_with("bias") {
            &|u| self.shift + 0.1 * (2.0 * u - 1.0)
        } else {
            &|u| 0.1 * (2.0 * u - 1.0)
        };
        fill_uniform(self.salt, key, n).map(|u| value(u) as f32).collect()
    }
}

impl<'a, S: AsRef<str> + ?Sized> From<&'a S> for FillRule<'a> {
    fn from(salt: &'a S) -> Self {
        Self::new(salt.as_ref())
    }
}

/// The values of `key` by the plain rule.
pub fn fill(salt: &str, key: &str, shape: &[usize]) -> Vec<f32> {
    FillRule::new(salt).fill(key, shape)
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

    #[test]
    fn gain_and_shift_touch_norms_and_biases_alone() {
        let rule = FillRule { salt: "zoo", gain: 0.5, shift: 1.0 };
        let plain = |key, shape: &[usize]| fill("zoo", key, shape);
        for (key, shape) in [("conv.weight", vec![2, 3, 1, 1]), ("bn.running_mean", vec![4]), ("bn.running_var", vec![4])] {
            assert_eq!(rule.fill(key, &shape), plain(key, &shape), "{key}");
        }
        let halved: Vec<f32> = plain("bn.weight", &[9]).iter().map(|v| v / 2.0).collect();
        assert_eq!(rule.fill("bn.weight", &[9]), halved);
        let biases = rule.fill("bn.bias", &[9]);
        assert!(biases.iter().zip(plain("bn.bias", &[9])).all(|(a, b)| (a - 1.0 - b).abs() < 1e-6));
    }

    const PYTHON: [u32; 3] = [5316053, 7483027, 5379210];
}
