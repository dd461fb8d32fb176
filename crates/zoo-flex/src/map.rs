//! Flex's tensors as the kernels' views.
//!
//! A map is a tensor of shape `[batch, channels, height, width]` whose strides say that it lies channels last: to Burn it is a
//! permuted view like any other, to the kernels it is what they compute with. Channels may have others beside them (a slice of a
//! concatenation).

use burn_backend::{DType, TensorMetadata};
use burn_flex::{FlexTensor, Layout};
use zoo_kernels::{Activation, Binary, Isa, Shape, View, ViewMut, binary_in_place, nchw_to_nhwc};

use crate::buffer::Buffer;
use crate::run::{done, isa, threads};

/// A tensor that lies channels last.
#[derive(Debug, Clone)]
pub(crate) struct Map {
    tensor: FlexTensor,
    shape: Shape,
    pixel_stride: usize,
}

/// `[batch, channels, height, width]` of a tensor with four axes.
fn axes(tensor: &FlexTensor) -> [usize; 4] {
    tensor.shape().dims()
}

/// The floats from pixel to pixel, if the tensor lies channels last.
fn pixel_stride(tensor: &FlexTensor) -> Option<usize> {
    let [batch, channels, height, width] = axes(tensor);
    let strides: &[isize; 4] = tensor.layout().strides().try_into().ok()?;
    let [image, channel, row, pixel] = strides.map(|stride| usize::try_from(stride).ok());
    // The stride of an axis of length one says nothing; that of the innermost longer one is the pixels'.
    let pixel = match (batch, height, width) {
        (_, _, 2..) => pixel?,
        (_, 2.., _) => row?,
        (2.., _, _) => image?,
        _ => channels,
    };
    let fits = |length: usize, stride: Option<usize>, wanted: usize| length == 1 || stride == Some(wanted);
    let lies = fits(channels, channel, 1) && fits(height, row, width * pixel) && fits(batch, image, height * width * pixel);
    (lies && pixel >= channels).then_some(pixel)
}

impl Map {
    /// The tensor as it is if it lies channels last, otherwise a copy that does.
    pub fn of(tensor: FlexTensor) -> Self {
        let [batch, channels, height, width] = axes(&tensor);
        let shape = [batch, height, width, channels];
        if let Some(pixel_stride) = pixel_stride(&tensor) {
            return Self { tensor, shape, pixel_stride };
        }
        let tensor = tensor.to_contiguous();
        let mut copy = Fresh::new(shape);
        done(nchw_to_nhwc(&tensor.storage::<f32>()[..shape.iter().product()], copy.view_mut(), threads()));
        copy.into_map()
    }

    /// `[batch, height, width, channels]`.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// What a kernel reads.
    pub fn view(&self) -> View<'_> {
        let start = self.tensor.layout().start_offset().min(self.tensor.storage::<f32>().len());
        done(View::strided(&self.tensor.storage::<f32>()[start..], self.shape, self.pixel_stride))
    }

    /// A part of the channels, without a copy.
    pub fn channels(&self, start: usize, len: usize) -> FlexTensor {
        let layout = self.tensor.layout().narrow(1, start, len);
        self.tensor.clone().with_layout(layout)
    }

    /// Burn's tensor.
    pub fn into_tensor(self) -> FlexTensor {
        self.tensor
    }
}

/// A map that is about to be written.
#[derive(Debug)]
pub(crate) struct Fresh {
    buffer: Buffer,
    shape: Shape,
}

impl Fresh {
    /// `[batch, height, width, channels]`, with any contents.
    pub fn new(shape: Shape) -> Self {
        Self { buffer: Buffer::new(shape.iter().product()), shape }
    }

    /// `[batch, height, width, channels]`.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Makes it all zeros.
    pub fn clear(&mut self) {
        self.buffer.as_mut().fill(0.0);
    }

    /// Where a kernel writes.
    pub fn view_mut(&mut self) -> ViewMut<'_> {
        done(ViewMut::new(self.buffer.as_mut(), self.shape))
    }

    /// Where a kernel writes a part of the channels.
    pub fn channels_mut(&mut self, start: usize, len: usize) -> ViewMut<'_> {
        let [batch, height, width, channels] = self.shape;
        done(ViewMut::strided(&mut self.buffer.as_mut()[start..], [batch, height, width, len], channels))
    }

    /// What was written.
    pub fn view(&self) -> View<'_> {
        done(View::new(self.buffer.as_ref(), self.shape))
    }

    /// With another map added to it.
    pub fn plus(mut self, other: &Map) -> Self {
        let (isa, threads) = with();
        done(binary_in_place(Binary::Add, self.view_mut(), other.view(), Activation::Identity, isa, threads));
        self
    }

    /// A part of the channels of what was written.
    pub fn channels(&self, start: usize, len: usize) -> View<'_> {
        let [batch, height, width, channels] = self.shape;
        done(View::strided(&self.buffer.as_ref()[start..], [batch, height, width, len], channels))
    }

    fn into_map(self) -> Map {
        let [batch, height, width, channels] = self.shape;
        let [image, row, pixel] = [height * width * channels, width * channels, channels].map(|stride| stride as isize);
        let layout = Layout::new([batch, channels, height, width].into(), vec![image, 1, row, pixel], 0);
        let tensor = FlexTensor::new(self.buffer.into_bytes(), layout, DType::F32);
        Map { tensor, shape: self.shape, pixel_stride: channels }
    }

    /// Burn's tensor `[batch, channels, height, width]`.
    pub fn into_tensor(self) -> FlexTensor {
        self.into_map().into_tensor()
    }
}

/// The floats of a tensor in its shape's order.
pub(crate) struct Flat(FlexTensor);

impl Flat {
    /// The tensor as it is if it is contiguous, otherwise a copy.
    pub fn of(tensor: &FlexTensor) -> Self {
        Self(tensor.to_contiguous())
    }
}

impl std::ops::Deref for Flat {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        let floats = self.0.layout().num_elements();
        &self.0.storage::<f32>()[..floats]
    }
}

/// A contiguous tensor of what `write` puts into it.
pub(crate) fn written(shape: &[usize], write: impl FnOnce(&mut [f32])) -> FlexTensor {
    let mut buffer = Buffer::new(shape.iter().product());
    write(buffer.as_mut());
    FlexTensor::new(buffer.into_bytes(), Layout::contiguous(shape.to_vec().into()), DType::F32)
}

/// The instruction set and the threads, which elementwise kernels take side by side.
pub(crate) fn with() -> (Isa, &'static zoo_kernels::Threads) {
    (isa(), threads())
}
