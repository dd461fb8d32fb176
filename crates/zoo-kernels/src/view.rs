//! Tensors as the kernels see them: `[batch, height, width, channels]`, channels last.

use std::marker::PhantomData;

use crate::error::{Result, need, setting};
use crate::memory::{Shared, SharedMut};

/// `[batch, height, width, channels]`.
pub type Shape = [usize; 4];

/// Floats from the first to the last element, and a check that no step of it overflows.
pub(crate) fn extent(shape: Shape, pixel_stride: usize) -> Option<usize> {
    let pixels = shape[0].checked_mul(shape[1])?.checked_mul(shape[2])?;
    if pixels == 0 || shape[3] == 0 {
        return Some(0);
    }
    let last = (pixels - 1).checked_mul(pixel_stride)?;
    last.checked_add(shape[3]).filter(|&n| n <= isize::MAX as usize / 4)
}

fn check(len: usize, shape: Shape, pixel_stride: usize) -> Result<()> {
    if pixel_stride < shape[3] {
        return setting("pixel stride", "it must be at least the number of channels");
    }
    match extent(shape, pixel_stride) {
        Some(needed) => need("a view", needed, len),
        None => setting("shape", "it does not fit into the address space"),
    }
}

/// A tensor that is read. From one pixel to the next are `pixel_stride` floats, so that it can be part of a concatenation.
///
/// It is an address and not a slice: the result of a step may lie between its pixels, in other channels of one concatenation.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    data: Shared,
    borrow: PhantomData<&'a [f32]>,
    shape: Shape,
    pixel_stride: usize,
}

/// A tensor that is written; floats between its pixels are left as they are.
#[derive(Debug)]
pub struct ViewMut<'a> {
    data: SharedMut,
    borrow: PhantomData<&'a mut [f32]>,
    shape: Shape,
    pixel_stride: usize,
}

impl<'a> View<'a> {
    /// A tensor whose pixels follow each other without gaps.
    ///
    /// # Errors
    /// `data` is too short.
    pub fn new(data: &'a [f32], shape: Shape) -> Result<Self> {
        Self::strided(data, shape, shape[3])
    }

    /// A tensor with `pixel_stride` floats from one pixel to the next; `data` begins with its first channel.
    ///
    /// # Errors
    /// `data` is too short, or the stride is below the number of channels.
    pub fn strided(data: &'a [f32], shape: Shape, pixel_stride: usize) -> Result<Self> {
        check(data.len(), shape, pixel_stride)?;
        Ok(Self { data: Shared::new(data), borrow: PhantomData, shape, pixel_stride })
    }

    /// Where the first channel of the first pixel lies.
    pub(crate) const fn data(&self) -> Shared {
        self.data
    }

    /// The same pixels as `[pixels, 1, 1, channels]`.
    pub(crate) const fn as_rows(mut self) -> Self {
        self.shape = [self.pixels(), 1, 1, self.shape[3]];
        self
    }
}

impl<'a> ViewMut<'a> {
    /// A tensor whose pixels follow each other without gaps.
    ///
    /// # Errors
    /// `data` is too short.
    pub fn new(data: &'a mut [f32], shape: Shape) -> Result<Self> {
        Self::strided(data, shape, shape[3])
    }

    /// A tensor with `pixel_stride` floats from one pixel to the next; `data` begins with its first channel.
    ///
    /// # Errors
    /// `data` is too short, or the stride is below the number of channels.
    pub fn strided(data: &'a mut [f32], shape: Shape, pixel_stride: usize) -> Result<Self> {
        check(data.len(), shape, pixel_stride)?;
        Ok(Self { data: SharedMut::new(data), borrow: PhantomData, shape, pixel_stride })
    }

    /// Where the first channel of the first pixel lies.
    pub(crate) const fn data(&mut self) -> SharedMut {
        self.data
    }

    /// The same pixels as `[pixels, 1, 1, channels]`.
    pub(crate) const fn into_rows(mut self) -> Self {
        self.shape = [self.pixels(), 1, 1, self.shape[3]];
        self
    }

    /// The same tensor, to be read.
    pub const fn as_view(&self) -> View<'_> {
        View { data: self.data.shared(), borrow: PhantomData, shape: self.shape, pixel_stride: self.pixel_stride }
    }
}

impl View<'_> {
    /// # Safety
    /// All floats of the view must be readable, and nobody may write them, for the view's lifetime.
    pub(crate) unsafe fn from_address(data: Shared, shape: Shape, pixel_stride: usize) -> Self {
        Self { data, borrow: PhantomData, shape, pixel_stride }
    }
}

impl ViewMut<'_> {
    /// # Safety
    /// All floats of the view must be writable, and nobody else may use them, for the view's lifetime.
    pub(crate) unsafe fn from_address(data: SharedMut, shape: Shape, pixel_stride: usize) -> Self {
        Self { data, borrow: PhantomData, shape, pixel_stride }
    }
}

macro_rules! describe {
    ($view:ident) => {
        impl $view<'_> {
            /// `[batch, height, width, channels]`.
            pub const fn shape(&self) -> Shape {
                self.shape
            }

            /// Floats from one pixel to the next.
            pub const fn pixel_stride(&self) -> usize {
                self.pixel_stride
            }

            /// Pixels of all pictures.
            pub const fn pixels(&self) -> usize {
                self.shape[0] * self.shape[1] * self.shape[2]
            }

            /// Channels of a pixel.
            pub const fn channels(&self) -> usize {
                self.shape[3]
            }

            /// Whether its pixels follow each other without gaps.
            pub const fn is_dense(&self) -> bool {
                self.pixel_stride == self.shape[3]
            }
        }
    };
}

describe!(View);
describe!(ViewMut);
