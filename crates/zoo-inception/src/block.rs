//! The five kinds of modules. Fields have torchvision's names; `dbl` is the branch with twice as many convolutions.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use zoo_core::{Describe, Node};
use zoo_layers::BasicConv2d;

use crate::mixed::{self, Branch, HALVE, Mixed, conv, same};

/// 1x1; 5x5; two 3x3; average pooling, on the largest map. Szegedy et al. 2015, figure 5, but with the 5x5 window of
/// torchvision in the second branch.
#[derive(Module, Debug)]
pub struct InceptionA {
    branch1x1: BasicConv2d,
    branch5x5_1: BasicConv2d,
    branch5x5_2: BasicConv2d,
    branch3x3dbl_1: BasicConv2d,
    branch3x3dbl_2: BasicConv2d,
    branch3x3dbl_3: BasicConv2d,
    branch_pool: BasicConv2d,
}

/// 3x3 of stride 2; two 3x3, the second of stride 2; max pooling: from 35x35 to 17x17. Szegedy et al. 2015, figure 10.
#[derive(Module, Debug)]
pub struct InceptionB {
    branch3x3: BasicConv2d,
    branch3x3dbl_1: BasicConv2d,
    branch3x3dbl_2: BasicConv2d,
    branch3x3dbl_3: BasicConv2d,
}

/// 1x1; 7x7 as 1x7 and 7x1; the same twice; average pooling. Szegedy et al. 2015, figure 6.
#[derive(Module, Debug)]
pub struct InceptionC {
    branch1x1: BasicConv2d,
    branch7x7_1: BasicConv2d,
    branch7x7_2: BasicConv2d,
    branch7x7_3: BasicConv2d,
    branch7x7dbl_1: BasicConv2d,
    branch7x7dbl_2: BasicConv2d,
    branch7x7dbl_3: BasicConv2d,
    branch7x7dbl_4: BasicConv2d,
    branch7x7dbl_5: BasicConv2d,
    branch_pool: BasicConv2d,
}

/// 3x3 of stride 2; 7x7 as 1x7 and 7x1, then 3x3 of stride 2; max pooling: from 17x17 to 8x8. Szegedy et al. 2015, as
/// figure 10.
#[derive(Module, Debug)]
pub struct InceptionD {
    branch3x3_1: BasicConv2d,
    branch3x3_2: BasicConv2d,
    branch7x7x3_1: BasicConv2d,
    branch7x7x3_2: BasicConv2d,
    branch7x7x3_3: BasicConv2d,
    branch7x7x3_4: BasicConv2d,
}

/// 1x1; 1x3 and 3x1 side by side; the same after a 3x3; average pooling, on the smallest map. Szegedy et al. 2015, figure 7.
#[derive(Module, Debug)]
pub struct InceptionE {
    branch1x1: BasicConv2d,
    branch3x3_1: BasicConv2d,
    branch3x3_2a: BasicConv2d,
    branch3x3_2b: BasicConv2d,
    branch3x3dbl_1: BasicConv2d,
    branch3x3dbl_2: BasicConv2d,
    branch3x3dbl_3a: BasicConv2d,
    branch3x3dbl_3b: BasicConv2d,
    branch_pool: BasicConv2d,
}

impl InceptionA {
    /// `pool_features`: channels of the pooling branch.
    pub fn new(in_channels: usize, pool_features: usize, device: &Device) -> Self {
        Self {
            branch1x1: conv(in_channels, 64, same(1, 1), device),
            branch5x5_1: conv(in_channels, 48, same(1, 1), device),
            branch5x5_2: conv(48, 64, same(5, 5), device),
            branch3x3dbl_1: conv(in_channels, 64, same(1, 1), device),
            branch3x3dbl_2: conv(64, 96, same(3, 3), device),
            branch3x3dbl_3: conv(96, 96, same(3, 3), device),
            branch_pool: conv(in_channels, pool_features, same(1, 1), device),
        }
    }
}

impl InceptionB {
    /// For so many input channels.
    pub fn new(in_channels: usize, device: &Device) -> Self {
        Self {
            branch3x3: conv(in_channels, 384, HALVE, device),
            branch3x3dbl_1: conv(in_channels, 64, same(1, 1), device),
            branch3x3dbl_2: conv(64, 96, same(3, 3), device),
            branch3x3dbl_3: conv(96, 96, HALVE, device),
        }
    }
}

impl InceptionC {
    /// `channels_7x7`: channels within the 7x7 branches.
    pub fn new(in_channels: usize, channels_7x7: usize, device: &Device) -> Self {
        let c7 = channels_7x7;
        Self {
            branch1x1: conv(in_channels, 192, same(1, 1), device),
            branch7x7_1: conv(in_channels, c7, same(1, 1), device),
            branch7x7_2: conv(c7, c7, same(1, 7), device),
            branch7x7_3: conv(c7, 192, same(7, 1), device),
            branch7x7dbl_1: conv(in_channels, c7, same(1, 1), device),
            branch7x7dbl_2: conv(c7, c7, same(7, 1), device),
            branch7x7dbl_3: conv(c7, c7, same(1, 7), device),
            branch7x7dbl_4: conv(c7, c7, same(7, 1), device),
            branch7x7dbl_5: conv(c7, 192, same(1, 7), device),
            branch_pool: conv(in_channels, 192, same(1, 1), device),
        }
    }
}

impl InceptionD {
    /// For so many input channels.
    pub fn new(in_channels: usize, device: &Device) -> Self {
        Self {
            branch3x3_1: conv(in_channels, 192, same(1, 1), device),
            branch3x3_2: conv(192, 320, HALVE, device),
            branch7x7x3_1: conv(in_channels, 192, same(1, 1), device),
            branch7x7x3_2: conv(192, 192, same(1, 7), device),
            branch7x7x3_3: conv(192, 192, same(7, 1), device),
            branch7x7x3_4: conv(192, 192, HALVE, device),
        }
    }
}

impl InceptionE {
    /// For so many input channels.
    pub fn new(in_channels: usize, device: &Device) -> Self {
        Self {
            branch1x1: conv(in_channels, 320, same(1, 1), device),
            branch3x3_1: conv(in_channels, 384, same(1, 1), device),
            branch3x3_2a: conv(384, 384, same(1, 3), device),
            branch3x3_2b: conv(384, 384, same(3, 1), device),
            branch3x3dbl_1: conv(in_channels, 448, same(1, 1), device),
            branch3x3dbl_2: conv(448, 384, same(3, 3), device),
            branch3x3dbl_3a: conv(384, 384, same(1, 3), device),
            branch3x3dbl_3b: conv(384, 384, same(3, 1), device),
            branch_pool: conv(in_channels, 192, same(1, 1), device),
        }
    }
}

/// Convolutions by name, branches by the convolutions' indices, and the two methods that follow from them.
macro_rules! mixed {
    ($module:ident, [$($conv:ident),+], $branches:expr, $output:literal) => {
        impl Mixed for $module {
            const KIND: &'static str = stringify!($module);
            const BRANCHES: &'static [Branch] = &$branches;

            fn convs(&self) -> Vec<(&'static str, &BasicConv2d)> {
                vec![$((stringify!($conv), &self.$conv)),+]
            }
        }

        impl $module {
            /// # Shapes
            /// - input: `[batch, in_channels, height, width]`
            #[doc = concat!("- output: `", $output, "`")]
            pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
                mixed::forward(self, x)
            }
        }

        impl Describe for $module {
            fn describe(&self) -> Node {
                mixed::describe(self)
            }
        }
    };
}

mixed!(
    InceptionA,
    [branch1x1, branch5x5_1, branch5x5_2, branch3x3dbl_1, branch3x3dbl_2, branch3x3dbl_3, branch_pool],
    [Branch::Chain(&[0]), Branch::Chain(&[1, 2]), Branch::Chain(&[3, 4, 5]), Branch::AvgPool(6)],
    "[batch, 224 + pool_features, height, width]"
);
mixed!(
    InceptionB,
    [branch3x3, branch3x3dbl_1, branch3x3dbl_2, branch3x3dbl_3],
    [Branch::Chain(&[0]), Branch::Chain(&[1, 2, 3]), Branch::MaxPool],
    "[batch, 480 + in_channels, (height - 1) / 2, (width - 1) / 2]"
);
mixed!(
    InceptionC,
    [
        branch1x1,
        branch7x7_1,
        branch7x7_2,
        branch7x7_3,
        branch7x7dbl_1,
        branch7x7dbl_2,
        branch7x7dbl_3,
        branch7x7dbl_4,
        branch7x7dbl_5,
        branch_pool
    ],
    [Branch::Chain(&[0]), Branch::Chain(&[1, 2, 3]), Branch::Chain(&[4, 5, 6, 7, 8]), Branch::AvgPool(9)],
    "[batch, 768, height, width]"
);
mixed!(
    InceptionD,
    [branch3x3_1, branch3x3_2, branch7x7x3_1, branch7x7x3_2, branch7x7x3_3, branch7x7x3_4],
    [Branch::Chain(&[0, 1]), Branch::Chain(&[2, 3, 4, 5]), Branch::MaxPool],
    "[batch, 512 + in_channels, (height - 1) / 2, (width - 1) / 2]"
);
mixed!(
    InceptionE,
    [branch1x1, branch3x3_1, branch3x3_2a, branch3x3_2b, branch3x3dbl_1, branch3x3dbl_2, branch3x3dbl_3a, branch3x3dbl_3b, branch_pool],
    [Branch::Chain(&[0]), Branch::Fork(&[1], [2, 3]), Branch::Fork(&[4, 5], [6, 7]), Branch::AvgPool(8)],
    "[batch, 2048, height, width]"
);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Each kind at a map that is not square: rectangular windows must not be turned.
    #[test]
    fn shapes_are_those_of_the_description() {
        let device = Device::flex();
        let x = || Tensor::<4>::ones([1, 4, 5, 3], &device);
        let outputs = [
            (InceptionA::new(4, 32, &device).forward(x()), InceptionA::new(4, 32, &device).describe(), [256, 5, 3]),
            (InceptionB::new(4, &device).forward(x()), InceptionB::new(4, &device).describe(), [484, 2, 1]),
            (InceptionC::new(4, 8, &device).forward(x()), InceptionC::new(4, 8, &device).describe(), [768, 5, 3]),
            (InceptionD::new(4, &device).forward(x()), InceptionD::new(4, &device).describe(), [516, 2, 1]),
            (InceptionE::new(4, &device).forward(x()), InceptionE::new(4, &device).describe(), [2048, 5, 3]),
        ];
        for (output, node, want) in outputs {
            assert_eq!(output.dims()[1..], want);
            assert_eq!(node.trace([4, 5, 3]).unwrap().output, want);
        }
    }
}
