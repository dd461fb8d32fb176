//! Scaled dot-product attention (Vaswani et al. 2017, <https://arxiv.org/abs/1706.03762>, section 3.2), in windows and with
//! positions relative to one another.

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::precision::in_wide;

/// Queries, keys and values of each head from the output of one joint layer.
///
/// # Shapes
/// - input: `[batch, tokens, 3 * channels]`; outputs: `[batch, heads, tokens, channels / heads]`
pub fn split_heads(qkv: Tensor<3>, heads: usize) -> [Tensor<4>; 3] {
    let [batch, tokens, channels] = qkv.dims();
    let parts = qkv.reshape([batch, tokens, 3, heads, channels / 3 / heads]).permute([2, 0, 3, 1, 4]);
    [0, 1, 2].map(|part| parts.clone().narrow(0, part, 1).squeeze_dim(0))
}

/// `softmax(Q K^T + bias) V`, heads side by side. The queries come scaled.
///
/// # Shapes
/// - `query`, `key`, `value`: `[batch, heads, tokens, channels / heads]`
/// - `bias`: `[groups, heads or 1, tokens, tokens]`, where `groups` divides `batch`: entry `i` of the batch takes `i % groups`
/// - output: `[batch, tokens, channels]`
pub fn attend(query: Tensor<4>, key: Tensor<4>, value: Tensor<4>, bias: Option<Tensor<4>>) -> Tensor<3> {
    let [batch, heads, tokens, width] = query.dims();
    let mut scores = query.matmul(key.swap_dims(2, 3));
    if let Some(bias) = bias {
        let groups = bias.dims()[0];
        let grouped = scores.reshape([batch / groups, groups, heads, tokens, tokens]) + bias.unsqueeze_dim::<5>(0);
        scores = grouped.reshape([batch, heads, tokens, tokens]);
    }
    in_wide(scores, |scores| softmax(scores, 3)).matmul(value).swap_dims(1, 2).reshape([batch, tokens, heads * width])
}

/// For each pair of the `size * size` places of a window, row by row, the entry of a table of all `(2 size - 1)^2` offsets
/// between two places: `(dy + size - 1) * (2 size - 1) + dx + size - 1` (Liu et al. 2021, section 3.2).
pub fn relative_position_index(size: usize) -> Vec<i64> {
    let places = || (0..size * size).map(|place| (place / size, place % size));
    let entry = |(y1, x1): (usize, usize), (y2, x2): (usize, usize)| (y1 + size - 1 - y2) * (2 * size - 1) + x1 + size - 1 - x2;
    places().flat_map(|from| places().map(move |to| entry(from, to) as i64)).collect()
}

/// What attention in a window adds to its scores, from a table of all offsets.
///
/// # Shapes
/// - `table`: `[(2 size - 1)^2, heads]`; output: `[1, heads, size^2, size^2]`
pub fn relative_position_bias(table: Tensor<2>, size: usize) -> Tensor<4> {
    let device: Device = table.device();
    let (places, heads) = (size * size, table.dims()[1]);
    let index = Tensor::<1, Int>::from_data(TensorData::new(relative_position_index(size), [places * places]), &device);
    table.select(0, index).reshape([places, places, heads]).permute([2, 0, 1]).unsqueeze_dim(0)
}

/// Cuts a map into windows of `[height, width]` that touch and do not overlap, row by row.
///
/// # Shapes
/// - input: `[batch, rows * height, columns * width, channels]`; output: `[batch, rows * columns, height * width, channels]`
pub fn partition(x: Tensor<4>, [height, width]: [usize; 2]) -> Tensor<4> {
    let [batch, h, w, channels] = x.dims();
    let (rows, columns) = (h / height, w / width);
    let x = x.reshape([batch, rows, height, columns, width, channels]).permute([0, 1, 3, 2, 4, 5]);
    x.reshape([batch, rows * columns, height * width, channels])
}

/// Puts windows of `[height, width]` together again to a map of `size`, which is a multiple of them.
///
/// # Shapes
/// - input: `[batch, windows, height * width, channels]`; output: `[batch, size[0], size[1], channels]`
pub fn departition(x: Tensor<4>, [height, width]: [usize; 2], size: [usize; 2]) -> Tensor<4> {
    let [batch, _, _, channels] = x.dims();
    let (rows, columns) = (size[0] / height, size[1] / width);
    let x = x.reshape([batch, rows, columns, height, width, channels]).permute([0, 1, 3, 2, 4, 5]);
    x.reshape([batch, size[0], size[1], channels])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use burn::tensor::Distribution;

    #[test]
    fn the_index_of_a_window_of_two() {
        // Places (0,0), (0,1), (1,0), (1,1); the table's entry 4 is the offset (0, 0).
        assert_eq!(relative_position_index(2), [4, 3, 1, 0, 5, 4, 2, 1, 7, 6, 4, 3, 8, 7, 5, 4]);
    }

    #[test]
    fn windows_put_together_are_the_map() {
        let x = Tensor::<4>::random([2, 6, 8, 3], Distribution::Default, &Device::flex());
        let windows = partition(x.clone(), [3, 2]);
        assert_eq!(windows.dims(), [2, 8, 6, 3]);
        assert_eq!(departition(windows, [3, 2], [6, 8]).into_data(), x.into_data());
    }

    #[test]
    fn each_group_of_the_batch_takes_its_own_bias() {
        let device = Device::flex();
        let random = |shape| Tensor::<4>::random(shape, Distribution::Default, &device);
        let (q, k, v, bias) = (random([4, 2, 3, 5]), random([4, 2, 3, 5]), random([4, 2, 3, 5]), random([2, 1, 3, 3]));
        let all = attend(q.clone(), k.clone(), v.clone(), Some(bias.clone()));
        let one = |x: Tensor<4>, i| x.narrow(0, i, 1);
        let third = attend(one(q, 3), one(k, 3), one(v, 3), Some(one(bias, 1)));
        assert!((all.narrow(0, 3, 1) - third).abs().max().into_scalar::<f32>() < 1e-6);
    }

    #[test]
    fn heads_lie_side_by_side() {
        let qkv = Tensor::<1, Int>::arange(0..12, &Device::flex()).float().reshape([1, 1, 12]);
        let [q, k, v] = split_heads(qkv, 2).map(|t| t.into_data().try_to_vec::<f32>().unwrap());
        assert_eq!((q, k, v), (vec![0.0, 1.0, 2.0, 3.0], vec![4.0, 5.0, 6.0, 7.0], vec![8.0, 9.0, 10.0, 11.0]));
    }
}
