//! Who computes the operations on feature maps faster than Burn's backend does.

use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::{DType, Device, Tensor};

use crate::ActivationKind;

/// Where windows lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Windows {
    /// Height and width in pixels.
    pub kernel: [usize; 2],
    /// Vertical and horizontal step in pixels.
    pub stride: [usize; 2],
    /// Pixels around the input: `[[top, bottom], [left, right]]`.
    pub padding: [[usize; 2]; 2],
    /// Vertical and horizontal distance between the elements of a window.
    pub dilation: [usize; 2],
    /// Whether a last window may reach beyond the padded input.
    pub ceil_mode: bool,
}

/// What a convolution is computed with.
#[derive(Debug, Clone)]
pub struct Convolution {
    /// `[out_channels, in_channels / groups, height, width]`.
    pub weight: Tensor<4>,
    /// `[out_channels]`.
    pub bias: Option<Tensor<1>>,
    /// Where the windows lie.
    pub windows: Windows,
    /// Groups of channels that do not see each other.
    pub groups: usize,
}

/// What a batch normalisation is computed with, and what follows it in the same pass.
#[derive(Debug, Clone)]
pub struct Normalisation {
    /// Scale, `[channels]`.
    pub weight: Tensor<1>,
    /// Shift, `[channels]`.
    pub bias: Tensor<1>,
    /// Mean and variance that were collected before, `[channels]` each; the batch's own where there are none.
    pub statistics: Option<[Tensor<1>; 2]>,
    /// Is added to the variance.
    pub eps: f64,
    /// Is added to the normalised map, of its shape.
    pub residual: Option<Tensor<4>>,
    /// Is applied at the end.
    pub activation: Option<ActivationKind>,
}

/// A normalised map, and the statistics of the batch where they were used.
#[derive(Debug)]
pub struct Normalised {
    /// `[batch, channels, height, width]`.
    pub output: Tensor<4>,
    /// Mean and biased variance, `[channels]` each, without history.
    pub statistics: Option<[Tensor<1>; 2]>,
}

/// PyTorch's SGD without dampening, of one parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SgdRule {
    /// Learning rate.
    pub lr: f64,
    /// Momentum in `[0, 1)`.
    pub momentum: f64,
    /// Weight decay, added to the gradient.
    pub weight_decay: f64,
    /// Whether the momentum is Nesterov's.
    pub nesterov: bool,
}

/// The operations of [`maps`](crate::maps), for tensors `[batch, channels, height, width]` of some devices, with gradients where
/// the device has autodiff. `zoo-flex` has them for the CPU.
pub trait Accelerator: Send + Sync {
    /// Whether it computes on this device with numbers of this type.
    fn takes(&self, device: &Device, dtype: DType) -> bool;

    /// Convolution and activation.
    fn conv2d(&self, x: Tensor<4>, conv: Convolution, activation: Option<ActivationKind>) -> Tensor<4>;

    /// Batch normalisation, sum and activation.
    fn batch_norm(&self, x: Tensor<4>, with: Normalisation) -> Normalised;

    /// Batch normalisation with the batch's statistics and without a residual, activation, and a convolution.
    fn norm_conv(&self, x: Tensor<4>, with: Normalisation, conv: Convolution) -> Normalised;

    /// An activation, element by element; none if it does not have it.
    fn activation(&self, x: Tensor<4>, kind: ActivationKind) -> Option<Tensor<4>>;

    /// `activation(a + b)` for maps of one shape.
    fn add(&self, a: Tensor<4>, b: Tensor<4>, activation: Option<ActivationKind>) -> Tensor<4>;

    /// A map times a gate `[batch, channels, 1, 1]`.
    fn scale(&self, x: Tensor<4>, gate: Tensor<4>) -> Tensor<4>;

    /// The largest value of each window.
    fn max_pool2d(&self, x: Tensor<4>, windows: Windows) -> Tensor<4>;

    /// The mean of each window; `count_padding` counts the padding as zeros.
    fn avg_pool2d(&self, x: Tensor<4>, windows: Windows, count_padding: bool) -> Tensor<4>;

    /// Means of so many windows of nearly equal size; `[1, 1]` is the global average.
    fn adaptive_avg_pool2d(&self, x: Tensor<4>, output_size: [usize; 2]) -> Tensor<4>;

    /// Maps side by side along the channels.
    fn cat(&self, maps: Vec<Tensor<4>>) -> Tensor<4>;

    /// The same map as many times, for as many users, whose gradients are summed without Burn's help.
    fn fork(&self, x: Tensor<4>, users: usize) -> Vec<Tensor<4>>;

    /// `x weight + bias` for `[batch, in_features]` and `[in_features, out_features]`.
    fn linear(&self, x: Tensor<2>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2>;

    /// A step of stochastic gradient descent, in place where nobody else has the tensors: the value and the velocity after it.
    fn sgd(&self, value: Tensor<1>, gradient: Tensor<1>, velocity: Option<Tensor<1>>, rule: SgdRule) -> [Tensor<1>; 2];

    /// The first of the maps of a dense block, which will have about so many channels in the end.
    fn grow(&self, x: Tensor<4>, channels: usize) -> Box<dyn Growing>;
}

/// The maps of a dense block, of one size.
pub trait Growing {
    /// Puts a map behind the others.
    fn push(&mut self, x: Tensor<4>);

    /// Batch normalisation with the batch's statistics, activation and convolution of the concatenation of all maps so far.
    fn norm_conv(&self, with: Normalisation, conv: Convolution) -> Normalised;

    /// The concatenation of all maps so far.
    fn cat(&self) -> Tensor<4>;
}

static ACCELERATOR: OnceLock<&'static dyn Accelerator> = OnceLock::new();
static ENABLED: AtomicBool = AtomicBool::new(true);

thread_local! {
    static PLAIN: Cell<bool> = const { Cell::new(false) };
}

/// Has an accelerator compute what it [takes](Accelerator::takes). The first one of a process stays.
pub fn accelerate(with: &'static dyn Accelerator) {
    ACCELERATOR.get_or_init(|| with);
}

/// Switches the accelerator of this process off and on, to compare.
pub fn set_accelerated(on: bool) {
    ENABLED.store(on, Ordering::Relaxed);
}

/// Runs `forward` on this thread with Burn's operations alone.
pub fn without_accelerator<T>(forward: impl FnOnce() -> T) -> T {
    /// Sets the flag back however `forward` ends.
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            PLAIN.set(self.0);
        }
    }
    let _before = Before(PLAIN.replace(true));
    forward()
}

/// The accelerator for this tensor.
pub(crate) fn accelerator<const D: usize>(x: &Tensor<D>) -> Option<&'static dyn Accelerator> {
    let found = ACCELERATOR.get().filter(|_| ENABLED.load(Ordering::Relaxed) && !PLAIN.get())?;
    (x.dims().iter().all(|&length| length > 0) && found.takes(&x.device(), x.dtype())).then_some(*found)
}
