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
