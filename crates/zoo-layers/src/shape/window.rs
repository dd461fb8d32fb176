//! One axis of a sliding window.

use thiserror::Error;

/// Why a shape cannot pass through a layer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// The window does not fit into the padded input even once.
    #[error("an input of {size} pixels is too small for a window of {extent} pixels with {padding} of padding on each side")]
    TooSmall {
        /// Input size in pixels.
        size: usize,
        /// Pixels that the (dilated) window spans.
        extent: usize,
        /// Padding on each side in pixels.
        padding: usize,
    },
    /// A stride, kernel or dilation of zero.
    #[error("{what} must be at least 1")]
    Zero {
        /// `kernel_size`, `stride` or `dilation`.
        what: &'static str,
    },
    /// Pooling with more padding than half the kernel, which PyTorch refuses as well.
    #[error("a padding of {padding} is more than half of the pooling kernel of {kernel_size}")]
    PoolPadding {
        /// Padding on each side in pixels.
        padding: usize,
        /// Kernel size in pixels.
        kernel_size: usize,
    },
    /// The layer expects another number of channels or features.
    #[error("{layer} expects {expected} {unit}, but gets {actual}")]
    Mismatch {
        /// The layer's type.
        layer: &'static str,
        /// What it expects.
        expected: usize,
        /// What it was given.
        actual: usize,
        /// `channels`, `features` or `axes`.
        unit: &'static str,
    },
    /// Branches that are added or concatenated have different shapes.
    #[error("branches meet with different shapes: {left:?} and {right:?}")]
    Branches {
        /// Shape of the first branch, without the batch.
        left: Vec<usize>,
        /// Shape of the other branch, without the batch.
        right: Vec<usize>,
    },
    /// The layer needs an input of exactly this size (a fully connected layer fixes it).
    #[error("the layer is made for an input of {expected:?} pixels, not {actual:?}")]
    FixedSize {
        /// `[height, width]` it is made for.
        expected: [usize; 2],
        /// `[height, width]` it was given.
        actual: [usize; 2],
    },
    /// A shape error, with the layer in which it happened.
    #[error("in layer `{path}`: {cause}")]
    At {
        /// Dotted path of the layer.
        path: String,
        /// What happened there.
        cause: Box<ShapeError>,
    },
}

/// A sliding window along one axis: of a convolution or of pooling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Number of taps.
    pub kernel_size: usize,
    /// Step between neighbouring outputs, in input pixels.
    pub stride: usize,
    /// Zeros (or minus infinity, for max pooling) added on each side, in pixels.
    pub padding: usize,
    /// Distance between neighbouring taps, in pixels.
    pub dilation: usize,
}

impl Window {
    /// The window that looks at one pixel and leaves the size alone.
    pub const POINT: Self = Self { kernel_size: 1, stride: 1, padding: 0, dilation: 1 };

    /// A window with stride 1, no padding and no dilation.
    pub const fn new(kernel_size: usize) -> Self {
        Self { kernel_size, stride: 1, padding: 0, dilation: 1 }
    }

    /// The same window with another stride.
    pub const fn stride(self, stride: usize) -> Self {
        Self { stride, ..self }
    }

    /// The same window with another padding on each side.
    pub const fn padding(self, padding: usize) -> Self {
        Self { padding, ..self }
    }

    /// The same window with another dilation.
    pub const fn dilation(self, dilation: usize) -> Self {
        Self { dilation, ..self }
    }

    /// Pixels from the first tap to the last, both included: `dilation * (kernel_size - 1) + 1`.
    pub const fn extent(self) -> usize {
        self.dilation * self.kernel_size.saturating_sub(1) + 1
    }

    /// The padding on each side that keeps the size at stride 1, or `None` where an even extent would need one more
    /// pixel on one side.
    pub const fn same_padding(self) -> Option<usize> {
        if self.extent() % 2 == 1 { Some(self.extent() / 2) } else { None }
    }

    fn check(self) -> Result<(), ShapeError> {
        for (what, value) in [("kernel_size", self.kernel_size), ("stride", self.stride), ("dilation", self.dilation)] {
            if value == 0 {
                return Err(ShapeError::Zero { what });
            }
        }
        Ok(())
    }

    /// Output size of a convolution: `floor((size + 2 padding - extent) / stride) + 1`.
    ///
    /// # Errors
    /// [`ShapeError::TooSmall`] where the window does not fit, [`ShapeError::Zero`] for a zero setting.
    pub fn conv_output(self, size: usize) -> Result<usize, ShapeError> {
        self.check()?;
        let padded = size + 2 * self.padding;
        if size == 0 || padded < self.extent() {
            return Err(ShapeError::TooSmall { size, extent: self.extent(), padding: self.padding });
        }
        Ok((padded - self.extent()) / self.stride + 1)
    }

    /// Output size of pooling. With `ceil_mode` a last, partial window counts if it starts inside the input or its
    /// left padding (PyTorch's rule); so does a first one that lacks fewer pixels than a step has.
    ///
    /// # Errors
    /// As [`Window::conv_output`], and [`ShapeError::PoolPadding`].
    pub fn pool_output(self, size: usize, ceil_mode: bool) -> Result<usize, ShapeError> {
        if self.padding > self.kernel_size / 2 {
            return Err(ShapeError::PoolPadding { padding: self.padding, kernel_size: self.kernel_size });
        }
        self.check()?;
        let padded = size + 2 * self.padding + if ceil_mode { self.stride - 1 } else { 0 };
        if size == 0 || padded < self.extent() {
            return Err(ShapeError::TooSmall { size, extent: self.extent(), padding: self.padding });
        }
        let steps = (padded - self.extent()) / self.stride;
        let last_starts_outside = ceil_mode && steps * self.stride >= size + self.padding;
        Ok(if last_starts_outside { steps } else { steps + 1 })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    /// Counts the window's positions one by one.
    fn positions(w: Window, size: usize) -> usize {
        (0..).take_while(|i| i * w.stride + w.extent() <= size + 2 * w.padding).count()
    }

    #[test]
    fn known_layers() {
        assert_eq!(Window::new(11).stride(4).padding(2).conv_output(224), Ok(55)); // AlexNet
        assert_eq!(Window::new(7).stride(2).padding(3).conv_output(224), Ok(112)); // ResNet
        assert_eq!(Window::new(3).stride(2).pool_output(112, true), Ok(56)); // GoogLeNet: ceil mode
        assert_eq!(Window::new(3).stride(2).pool_output(112, false), Ok(55));
        assert_eq!(Window::new(3).dilation(2).extent(), 5);
        assert_eq!(Window::new(3).dilation(2).same_padding(), Some(2));
        assert_eq!(Window::new(2).same_padding(), None);
    }

    /// Of torch's `max_pool2d(ceil_mode=True)`, for 1 to 12 pixels; 0 where it refuses.
    #[test]
    fn ceil_mode_is_pytorchs() {
        for ((k, s, p), want) in [
            ((3, 2, 0), [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6]),
            ((3, 2, 1), [1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7]),
            ((2, 2, 0), [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]),
            ((5, 3, 0), [0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4]),
            ((4, 3, 1), [1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5]),
            ((3, 3, 1), [1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5]),
            ((5, 4, 2), [1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4]),
        ] {
            let window = Window::new(k).stride(s).padding(p);
            let sizes: Vec<usize> = (1..=12).map(|size| window.pool_output(size, true).unwrap_or(0)).collect();
            assert_eq!(sizes, want, "{k} {s} {p}");
        }
    }

    #[test]
    fn nonsense_is_an_error() {
        assert_eq!(Window::new(3).stride(0).conv_output(8), Err(ShapeError::Zero { what: "stride" }));
        assert!(matches!(Window::new(5).conv_output(4), Err(ShapeError::TooSmall { size: 4, extent: 5, .. })));
        assert!(matches!(Window::new(2).padding(2).pool_output(8, false), Err(ShapeError::PoolPadding { .. })));
        assert!(Window::new(1).padding(3).conv_output(0).is_err());
    }

    proptest! {
        #[test]
        fn convolution_counts_positions(k in 1usize..8, s in 1usize..5, p in 0usize..4, d in 1usize..4, size in 1usize..64) {
            let w = Window { kernel_size: k, stride: s, padding: p, dilation: d };
            match w.conv_output(size) {
                Ok(n) => prop_assert_eq!(n, positions(w, size)),
                Err(_) => prop_assert_eq!(positions(w, size), 0),
            }
        }

        #[test]
        fn ceil_mode_adds_at_most_one_window_that_starts_inside(k in 1usize..8, s in 1usize..5, p in 0usize..4, size in 1usize..64) {
            let w = Window { kernel_size: k, stride: s, padding: p.min(k / 2), dilation: 1 };
            if let (Ok(floor), Ok(ceil)) = (w.pool_output(size, false), w.pool_output(size, true)) {
                prop_assert!(ceil == floor || ceil == floor + 1);
                prop_assert!((ceil - 1) * s < size + w.padding);
            }
        }
    }
}
