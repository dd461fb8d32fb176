//! Fully connected layers in training.

use super::few::{self, ROWS, Rows, Sizes};
use crate::activation::Activation;
use crate::channels::channel_sums;
use crate::conv::{ConvSpec, ConvTraining};
use crate::error::{Result, same};
use crate::isa::Isa;
use crate::memory::{Shared, SharedMut};
use crate::scratch::Scratch;
use crate::threads::Threads;
use crate::view::{View, ViewMut};

/// A fully connected layer in training. Inputs and outputs have any height and width; all their pixels are rows.
///
/// Results do not depend on the number of threads.
#[derive(Clone, Debug)]
pub struct DenseTraining {
    conv: ConvTraining,
    rows: usize,
    isa: Isa,
}

impl DenseTraining {
    /// For `rows` of `in_features`, which become `out_features`.
    ///
    /// # Errors
    /// Zero features.
    pub fn new(rows: usize, in_features: usize, out_features: usize, isa: Isa) -> Result<Self> {
        let conv = ConvTraining::new(&ConvSpec::new(in_features, out_features, [1, 1]), [rows, 1, 1, in_features], isa)?;
        Ok(Self { conv, rows, isa })
    }

    fn sizes(&self) -> Sizes {
        Sizes { rows: self.rows, ins: self.conv.spec().in_channels, outs: self.conv.spec().out_channels }
    }

    /// # Errors
    /// Lengths that do not fit.
    fn check(&self, inside: [usize; 2], outside: [usize; 2], weight: usize, bias: Option<usize>) -> Result<()> {
        let Sizes { rows, ins, outs } = self.sizes();
        same("the rows and features of the input", &[rows, ins], &inside)?;
        same("the rows and features of the output", &[rows, outs], &outside)?;
        same("weights and bias", &[ins * outs, outs], &[weight, bias.unwrap_or(outs)])
    }

    /// `output = input weight^T + bias`, with weights `[out_features, in_features]`.
    ///
    /// # Errors
    /// Shapes or lengths that do not fit.
    pub fn forward(
        &self,
        input: View<'_>,
        weight: &[f32],
        bias: Option<&[f32]>,
        mut output: ViewMut<'_>,
        scratch: &mut Scratch,
        threads: &Threads,
    ) -> Result<()> {
        self.check([input.pixels(), input.channels()], [output.pixels(), output.channels()], weight.len(), bias.map(<[f32]>::len))?;
        if self.rows > ROWS {
            let (from, to) = (input.as_rows(), output.into_rows());
            return self.conv.forward(from, weight, bias, None, Activation::Identity, to, scratch, threads);
        }
        // SAFETY: the lengths were checked.
        unsafe { few::forward(self.sizes(), read(&input), weight, bias, write(&mut output), self.isa, scratch, threads) };
        Ok(())
    }

    /// The gradient to the input.
    ///
    /// # Errors
    /// Shapes or lengths that do not fit.
    pub fn input_gradient(
        &self,
        gradient: View<'_>,
        weight: &[f32],
        mut into: ViewMut<'_>,
        scratch: &mut Scratch,
        threads: &Threads,
    ) -> Result<()> {
        self.check([into.pixels(), into.channels()], [gradient.pixels(), gradient.channels()], weight.len(), None)?;
        if self.rows > ROWS {
            return self.conv.input_gradient(gradient.as_rows(), weight, into.into_rows(), scratch, threads);
        }
        // SAFETY: the lengths were checked.
        unsafe { few::input_gradient(self.sizes(), read(&gradient), weight, write(&mut into), self.isa, scratch, threads) };
        Ok(())
    }

    /// The gradients to the weights, and to the bias where asked for.
    ///
    /// # Errors
    /// Shapes or lengths that do not fit.
    pub fn weight_gradient(
        &self,
        input: View<'_>,
        gradient: View<'_>,
        weight: &mut [f32],
        bias: Option<&mut [f32]>,
        scratch: &mut Scratch,
        threads: &Threads,
    ) -> Result<()> {
        let (from, to) = ([input.pixels(), input.channels()], [gradient.pixels(), gradient.channels()]);
        self.check(from, to, weight.len(), bias.as_ref().map(|bias| bias.len()))?;
        if self.rows > ROWS {
            return self.conv.weight_gradient(input.as_rows(), gradient.as_rows(), weight, bias, scratch, threads);
        }
        // SAFETY: the lengths were checked.
        unsafe { few::weight_gradient(self.sizes(), read(&input), read(&gradient), weight, self.isa, scratch, threads) };
        if let Some(bias) = bias {
            channel_sums(gradient, bias, self.isa, scratch, threads);
        }
        Ok(())
    }
}

fn read(view: &View<'_>) -> Rows<Shared> {
    Rows { data: Shared::new(view.data()), stride: view.pixel_stride() }
}

fn write(view: &mut ViewMut<'_>) -> Rows<SharedMut> {
    Rows { stride: view.pixel_stride(), data: SharedMut::new(view.data()) }
}
