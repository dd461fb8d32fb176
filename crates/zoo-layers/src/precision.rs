//! Numbers of fewer than 32 bits.

use burn::tensor::{DType, FloatDType, Tensor};

/// At least f32: what sums or compares many numbers needs it, in whatever the numbers are kept. (PyTorch's autocast has a list of
/// the same operations.)
pub fn widened<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    match x.dtype() {
        DType::F16 | DType::BF16 => x.cast(FloatDType::F32),
        _ => x,
    }
}

/// Computes in at least f32, and gives what comes out in the input's own numbers.
pub fn in_wide<const D: usize>(x: Tensor<D>, compute: impl FnOnce(Tensor<D>) -> Tensor<D>) -> Tensor<D> {
    let dtype = x.dtype();
    compute(widened(x)).cast(dtype)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn a_sum_of_many_small_numbers_is_not_lost() {
        let x = Tensor::<2>::ones([1, 4096], &Device::flex()).cast(FloatDType::BF16);
        assert_eq!(widened(x.clone()).dtype(), DType::F32);
        let mean = in_wide(x, |x| x.mean_dim(1));
        assert_eq!((mean.dtype(), widened(mean).into_scalar::<f32>()), (DType::BF16, 1.0));
    }
}
