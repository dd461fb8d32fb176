//! What the position of two tokens of a window adds to their attention.

use burn::module::{Param, RunningState};
use burn::nn::Initializer;
use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, Tensor, TensorData};
use zoo_layers::{Activation, ActivationKind, TokenLayer, forward_tokens, linear};

use crate::block::normal;

/// Hidden units of the network that computes position biases in version 2 (its section 3.3).
const HIDDEN: usize = 512;

/// The offsets between two places of a window as version 2 feeds them to its network: scaled to +-8, then
/// `sign(x) log2(1 + |x|) / log2(8)` (its equation 4), for the height and the width.
fn log_spaced_offsets(size: usize) -> Vec<f32> {
    let span = (size - 1) as f32;
    let place = |i: usize| {
        let x = (i as f32 - span) / span * 8.0;
        let sign = if x == 0.0 { 0.0 } else { x.signum() };
        sign * (x.abs() + 1.0).log2() / 3.0
    };
    let side = 2 * size - 1;
    (0..side * side).flat_map(|at| [place(at / side), place(at % side)]).collect()
}

/// The buffer `relative_coords_table`, `[1, 2 size - 1, 2 size - 1, 2]`: saved and loaded, never trained.
pub fn coords_table(size: usize, device: &Device) -> RunningState<Tensor<4>> {
    let side = 2 * size - 1;
    RunningState::new(Tensor::from_data(TensorData::new(log_spaced_offsets(size), [1, side, side, 2]), device))
}

/// Version 2's network from offsets to a bias for each head.
pub fn cpb_mlp(heads: usize, device: &Device) -> Vec<TokenLayer> {
    vec![
        TokenLayer::Linear(linear(2, HIDDEN, &normal(), Some(&Initializer::Zeros), device)),
        TokenLayer::Activation(Activation::new(ActivationKind::Relu, device)),
        TokenLayer::Linear(linear(HIDDEN, heads, &normal(), None, device)),
    ]
}

/// Version 2's biases of all offsets, `[(2 size - 1)^2, heads]`, in `(0, 16)`.
pub fn computed_table(cpb_mlp: &[TokenLayer], coords: Tensor<4>) -> Tensor<2> {
    let [_, height, width, _] = coords.dims();
    sigmoid(forward_tokens(cpb_mlp, coords.reshape([height * width, 2]))) * 16.0
}

/// Version 1's learned biases of all offsets, `[(2 size - 1)^2, heads]`.
pub fn learned_table(size: usize, heads: usize, device: &Device) -> Param<Tensor<2>> {
    normal().init([(2 * size - 1).pow(2), heads], device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_pytorchs() {
        let table = log_spaced_offsets(8);
        assert_eq!(table.len(), 15 * 15 * 2);
        // torchvision.models.swin_v2_t().features[1][0].attn.relative_coords_table[0, 3, :]
        let row: Vec<_> = table[3 * 30..4 * 30].chunks(2).map(|pair| (pair[0], pair[1])).collect();
        for (at, want) in [(0, -1.056_642), (3, -0.826_016), (7, 0.0), (8, 0.366_512), (14, 1.056_642)] {
            assert!((row[at].0 + 0.826_016).abs() < 2e-6 && (row[at].1 - want).abs() < 2e-6, "{row:?}");
        }
    }
}
