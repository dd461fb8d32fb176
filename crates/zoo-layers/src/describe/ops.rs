//! The operations that most models are made of.

use super::{Operation, Reach};
use crate::shape::{ShapeError, Window};
use crate::{ActivationKind, GlobalPoolKind};

/// Two-dimensional convolution.
#[derive(Debug, Clone)]
pub struct Conv2d {
    /// Input channels.
    pub in_channels: usize,
    /// Output channels.
    pub out_channels: usize,
    /// Windows along height and width.
    pub windows: [Window; 2],
    /// Number of groups.
    pub groups: usize,
    /// Whether it adds a bias.
    pub bias: bool,
}

/// Fully connected layer.
#[derive(Debug, Clone)]
pub struct Linear {
    /// Input features.
    pub in_features: usize,
    /// Output features.
    pub out_features: usize,
    /// Whether it adds a bias.
    pub bias: bool,
}

/// Batch normalisation over channels.
#[derive(Debug, Clone)]
pub struct BatchNorm2d {
    /// Channels.
    pub num_features: usize,
    /// Added to the variance.
    pub eps: f64,
    /// Weight of the newest batch in the running statistics.
    pub momentum: f64,
}

/// Local response normalisation.
#[derive(Debug, Clone)]
pub struct LocalResponseNorm {
    /// Channels in the window.
    pub size: usize,
    /// Scale (PyTorch's, which is divided by `size`).
    pub alpha: f64,
    /// Exponent.
    pub beta: f64,
    /// Constant.
    pub k: f64,
}

/// Max or average pooling.
#[derive(Debug, Clone)]
pub struct Pool2d {
    /// `true` for max pooling.
    pub max: bool,
    /// Windows along height and width.
    pub windows: [Window; 2],
    /// Whether a partial last window counts.
    pub ceil_mode: bool,
}

/// Average pooling to a given size.
#[derive(Debug, Clone)]
pub struct AdaptiveAvgPool2d {
    /// `[height, width]` of the output.
    pub output_size: [usize; 2],
    /// Whether PyTorch was given one number for both, and prints it so.
    pub as_int: bool,
}

/// Pooling of each channel to one number.
#[derive(Debug, Clone)]
pub struct GlobalPool {
    /// How.
    pub kind: GlobalPoolKind,
    /// Whether PyTorch was given `1` as output size, not `(1, 1)`.
    pub as_int: bool,
}

/// Layer normalisation over the last axis, or over the channels of a map.
#[derive(Debug, Clone)]
pub struct LayerNorm {
    /// Channels.
    pub channels: usize,
    /// Added to the variance.
    pub eps: f64,
    /// Whether it normalises the channels of `[channels, height, width]` (torchvision's `LayerNorm2d`), not the last axis.
    pub of_map: bool,
}

/// Stochastic depth.
#[derive(Debug, Clone)]
pub struct StochasticDepth {
    /// Probability of dropping the branch.
    pub p: f64,
}

/// Element-wise activation.
#[derive(Debug, Clone)]
pub struct Activation(pub ActivationKind);

/// Dropout.
#[derive(Debug, Clone)]
pub struct Dropout {
    /// Probability of zeroing an element.
    pub p: f64,
}

/// `[channels, height, width]` to `[channels * height * width]`.
#[derive(Debug, Clone)]
pub struct Flatten;

fn map_of(layer: &'static str, input: &[usize]) -> Result<[usize; 3], ShapeError> {
    input.try_into().map_err(|_| ShapeError::Mismatch { layer, expected: 3, actual: input.len(), unit: "axes" })
}

fn expect(layer: &'static str, unit: &'static str, expected: usize, actual: usize) -> Result<(), ShapeError> {
    if expected == actual { Ok(()) } else { Err(ShapeError::Mismatch { layer, expected, actual, unit }) }
}

/// Python's tuple of two.
fn pair([a, b]: [usize; 2]) -> String {
    format!("({a}, {b})")
}

/// PyTorch keeps an int where an int was given; the zoo's models give one wherever both axes agree.
fn int_or_pair([a, b]: [usize; 2]) -> String {
    if a == b { a.to_string() } else { pair([a, b]) }
}

impl Operation for Conv2d {
    fn name(&self) -> &'static str {
        "Conv2d"
    }
    fn torch_args(&self) -> String {
        let w = self.windows;
        let mut args = format!(
            "{}, {}, kernel_size={}, stride={}",
            self.in_channels,
            self.out_channels,
            pair(w.map(|w| w.kernel_size)),
            pair(w.map(|w| w.stride))
        );
        for (name, value, default) in [("padding", w.map(|w| w.padding), [0, 0]), ("dilation", w.map(|w| w.dilation), [1, 1])] {
            if value != default {
                args += &format!(", {name}={}", pair(value));
            }
        }
        if self.groups != 1 {
            args += &format!(", groups={}", self.groups);
        }
        if !self.bias {
            args += ", bias=False";
        }
        args
    }
    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        let [channels, height, width] = map_of("Conv2d", input)?;
        expect("Conv2d", "channels", self.in_channels, channels)?;
        let [h, w] = self.windows;
        Ok(vec![self.out_channels, h.conv_output(height)?, w.conv_output(width)?])
    }
    fn params(&self) -> usize {
        let [h, w] = self.windows.map(|w| w.kernel_size);
        self.out_channels * (self.in_channels / self.groups * h * w + usize::from(self.bias))
    }
    fn macs(&self, _: &[usize], output: &[usize]) -> u64 {
        let [h, w] = self.windows.map(|w| w.kernel_size);
        output.iter().product::<usize>() as u64 * (self.in_channels / self.groups * h * w) as u64
    }
    fn is_product(&self) -> bool {
        true
    }
    fn windows(&self, _: &[usize]) -> [Window; 2] {
        self.windows
    }
}

impl Operation for Linear {
    fn name(&self) -> &'static str {
        "Linear"
    }
    fn torch_args(&self) -> String {
        let bias = if self.bias { "True" } else { "False" };
        format!("in_features={}, out_features={}, bias={bias}", self.in_features, self.out_features)
    }
    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        let (last, rest) = input.split_last().unwrap_or((&0, &[]));
        expect("Linear", "features", self.in_features, *last)?;
        Ok(rest.iter().copied().chain([self.out_features]).collect())
    }
    fn params(&self) -> usize {
        self.out_features * (self.in_features + usize::from(self.bias))
    }
    fn macs(&self, _: &[usize], output: &[usize]) -> u64 {
        output.iter().product::<usize>() as u64 * self.in_features as u64
    }
    fn is_product(&self) -> bool {
        true
    }
}

impl Operation for BatchNorm2d {
    fn name(&self) -> &'static str {
        "BatchNorm2d"
    }
    fn torch_args(&self) -> String {
        let (eps, momentum) = (python_float(self.eps), python_float(self.momentum));
        format!("{}, eps={eps}, momentum={momentum}, affine=True, bias=True, track_running_stats=True", self.num_features)
    }
    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        expect("BatchNorm2d", "channels", self.num_features, map_of("BatchNorm2d", input)?[0])?;
        Ok(input.to_vec())
    }
    fn params(&self) -> usize {
        2 * self.num_features
    }
}

impl Operation for LocalResponseNorm {
    fn name(&self) -> &'static str {
        "LocalResponseNorm"
    }
    fn torch_args(&self) -> String {
        format!("{}, alpha={}, beta={}, k={}", self.size, python_float(self.alpha), python_float(self.beta), python_float(self.k))
    }
    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        map_of("LocalResponseNorm", input)?;
        Ok(input.to_vec())
    }
}

impl Operation for Pool2d {
    fn name(&self) -> &'static str {
        if self.max { "MaxPool2d" } else { "AvgPool2d" }
    }
    fn torch_args(&self) -> String {
        let of = |f: fn(&Window) -> usize| int_or_pair(self.windows.each_ref().map(f));
        let args = format!("kernel_size={}, stride={}, padding={}", of(|w| w.kernel_size), of(|w| w.stride), of(|w| w.padding));
        let ceil = if self.ceil_mode { "True" } else { "False" };
        if self.max { format!("{args}, dilation={}, ceil_mode={ceil}", of(|w| w.dilation)) } else { args }
    }
    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        let [channels, height, width] = map_of(self.name(), input)?;
        let [h, w] = self.windows;
        Ok(vec![channels, h.pool_output(height, self.ceil_mode)?, w.pool_output(width, self.ceil_mode)?])
    }
    fn windows(&self, _: &[usize]) -> [Window; 2] {
        self.windows
    }
}

impl Operation for AdaptiveAvgPool2d {
    fn name(&self) -> &'static str {
        "AdaptiveAvgPool2d"
    }
    fn torch_args(&self) -> String {
        format!("output_size={}", if self.as_int { int_or_pair(self.output_size) } else { pair(self.output_size) })
    }
    fn reach(&self) -> Reach {
        if self.output_size == [1, 1] { Reach::Everything } else { Reach::Resampled }
    }
    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        let [channels, height, width] = map_of("AdaptiveAvgPool2d", input)?;
        if height == 0 || width == 0 {
            return Err(ShapeError::TooSmall { size: 0, extent: 1, padding: 0 });
        }
        let [h, w] = self.output_size;
        Ok(vec![channels, h, w])
    }
    fn windows(&self, input: &[usize]) -> [Window; 2] {
        let axis = |size: usize, out: usize| {
            // Output i averages the pixels floor(i*size/out) .. ceil((i+1)*size/out): the widest of them.
            let widest = (0..out).map(|i| ((i + 1) * size).div_ceil(out) - i * size / out).max().unwrap_or(1);
            Window::new(widest).stride((size / out.max(1)).max(1))
        };
        match input {
            [_, h, w] => [axis(*h, self.output_size[0]), axis(*w, self.output_size[1])],
            _ => [Window::POINT; 2],
        }
    }
}

impl Operation for GlobalPool {
    fn name(&self) -> &'static str {
        match self.kind {
            GlobalPoolKind::Avg => "AdaptiveAvgPool2d",
            GlobalPoolKind::Max => "AdaptiveMaxPool2d",
            GlobalPoolKind::AvgMax => "AdaptiveAvgMaxPool2d",
            GlobalPoolKind::CatAvgMax => "AdaptiveCatAvgMaxPool2d",
        }
    }
    fn torch_args(&self) -> String {
        format!("output_size={}", if self.as_int { "1" } else { "(1, 1)" })
    }
    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        let [channels, height, width] = map_of(self.name(), input)?;
        if height == 0 || width == 0 {
            return Err(ShapeError::TooSmall { size: 0, extent: 1, padding: 0 });
        }
        Ok(vec![self.kind.features(channels), 1, 1])
    }
    fn windows(&self, input: &[usize]) -> [Window; 2] {
        match input {
            [_, h, w] => [Window::new(*h).stride(*h), Window::new(*w).stride(*w)],
            _ => [Window::POINT; 2],
        }
    }
    fn reach(&self) -> Reach {
        Reach::Everything
    }
}

impl Operation for LayerNorm {
    fn name(&self) -> &'static str {
        if self.of_map { "LayerNorm2d" } else { "LayerNorm" }
    }
    fn torch_args(&self) -> String {
        format!("({},), eps={}, elementwise_affine=True, bias=True", self.channels, python_float(self.eps))
    }
    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        let channels = if self.of_map { map_of(self.name(), input)?[0] } else { input.last().copied().unwrap_or(0) };
        expect(self.name(), "channels", self.channels, channels)?;
        Ok(input.to_vec())
    }
    fn params(&self) -> usize {
        2 * self.channels
    }
}

impl Operation for StochasticDepth {
    fn name(&self) -> &'static str {
        "StochasticDepth"
    }
    fn torch_args(&self) -> String {
        format!("p={}, mode=row", python_float(self.p))
    }
    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        Ok(input.to_vec())
    }
}

impl Operation for Activation {
    fn name(&self) -> &'static str {
        self.0.torch_name()
    }
    fn torch_args(&self) -> String {
        self.0.torch_args()
    }
    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        Ok(input.to_vec())
    }
    fn params(&self) -> usize {
        usize::from(self.0 == ActivationKind::PRelu)
    }
}

impl Operation for Dropout {
    fn name(&self) -> &'static str {
        "Dropout"
    }
    fn torch_args(&self) -> String {
        format!("p={}, inplace=False", python_float(self.p))
    }
    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        Ok(input.to_vec())
    }
}

impl Operation for Flatten {
    fn name(&self) -> &'static str {
        "Flatten"
    }
    fn torch_args(&self) -> String {
        "start_dim=1, end_dim=-1".to_owned()
    }
    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        Ok(vec![input.iter().product()])
    }
    fn reach(&self) -> Reach {
        Reach::Everything
    }
}

/// A float as Python's `repr` writes it, for the values that occur as settings.
pub fn python_float(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-4 {
        let text = format!("{value:e}"); // 1e-5
        match text.split_once("e-") {
            Some((digits, exponent)) => format!("{digits}e-{exponent:0>2}"),
            None => text,
        }
    } else {
        format!("{value:?}")
    }
}
