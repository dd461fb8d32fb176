//! One block of memory for all tensors of a run.

use crate::error::{Result, need, setting};
use crate::memory::{Aligned, SharedMut};
use crate::view::{Shape, View, ViewMut, extent};

/// Where a tensor lies in an [`Arena`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Floats before its first channel of its first pixel.
    pub offset: usize,
    /// `[batch, height, width, channels]`.
    pub shape: Shape,
    /// Floats from one pixel to the next.
    pub pixel_stride: usize,
}

impl Place {
    /// The floats from its first to its last; `None` where that overflows.
    fn range(&self) -> Option<(usize, usize)> {
        let end = self.offset.checked_add(extent(self.shape, self.pixel_stride)?)?;
        Some((self.offset, end))
    }

    /// Whether two tensors have no float in common: they lie one after the other, or in different channels of one concatenation.
    fn is_apart(&self, other: &Self) -> bool {
        let (Some((from, to)), Some((other_from, other_to))) = (self.range(), other.range()) else { return false };
        if to <= other_from || other_to <= from {
            return true;
        }
        let stride = self.pixel_stride;
        if stride != other.pixel_stride || stride == 0 {
            return false;
        }
        let channels = |place: &Self| (place.offset % stride, place.offset % stride + place.shape[3]);
        let ((first, end), (other_first, other_end)) = (channels(self), channels(other));
        end <= stride && other_end <= stride && (end <= other_first || other_end <= first)
    }
}

/// Input, residual, factors and output of a layer.
pub type Layer<'a> = (View<'a>, Option<View<'a>>, &'a [f32], ViewMut<'a>);

/// One block of memory for all tensors of a run, on a cache line.
#[derive(Clone, Default)]
pub struct Arena(Aligned);

impl Arena {
    /// `len` zeros.
    pub fn zeros(len: usize) -> Self {
        Self(Aligned::zeros(len))
    }

    /// All floats.
    pub fn floats(&self) -> &[f32] {
        &self.0
    }

    /// All floats, to be written.
    pub fn floats_mut(&mut self) -> &mut [f32] {
        &mut self.0
    }

    fn check(&self, place: &Place) -> Result<()> {
        if place.pixel_stride < place.shape[3] {
            return setting("pixel stride", "it must be at least the number of channels");
        }
        match place.range() {
            Some((_, end)) => need("the arena", end, self.0.len()),
            None => setting("shape", "it does not fit into the address space"),
        }
    }

    /// Tensors to read and one to write, which may lie between them.
    ///
    /// # Errors
    /// A place beyond the arena, or one to write that shares a float with one to read.
    pub fn views<const N: usize>(&mut self, read: [Place; N], write: Place) -> Result<([View<'_>; N], ViewMut<'_>)> {
        for place in read.iter().chain([&write]) {
            self.check(place)?;
        }
        if read.iter().any(|place| !place.is_apart(&write)) {
            return setting("places", "the result would lie on an operand");
        }
        let all = SharedMut::new(&mut self.0[..]);
        // SAFETY: all places are within the arena, which stays borrowed; what is written is apart from what is read.
        let views = read.map(|place| unsafe { View::from_address(all.shared_at(place.offset), place.shape, place.pixel_stride) });
        // SAFETY: as above.
        let output = unsafe { ViewMut::from_address(SharedMut::new(all.at(write.offset)), write.shape, write.pixel_stride) };
        Ok((views, output))
    }

    /// What a layer reads and writes: its input, the residual where there is one, a slice `(offset, len)` of factors, and its
    /// output.
    ///
    /// # Errors
    /// As [`Arena::views`]; the slice must lie before or behind the output.
    pub fn layer(&mut self, input: Place, residual: Option<Place>, factors: (usize, usize), output: Place) -> Result<Layer<'_>> {
        let other = residual.unwrap_or(input);
        let end = factors.0.saturating_add(factors.1);
        need("the arena", end, self.0.len())?;
        for place in [&input, &other, &output] {
            self.check(place)?;
        }
        let (from, to) = output.range().unwrap_or((0, usize::MAX));
        let on_factors = factors.1 > 0 && factors.0 < to && from < end;
        if on_factors || !input.is_apart(&output) || !other.is_apart(&output) {
            return setting("places", "the result would lie on an operand");
        }
        let all = SharedMut::new(&mut self.0[..]);
        // SAFETY: all places are within the arena, which stays borrowed; what is written is apart from what is read.
        unsafe {
            let view = |place: Place| View::from_address(all.shared_at(place.offset), place.shape, place.pixel_stride);
            let factors = std::slice::from_raw_parts(all.at(factors.0).cast_const(), factors.1);
            let output = ViewMut::from_address(SharedMut::new(all.at(output.offset)), output.shape, output.pixel_stride);
            Ok((view(input), residual.map(view), factors, output))
        }
    }

    /// Two slices to read and one to write, each `(offset, len)`.
    ///
    /// # Errors
    /// A slice beyond the arena, or one to write that shares a float with one to read.
    pub fn slices(&mut self, read: [(usize, usize); 2], write: (usize, usize)) -> Result<([&[f32]; 2], &mut [f32])> {
        let end = |(offset, len): (usize, usize)| offset.saturating_add(len);
        for slice in read.iter().chain([&write]) {
            need("the arena", end(*slice), self.0.len())?;
        }
        if read.iter().any(|slice| slice.0 < end(write) && write.0 < end(*slice) && slice.1 > 0 && write.1 > 0) {
            return setting("places", "the result would lie on an operand");
        }
        let all = self.0.as_mut_ptr();
        // SAFETY: all slices are within the arena, which stays borrowed; what is written is apart from what is read.
        let read = read.map(|(offset, len)| unsafe { std::slice::from_raw_parts(all.add(offset), len) });
        // SAFETY: as above.
        Ok((read, unsafe { std::slice::from_raw_parts_mut(all.add(write.0), write.1) }))
    }

    /// A slice to read and a tensor to write.
    ///
    /// # Errors
    /// As [`Arena::views`]; the two must lie one after the other.
    pub fn slice_and_view(&mut self, offset: usize, len: usize, write: Place) -> Result<(&[f32], ViewMut<'_>)> {
        self.check(&write)?;
        let (from, to) = write.range().unwrap_or((0, usize::MAX));
        match offset.checked_add(len) {
            Some(end) if end <= from && end <= self.0.len() => {
                let (before, rest) = self.0.split_at_mut(from);
                Ok((&before[offset..end], ViewMut::strided(rest, write.shape, write.pixel_stride)?))
            }
            Some(end) if offset >= to && end <= self.0.len() => {
                let (before, rest) = self.0.split_at_mut(offset);
                Ok((&rest[..len], ViewMut::strided(&mut before[from..], write.shape, write.pixel_stride)?))
            }
            _ => setting("places", "the result would lie on the operand, or one of them beyond the arena"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(offset: usize, channels: usize) -> Place {
        Place { offset, shape: [1, 2, 2, channels], pixel_stride: 8 }
    }

    #[test]
    fn channels_of_one_concatenation_are_apart() {
        let mut arena = Arena::zeros(32);
        assert!(arena.views([place(0, 3), place(5, 3)], place(3, 2)).is_ok());
        assert!(arena.views([place(0, 4)], place(3, 2)).is_err(), "channel 3 is in both");
        assert!(arena.views([place(4, 2)], Place { offset: 0, shape: [1, 1, 1, 5], pixel_stride: 5 }).is_err());
        assert!(arena.views([place(0, 3)], place(6, 3)).is_err(), "beyond the arena");
        let wraps = Place { offset: 6, shape: [1, 1, 2, 4], pixel_stride: 8 };
        assert!(arena.views([place(0, 3)], wraps).is_err(), "its last channels are the next pixel's first");
    }

    #[test]
    fn a_slice_beside_a_view() {
        let mut arena = Arena::zeros(40);
        let write = Place { offset: 16, shape: [1, 1, 1, 8], pixel_stride: 8 };
        assert!(arena.slice_and_view(0, 16, write).is_ok());
        assert!(arena.slice_and_view(24, 16, write).is_ok());
        assert!(arena.slice_and_view(10, 7, write).is_err());
        assert!(arena.slice_and_view(24, 17, write).is_err());
    }
}
