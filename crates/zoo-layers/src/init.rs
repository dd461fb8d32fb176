//! Initialisers as torchvision's models use them. Each returns the layer with its weights drawn anew, lazily;
//! fully connected layers have theirs as constructors of [`FullyConnected`](crate::FullyConnected).

use burn::nn::Initializer;
use burn::nn::conv::Conv2d;
use burn::tensor::Device;

/// `kaiming_normal_(mode="fan_out", nonlinearity="relu")` for the weight and zero for the bias: VGG, ResNet, MobileNet.
/// PyTorch's fan-out is `out_channels * kernel area`, not divided by the groups as Burn's is.
pub fn kaiming_fan_out(mut conv: Conv2d, device: &Device) -> Conv2d {
    let shape: [usize; 4] = conv.weight.lazy_shape().dims();
    let fan_out = (shape[0] * shape[2] * shape[3]) as f64;
    conv.weight = Initializer::Normal { mean: 0.0, std: (2.0 / fan_out).sqrt() }.init(shape, device);
    if conv.bias.is_some() {
        conv.bias = Some(Initializer::Zeros.init([shape[0]], device));
    }
    conv
}

/// `normal_(0, std)` for a convolution's weight and a constant bias: AlexNet 2012 (0.01; 0 or 1).
pub fn normal_conv(mut conv: Conv2d, std: f64, bias: f64, device: &Device) -> Conv2d {
    let shape: [usize; 4] = conv.weight.lazy_shape().dims();
    conv.weight = Initializer::Normal { mean: 0.0, std }.init(shape, device);
    if conv.bias.is_some() {
        conv.bias = Some(Initializer::Constant { value: bias }.init([shape[0]], device));
    }
    conv
}

/// PyTorch's `trunc_normal_(std, a=-2, b=2)`, as torchvision's transformers and Inception call it: the cut is at 2, not at two
/// `std`, so that a `std` of up to a third, as theirs are, draws plain normal numbers. What lies beyond is set to the bound,
/// where PyTorch draws it anew.
pub fn trunc_normal<const D: usize>(shape: [usize; D], std: f64, device: &Device) -> burn::module::Param<burn::tensor::Tensor<D>> {
    Initializer::Normal { mean: 0.0, std }.init(shape, device).init_mapper(|w: burn::tensor::Tensor<D>| w.clamp(-2.0, 2.0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use burn::nn::conv::Conv2dConfig;

    fn std_of(values: &[f32]) -> f64 {
        let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len() as f64;
        (values.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
    }

    #[test]
    fn spread_is_that_of_pytorch() {
        let device = Device::flex();
        device.seed(1);
        let conv = kaiming_fan_out(Conv2dConfig::new([64, 64], [3, 3]).with_groups(64).init(&device), &device);
        let weights = conv.weight.val().into_data().try_to_vec::<f32>().unwrap();
        let want = (2.0f64 / (64.0 * 9.0)).sqrt();
        assert!((std_of(&weights) / want - 1.0).abs() < 0.1);
        assert!(conv.bias.unwrap().val().into_data().try_to_vec::<f32>().unwrap().iter().all(|b| *b == 0.0));

        let draw = |std| trunc_normal([100, 100], std, &device).val().into_data().try_to_vec::<f32>().unwrap();
        let small = draw(0.02);
        assert!((std_of(&small) / 0.02 - 1.0).abs() < 0.05 && small.iter().any(|w| w.abs() > 0.05));
        assert!(draw(1.5).iter().all(|w| w.abs() <= 2.0));
    }
}
