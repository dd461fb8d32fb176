//! Batch norm in training: statistics of the batch, an activation and a residual fused into both directions.
//!
//! Ioffe and Szegedy 2015, "Batch normalization", section 3.

mod backward;
mod forward;

use backward::{Pass, Slope};

use crate::activation::Activation;
use crate::error::{Result, same, setting};
use crate::isa::Isa;
use crate::memory::Shared;
use crate::scratch::Scratch;
use crate::threads::Threads;
use crate::view::{View, ViewMut};

/// `activation(gamma (x - mean) / sqrt(variance + epsilon) + beta + residual)`, mean and variance over all pixels of the batch.
///
/// Results do not depend on the number of threads.
#[derive(Debug, Clone, Copy)]
pub struct BatchNorm<'a> {
    /// A factor for each channel.
    pub gamma: &'a [f32],
    /// A summand for each channel.
    pub beta: &'a [f32],
    /// Added to the variance.
    pub epsilon: f32,
    /// Applied last.
    pub activation: Activation,
}

/// What the forward run finds, for each channel.
#[derive(Debug)]
pub struct Statistics<'a> {
    /// The mean.
    pub mean: &'a mut [f32],
    /// The biased variance: the mean of the squared distances.
    pub variance: &'a mut [f32],
    /// `1 / sqrt(variance + epsilon)`.
    pub inverse: &'a mut [f32],
}

/// Where the gradients go.
#[derive(Debug)]
pub struct BatchNormGradients<'a> {
    /// To the input.
    pub input: ViewMut<'a>,
    /// Whether the input's gradient is added to what is there.
    pub accumulate: bool,
    /// To the residual, where there was one and it is asked for.
    pub residual: Option<ViewMut<'a>>,
    /// To the factors.
    pub gamma: &'a mut [f32],
    /// To the summands.
    pub beta: &'a mut [f32],
}

/// The statistics of a batch, without normalising.
///
/// # Errors
/// Lengths other than the number of channels, or no pixels.
pub fn batch_statistics(
    input: View<'_>,
    epsilon: f32,
    to: Statistics<'_>,
    scratch: &mut Scratch,
    isa: Isa,
    threads: &Threads,
) -> Result<()> {
    let lengths = [to.mean.len(), to.variance.len(), to.inverse.len()];
    same("the statistics", &[input.channels(); 3], &lengths)?;
    has_pixels(&input)?;
    forward::statistics(&input, epsilon, to, isa, scratch, threads);
    Ok(())
}

fn has_pixels(input: &View<'_>) -> Result<()> {
    if input.shape().contains(&0) { setting("batch norm", "there are no pixels") } else { Ok(()) }
}

impl BatchNorm<'_> {
    /// Normalises, and tells the statistics that [`BatchNorm::backward`] needs.
    ///
    /// # Errors
    /// Shapes that differ, lengths other than the number of channels, or no pixels.
    #[allow(clippy::too_many_arguments)]
    pub fn forward(
        &self,
        input: View<'_>,
        residual: Option<View<'_>>,
        output: ViewMut<'_>,
        statistics: Statistics<'_>,
        scratch: &mut Scratch,
        isa: Isa,
        threads: &Threads,
    ) -> Result<()> {
        same("the output", &input.shape(), &output.shape())?;
        if let Some(residual) = residual {
            same("the residual", &input.shape(), &residual.shape())?;
        }
        self.check(&input)?;
        let Statistics { mean, variance, inverse } = statistics;
        batch_statistics(input, self.epsilon, Statistics { mean, variance, inverse }, scratch, isa, threads)?;
        let (scale, shift) = self.affine(mean, inverse);
        forward::normalise(&input, (&scale, &shift), residual, self.activation, output, isa, threads);
        Ok(())
    }

    /// The gradients, from the forward run's input, the gradient to its output, and the statistics that it found.
    ///
    /// `output`, what the forward run gave, is needed where there was a residual before an activation, which must be
    /// [`Activation::Relu`] or [`Activation::Relu6`].
    ///
    /// # Errors
    /// Shapes that differ, lengths other than the number of channels, no pixels, or an activation that `output` does not tell
    /// enough about.
    #[allow(clippy::too_many_arguments)]
    pub fn backward(
        &self,
        input: View<'_>,
        output: Option<View<'_>>,
        gradient: View<'_>,
        mean: &[f32],
        inverse: &[f32],
        into: BatchNormGradients<'_>,
        scratch: &mut Scratch,
        isa: Isa,
        threads: &Threads,
    ) -> Result<()> {
        let BatchNormGradients { input: mut to, accumulate, mut residual, gamma, beta } = into;
        let shape = input.shape();
        same("the statistics", &[shape[3]; 2], &[mean.len(), inverse.len()])?;
        same("the gradients of gamma and beta", &[shape[3]; 2], &[gamma.len(), beta.len()])?;
        let views = [Some(gradient.shape()), Some(to.shape()), output.map(|o| o.shape()), residual.as_ref().map(ViewMut::shape)];
        views.into_iter().flatten().try_for_each(|found| same("a gradient", &shape, &found))?;
        self.check(&input)?;
        let slope = match (self.activation, output) {
            (Activation::Identity, _) => Slope::One,
            (activation, None) => Slope::Input(activation),
            (activation @ (Activation::Relu | Activation::Relu6), Some(y)) => {
                Slope::Output(activation, Shared::new(y.data()), y.pixel_stride())
            }
            _ => return setting("batch norm", "the result of this activation does not tell its slope"),
        };
        let (scale, shift) = self.affine(mean, inverse);
        let pass = Pass {
            input: (Shared::new(input.data()), input.pixel_stride()),
            gradient: (Shared::new(gradient.data()), gradient.pixel_stride()),
            slope,
            mean,
            scale: &scale,
            shift: &shift,
            pixels: input.pixels(),
        };
        let [sums, products] = backward::sums(&pass, isa, scratch, threads);
        let count = input.pixels() as f64;
        let (mut factors, mut constants) = (vec![0.0; shape[3]], vec![0.0; shape[3]]);
        for c in 0..shape[3] {
            let (scale, inverse) = (f64::from(scale[c]), f64::from(inverse[c]));
            beta[c] = sums[c] as f32;
            gamma[c] = (products[c] * inverse) as f32;
            factors[c] = (-scale * inverse * inverse * products[c] / count) as f32;
            constants[c] = (-scale * sums[c] / count) as f32;
        }
        backward::gradients(&pass, [&factors, &constants], (&mut to, accumulate), residual.as_mut(), isa, threads);
        Ok(())
    }

    fn check(&self, input: &View<'_>) -> Result<()> {
        same("gamma and beta", &[input.channels(); 2], &[self.gamma.len(), self.beta.len()])?;
        has_pixels(input)
    }

    /// A factor and a summand for each channel, the same in both directions.
    fn affine(&self, mean: &[f32], inverse: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let scale: Vec<f32> = self.gamma.iter().zip(inverse).map(|(gamma, inverse)| gamma * inverse).collect();
        let shift = self.beta.iter().zip(mean).zip(&scale).map(|((beta, mean), scale)| beta - mean * scale).collect();
        (scale, shift)
    }
}
