//! Burn's own modules, described.

use burn::nn::conv::Conv2d;
use burn::nn::pool::{AdaptiveAvgPool2d, AvgPool2d, MaxPool2d};
use burn::nn::{Dropout, Linear, PaddingConfig2d};

use super::{Describe, Node, ops};
use crate::shape::Window;

fn windows(kernel: [usize; 2], stride: [usize; 2], padding: &PaddingConfig2d, dilation: [usize; 2]) -> [Window; 2] {
    let window = |axis: usize| {
        let bare = Window::new(kernel[axis]).stride(stride[axis]).dilation(dilation[axis]);
        // The zoo's models pad alike on both sides, as PyTorch's do.
        let padding = match *padding {
            PaddingConfig2d::Valid => 0,
            PaddingConfig2d::Same => bare.extent() / 2,
            PaddingConfig2d::Explicit(top, left, _, _) => [top, left][axis],
        };
        bare.padding(padding)
    };
    [window(0), window(1)]
}

impl Describe for Conv2d {
    fn describe(&self) -> Node {
        let [out_channels, group_channels] = [self.weight.lazy_shape()[0], self.weight.lazy_shape()[1]];
        Node::leaf(ops::Conv2d {
            in_channels: group_channels * self.groups,
            out_channels,
            windows: windows(self.kernel_size, self.stride, &self.padding, self.dilation),
            groups: self.groups,
            bias: self.bias.is_some(),
        })
    }
}

impl Describe for Linear {
    fn describe(&self) -> Node {
        let shape = self.weight.lazy_shape();
        Node::leaf(ops::Linear { in_features: shape[0], out_features: shape[1], bias: self.bias.is_some() })
    }
}

impl Describe for MaxPool2d {
    fn describe(&self) -> Node {
        let windows = windows(self.kernel_size, self.stride, &self.padding, self.dilation);
        Node::leaf(ops::Pool2d { max: true, windows, ceil_mode: self.ceil_mode })
    }
}

impl Describe for AvgPool2d {
    fn describe(&self) -> Node {
        let windows = windows(self.kernel_size, self.stride, &self.padding, [1, 1]);
        Node::leaf(ops::Pool2d { max: false, windows, ceil_mode: self.ceil_mode })
    }
}

impl Describe for AdaptiveAvgPool2d {
    fn describe(&self) -> Node {
        Node::leaf(ops::AdaptiveAvgPool2d { output_size: self.output_size, as_int: false })
    }
}

impl Describe for Dropout {
    fn describe(&self) -> Node {
        Node::leaf(ops::Dropout { p: self.prob })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use burn::nn::PaddingConfig2d;
    use burn::nn::pool::MaxPool2dConfig;
    use burn::tensor::{Device, Tensor, TensorData};

    /// From torch's `max_pool2d(ceil_mode=True)` on the matrix below, cut to the size.
    #[test]
    fn ceil_mode_gives_what_pytorch_gives_on_maps_about_as_large_as_the_window() {
        let device = Device::flex();
        let map: Vec<f32> = (0..25).map(|n| ((7 * (n / 5) + 3 * (n % 5) * (n % 5)) % 11 - 20) as f32).collect();
        let map = Tensor::<4>::from_data(TensorData::new(map, [1, 1, 5, 5]), &device);
        for (kernel_size, stride, padding, [height, width], want) in [
            (3, 2, 0, [2, 2], vec![-10.0]),
            (3, 2, 0, [2, 5], vec![-10.0, -12.0]),
            (3, 2, 0, [4, 2], vec![-10.0, -10.0]),
            (3, 2, 1, [1, 4], vec![-17.0, -15.0, -15.0]),
            (5, 3, 0, [3, 4], vec![-10.0]),
            (5, 3, 0, [4, 5], vec![-10.0]),
            (2, 2, 0, [1, 5], vec![-17.0, -15.0, -16.0]),
            (4, 3, 1, [1, 5], vec![-17.0, -15.0]),
        ] {
            let explicit = PaddingConfig2d::Explicit(padding, padding, padding, padding);
            let config = MaxPool2dConfig::new([kernel_size; 2]).with_strides([stride; 2]).with_padding(explicit);
            let pool = config.with_ceil_mode(true).init();
            let y = pool.forward(map.clone().slice([0..1, 0..1, 0..height, 0..width]));
            let shape = pool.describe().trace([1, height, width]).unwrap().output;
            assert_eq!(y.dims()[1..], shape, "{kernel_size} {stride} {padding} on {height}x{width}");
            assert_eq!(y.into_data().try_to_vec::<f32>().unwrap(), want, "{kernel_size} {stride} {padding} on {height}x{width}");
        }
    }
}
