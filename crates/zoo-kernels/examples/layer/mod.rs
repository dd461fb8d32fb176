//! A convolution to time.

use zoo_kernels::ConvSpec;

/// With square maps and kernels.
pub struct Layer {
    pub name: &'static str,
    pub side: usize,
    pub spec: ConvSpec,
}

/// Padded so that stride 1 keeps the size.
pub const fn layer(name: &'static str, side: usize, [ins, outs]: [usize; 2], kernel: usize, stride: usize, groups: usize) -> Layer {
    let spec = ConvSpec::new(ins, outs, [kernel, kernel]).stride(stride).padding(kernel / 2).groups(groups);
    Layer { name, side, spec }
}
