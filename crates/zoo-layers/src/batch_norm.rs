//! Batch normalisation with PyTorch's running statistics and parameter names.

use burn::module::{Content, DisplaySettings, Flag, Module, ModuleDisplay, Param, RunningState};
use burn::tensor::module::{batch_norm, batch_norm_train};
use burn::tensor::{Device, Tensor};

use crate::ActivationKind;
use crate::describe::{Describe, Node, ops};
use crate::maps::{After, Normalisation, Normalised, accelerator};
use crate::precision::widened;

/// Batch normalisation over `[batch, channels, height, width]` (Ioffe and Szegedy 2015, <https://arxiv.org/abs/1502.03167>).
///
/// Burn's own keeps the biased variance of a batch in its running variance; PyTorch keeps the unbiased one
/// (`n / (n - 1)` as large, `n = batch * height * width`), and so does this. The parameters have PyTorch's names.
///
/// It uses the batch's statistics while training, that is on an autodiff device unless frozen, and the running
/// statistics otherwise.
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct BatchNorm2d {
    /// Scale, `[channels]`.
    pub weight: Param<Tensor<1>>,
    /// Shift, `[channels]`.
    pub bias: Param<Tensor<1>>,
    /// Running mean, `[channels]`.
    pub running_mean: RunningState<Tensor<1>>,
    /// Running, unbiased variance, `[channels]`.
    pub running_var: RunningState<Tensor<1>>,
    training: Param<Flag>,
    eps: f64,
    momentum: f64,
}

impl BatchNorm2d {
    /// With PyTorch's defaults: eps 1e-5, momentum 0.1.
    pub fn new(num_features: usize, device: &Device) -> Self {
        Self::with(num_features, 1e-5, 0.1, device)
    }

    /// With another `eps` (added to the variance) and `momentum` (weight of the newest batch).
    pub fn with(num_features: usize, eps: f64, momentum: f64, device: &Device) -> Self {
        Self {
            weight: burn::nn::Initializer::Ones.init([num_features], device),
            bias: burn::nn::Initializer::Zeros.init([num_features], device),
            running_mean: RunningState::new(Tensor::zeros([num_features], device)),
            running_var: RunningState::new(Tensor::ones([num_features], device)),
            training: Param::from_bool(true),
            eps,
            momentum,
        }
    }

    /// Normalises each channel; the shape `[batch, channels, height, width]` stays.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.forward_then(x, After::Nothing)
    }

    /// The same, and what follows.
    pub fn forward_then<'a>(&self, x: Tensor<4>, after: impl Into<After<'a>>) -> Tensor<4> {
        self.run(x, None, after.into())
    }

    /// The same, a `residual` of the map's shape added, and what follows.
    pub fn forward_add<'a>(&self, x: Tensor<4>, residual: Tensor<4>, after: impl Into<After<'a>>) -> Tensor<4> {
        self.run(x, Some(residual), after.into())
    }

    fn run(&self, x: Tensor<4>, residual: Option<Tensor<4>>, after: After<'_>) -> Tensor<4> {
        let device = x.device();
        let training = device.is_autodiff() && self.training.is_enabled();
        let [batch, _, height, width] = x.dims();
        let n = batch * height * width;
        if let Some(fast) = accelerator(&x) {
            let (kind, rest) = after.split();
            let mut with = self.normalisation(residual, kind);
            with.statistics = (!training).then(|| [&self.running_mean, &self.running_var].map(RunningState::value));
            return rest.forward(self.keep(fast.batch_norm(x, with), n));
        }
        let dtype = x.dtype();
        let (x, weight, bias) = (widened(x), widened(self.weight.val()), widened(self.bias.val()));
        let normed = if training {
            let result = batch_norm_train(x, weight, bias, self.eps);
            let statistics = Some([result.mean.detach(), result.variance.detach()]);
            self.keep(Normalised { output: result.output, statistics }, n)
        } else {
            let [mean, var] = [&self.running_mean, &self.running_var].map(|state| state.value().to_device(&device));
            batch_norm(x, weight, bias, mean, var, self.eps)
        }
        .cast(dtype);
        after.forward(match residual {
            Some(residual) => normed + residual,
            None => normed,
        })
    }

    /// Whether the statistics are the batch's, on a device with autodiff.
    pub(crate) fn is_training(&self) -> bool {
        self.training.is_enabled()
    }

    /// With the batch's statistics.
    pub(crate) fn normalisation(&self, residual: Option<Tensor<4>>, activation: Option<ActivationKind>) -> Normalisation {
        Normalisation { weight: self.weight.val(), bias: self.bias.val(), statistics: None, eps: self.eps, residual, activation }
    }

    /// Lets the statistics of a batch of `n` pixels into the running ones.
    pub(crate) fn keep(&self, result: Normalised, n: usize) -> Tensor<4> {
        if let Some([mean, variance]) = result.statistics {
            let (device, n) = (result.output.device(), n as f64);
            // One value a channel has no unbiased variance; PyTorch refuses it, here the biased one (zero) is kept.
            let unbiased = variance * (n / (n - 1.0).max(1.0));
            self.blend(&self.running_mean, mean, &device);
            self.blend(&self.running_var, unbiased, &device);
        }
        result.output
    }

    fn blend(&self, running: &RunningState<Tensor<1>>, batch: Tensor<1>, device: &Device) {
        let old = running.value_sync().to_device(device);
        running.update((old * (1.0 - self.momentum) + batch * self.momentum).detach());
        // Burn shows an update to visitors after the next one only: what is read or saved now would be a step behind.
        running.value_sync();
    }
}

impl ModuleDisplay for BatchNorm2d {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        DisplaySettings::new().with_new_line_after_attribute(false).optional()
    }

    fn custom_content(&self, content: Content) -> Option<Content> {
        content.add("num_features", &self.weight.lazy_shape()[0]).add("eps", &self.eps).add("momentum", &self.momentum).optional()
    }
}

impl Describe for BatchNorm2d {
    fn describe(&self) -> Node {
        Node::leaf(ops::BatchNorm2d { num_features: self.weight.lazy_shape()[0], eps: self.eps, momentum: self.momentum })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn statistics_are_visible_as_soon_as_they_are_updated() {
        #[derive(Default)]
        struct Seen(Vec<f32>);
        impl burn::module::ModuleVisitor for Seen {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                self.0.extend(param.val().without_autodiff().into_data().try_to_vec::<f32>().unwrap());
            }
        }
        let device = Device::flex().autodiff();
        let norm = BatchNorm2d::new(1, &device);
        norm.forward(Tensor::full([2, 1, 2, 2], 5.0, &device));
        let mut seen = Seen::default();
        norm.visit(&mut seen);
        // Weight, bias, mean and variance.
        assert!(seen.0.iter().zip([1.0, 0.0, 0.5, 0.9]).all(|(a, b)| (a - b).abs() < 1e-6), "{:?}", seen.0);
    }

    #[test]
    fn running_variance_is_unbiased_and_the_mode_follows_the_device() {
        let device = Device::flex().autodiff();
        let norm = BatchNorm2d::new(1, &device);
        let x = Tensor::<4>::from_floats([[[[1.0, 2.0]]], [[[3.0, 6.0]]]], &device);
        let y = norm.forward(x.clone());
        // Mean 3, biased variance 3.5, unbiased 14/3.
        let mean = norm.running_mean.value_sync().into_scalar::<f32>();
        let var = norm.running_var.value_sync().into_scalar::<f32>();
        assert!((mean - 0.3).abs() < 1e-6, "{mean}");
        assert!((var - (0.9 + 0.1 * 14.0 / 3.0)).abs() < 1e-6, "{var}");
        let first = y.into_data().try_to_vec::<f32>().unwrap()[0];
        assert!((first - (1.0 - 3.0) / (3.5f32 + 1e-5).sqrt()).abs() < 1e-5, "{first}");

        let eval = norm.valid().forward(x.without_autodiff()).into_data().try_to_vec::<f32>().unwrap()[0];
        assert!((eval - (1.0 - 0.3) / (var + 1e-5).sqrt()).abs() < 1e-5, "{eval}");
    }
}
