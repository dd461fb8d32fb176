//! Local response normalisation.

use burn::module::Module;
use burn::nn::LocalResponseNormConfig;
use burn::tensor::Tensor;

use crate::describe::{Describe, Node, ops};

/// Local response normalisation across channels, by PyTorch's formula: `x / (k + alpha / size * sum(x^2))^beta`.
#[derive(Module, Debug)]
pub struct CrossChannelNorm {
    size: usize,
    alpha: f64,
    beta: f64,
    k: f64,
}

/// The normalisation of Krizhevsky et al. 2012, section 3.3: `k = 2`, `n = 5`, `alpha = 1e-4`, `beta = 0.75`. The paper
/// does not divide alpha by n and PyTorch does, so the alpha here is five times the paper's.
pub const fn krizhevsky_lrn() -> CrossChannelNorm {
    CrossChannelNorm { size: 5, alpha: 5e-4, beta: 0.75, k: 2.0 }
}

impl CrossChannelNorm {
    /// With settings of PyTorch's meaning. The window of an even `size` leans the other way than PyTorch's.
    pub const fn new(size: usize, alpha: f64, beta: f64, k: f64) -> Self {
        Self { size, alpha, beta, k }
    }

    /// Normalises `[batch, channels, height, width]`; the shape stays.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        LocalResponseNormConfig::new(self.size).with_alpha(self.alpha).with_beta(self.beta).with_k(self.k).init().forward(x)
    }
}

impl Describe for CrossChannelNorm {
    fn describe(&self) -> Node {
        Node::leaf(ops::LocalResponseNorm { size: self.size, alpha: self.alpha, beta: self.beta, k: self.k })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn the_papers_formula_with_a_window_cut_at_the_ends() {
        let device = Device::flex();
        let values: Vec<f32> = (1..=7).map(|c| c as f32 * 10.0).collect();
        let x = Tensor::<1>::from_floats(values.as_slice(), &device).reshape([1, 7, 1, 1]);
        let y = krizhevsky_lrn().forward(x).into_data().try_to_vec::<f32>().unwrap();
        for (c, got) in y.iter().enumerate() {
            let squares: f64 = values[c.saturating_sub(2)..(c + 3).min(7)].iter().map(|v| f64::from(*v).powi(2)).sum();
            let want = f64::from(values[c]) / (2.0 + 1e-4 * squares).powf(0.75);
            assert!((f64::from(*got) - want).abs() < 1e-5, "channel {c}: {got} for {want}");
        }
    }
}
