//! Attention in windows that every other block shifts.

use std::f64::consts::LN_10;

use burn::module::{Module, Param, RunningState};
use burn::nn::{Dropout, DropoutConfig, Initializer, Linear};
use burn::tensor::module::linear as apply;
use burn::tensor::ops::PadMode;
use burn::tensor::{Device, Tensor, TensorData};
use zoo_layers::{TokenLayer, attend, departition, linear, partition, relative_position_bias, split_heads};

use crate::block::normal;
use crate::config::Version;
use crate::position::{computed_table, coords_table, cpb_mlp, learned_table};

/// What keeps tokens apart that are neighbours only because the map was rolled.
const APART: f64 = -100.0;

/// Attention within windows of a map `[batch, height, width, channels]`, which is padded to whole windows.
#[derive(Module, Debug)]
pub struct WindowAttention {
    /// Version 1: `[(2 window - 1)^2, heads]`.
    pub(crate) relative_position_bias_table: Option<Param<Tensor<2>>>,
    /// Version 2: logarithm of what the cosines are multiplied with, `[heads, 1, 1]`.
    pub(crate) logit_scale: Option<Param<Tensor<3>>>,
    /// Version 2: `[1, 2 window - 1, 2 window - 1, 2]`.
    relative_coords_table: Option<RunningState<Tensor<4>>>,
    pub(crate) qkv: Linear,
    pub(crate) proj: Linear,
    /// Version 2.
    pub(crate) cpb_mlp: Option<Vec<TokenLayer>>,
    dropout: Dropout,
    heads: usize,
    pub(crate) window: usize,
    shift: usize,
}

/// A vector's direction; zero where it is zero, with a finite gradient.
fn direction(x: Tensor<4>) -> Tensor<4> {
    let squares = x.clone().powi_scalar(2).sum_dim(3);
    x / squares.clamp_min(1e-24).sqrt()
}

/// The part of a rolled axis that a place belongs to: the last window is made of two parts of the picture, those that were
/// neighbours before and those that came round.
fn part(at: usize, size: usize, window: usize, shift: usize) -> usize {
    if shift == 0 { 0 } else { usize::from(at >= size - window) + usize::from(at >= size - shift) }
}

impl WindowAttention {
    pub(crate) fn new(version: Version, channels: usize, heads: usize, shift: usize, dropout: f64, device: &Device) -> Self {
        let window = version.window_size();
        let second = version == Version::V2;
        let layer = |outputs| linear(channels, outputs, &normal(), Some(&Initializer::Zeros), device);
        Self {
            relative_position_bias_table: (!second).then(|| learned_table(window, heads, device)),
            logit_scale: second.then(|| Initializer::Constant { value: LN_10 }.init([heads, 1, 1], device)),
            relative_coords_table: second.then(|| coords_table(window, device)),
            qkv: layer(3 * channels),
            proj: layer(channels),
            cpb_mlp: second.then(|| cpb_mlp(heads, device)),
            dropout: DropoutConfig::new(dropout).init(),
            heads,
            window,
            shift,
        }
    }

    /// # Shapes
    /// - input and output: `[batch, height, width, channels]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, height, width, channels] = x.dims();
        let window = self.window;
        let [h, w] = [height, width].map(|side| side.next_multiple_of(window));
        // Where one window holds the whole axis there is nothing to shift.
        let shifts = [h, w].map(|side| if side > window { self.shift } else { 0 });
        let x = if [h, w] == [height, width] { x } else { x.pad([(0, h - height), (0, w - width), (0, 0)], PadMode::Constant(0.0)) };
        let x = x.roll(&shifts.map(|shift| -(shift as isize)), &[1, 2]);
        let [count, tokens] = [(h / window) * (w / window), window * window];
        let windows = partition(x, [window; 2]).reshape([batch * count, tokens, channels]);
        let mixed = self.mix(windows, self.parts([h, w], shifts)).reshape([batch, count, tokens, channels]);
        let x = departition(mixed, [window; 2], [h, w]).roll(&shifts.map(|shift| shift as isize), &[1, 2]);
        x.narrow(1, 0, height).narrow(2, 0, width)
    }

    /// Attention within each of the windows `[windows, tokens, channels]`, of which tokens of one part `[windows of a
    /// picture, tokens]` alone see each other.
    fn mix(&self, windows: Tensor<3>, parts: Option<TensorData>) -> Tensor<3> {
        let device = windows.device();
        let qkv = apply(windows, self.qkv.weight.val(), self.qkv_bias());
        let [query, key, value] = split_heads(qkv, self.heads);
        let (query, key) = match &self.logit_scale {
            // At most a hundred.
            Some(scale) => (direction(query) * scale.val().clamp_max(2.0 * LN_10).exp().unsqueeze_dim(0), direction(key)),
            None => {
                let scale = (query.dims()[3] as f64).sqrt();
                (query / scale, key)
            }
        };
        let bias = self.bias_table(&device).map(|table| relative_position_bias(table, self.window));
        let apart = parts.map(|parts| separation(Tensor::from_data(parts, (&device, query.dtype()))));
        let bias = match (bias, apart) {
            (Some(bias), Some(apart)) => Some(bias + apart),
            (bias, apart) => bias.or(apart),
        };
        self.dropout.forward(self.proj.forward(attend(query, key, value, bias)))
    }

    /// The biases of all offsets, `[(2 window - 1)^2, heads]`.
    fn bias_table(&self, device: &Device) -> Option<Tensor<2>> {
        match (&self.relative_position_bias_table, &self.relative_coords_table, &self.cpb_mlp) {
            (Some(table), ..) => Some(table.val()),
            (None, Some(coords), Some(mlp)) => {
                Some(computed_table(mlp, coords.value().to_device(device).cast(self.qkv.weight.val().dtype())))
            }
            _ => None,
        }
    }

    /// Version 2 has no bias for the keys; its files hold one all the same.
    fn qkv_bias(&self) -> Option<Tensor<1>> {
        let bias = self.qkv.bias.as_ref()?.val();
        if self.logit_scale.is_none() {
            return Some(bias);
        }
        let channels = bias.dims()[0] / 3;
        let keys = bias.clone().narrow(0, 0, channels).zeros_like();
        Some(Tensor::cat(vec![bias.clone().narrow(0, 0, channels), keys, bias.narrow(0, 2 * channels, channels)], 0))
    }

    /// For each window of a rolled map the parts of the picture that its tokens come from, by number; `[windows, tokens]`.
    /// `None` where nothing is rolled.
    fn parts(&self, size: [usize; 2], shifts: [usize; 2]) -> Option<TensorData> {
        if shifts == [0, 0] {
            return None;
        }
        let window = self.window;
        let (columns, tokens) = (size[1] / window, window * window);
        let windows = size[0] / window * columns;
        let part = |index: usize, token: usize| {
            let [y, x] = [index / columns * window + token / window, index % columns * window + token % window];
            (3 * part(y, size[0], window, shifts[0]) + part(x, size[1], window, shifts[1])) as f32
        };
        let values: Vec<_> = (0..windows).flat_map(|index| (0..tokens).map(move |token| part(index, token))).collect();
        Some(TensorData::new(values, [windows, tokens]))
    }
}

/// For each pair of a window's tokens 0 where both are of one part, and a large negative number elsewhere.
///
/// # Shapes
/// - input: `[windows, tokens]`, whole numbers; output: `[windows, 1, tokens, tokens]`
fn separation(parts: Tensor<2>) -> Tensor<4> {
    let difference = parts.clone().unsqueeze_dim::<3>(2) - parts.unsqueeze_dim::<3>(1);
    (difference.abs().clamp_max(1.0) * APART).unsqueeze_dim(1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use burn::tensor::Distribution;

    fn attention(version: Version, shift: usize) -> WindowAttention {
        WindowAttention::new(version, 6, 3, shift, 0.0, &Device::flex())
    }

    #[test]
    fn a_shifted_map_keeps_parts_apart() {
        // Windows of 7 on a map of 14 rows and 7 columns, rolled by 3 along the height: only the last window has two parts.
        let parts = attention(Version::V1, 3).parts([14, 7], [3, 0]).unwrap();
        let values = separation(Tensor::from_data(parts, &Device::flex())).into_data().try_to_vec::<f32>().unwrap();
        let (first, last) = values.split_at(49 * 49);
        assert!(first.iter().all(|v| *v == 0.0));
        // 28 tokens in four rows and 21 in three.
        assert_eq!(last.iter().filter(|v| **v == 0.0).count(), 28 * 28 + 21 * 21);
        assert!(attention(Version::V1, 3).parts([14, 7], [0, 0]).is_none());
    }

    /// What is far away does not matter: a token sees its own window alone.
    #[test]
    fn attention_stays_in_its_window() {
        let device = Device::flex();
        for (version, shift, seen) in [(Version::V1, 0, 0..7), (Version::V1, 3, 3..10), (Version::V2, 0, 0..8), (Version::V2, 4, 4..12)] {
            let mut layer = attention(version, shift);
            // Cosines times ten would leave some pairs a weight too small to see.
            layer.logit_scale = layer.logit_scale.map(|scale| scale.map(|scale| scale.zeros_like()));
            let x = Tensor::<4>::random([1, 20, 20, 6], Distribution::Default, &device);
            let changed = x.clone().slice_assign([0..1, 5..6, 5..6, 0..6], Tensor::ones([1, 1, 1, 6], &device) * 9.0);
            let difference = (layer.forward(x) - layer.forward(changed)).abs().max_dim(3);
            let moved = difference.into_data().try_to_vec::<f32>().unwrap();
            for (at, d) in moved.iter().enumerate() {
                let inside = seen.contains(&(at / 20)) && seen.contains(&(at % 20));
                assert_eq!(*d > 1e-9, inside, "{version:?} {shift}: {at}: {d}");
            }
        }
    }

    #[test]
    fn any_size_passes() {
        for (version, size) in [(Version::V1, [1, 1]), (Version::V1, [15, 3]), (Version::V2, [9, 17])] {
            let x = Tensor::<4>::ones([2, size[0], size[1], 6], &Device::flex());
            assert_eq!(attention(version, version.window_size() / 2).forward(x).dims(), [2, size[0], size[1], 6]);
        }
    }
}
