//! Buffers on cache lines, and pointers that cross threads.

use std::ops::{Deref, DerefMut};

/// A cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; 16]);

/// Floats that begin on a cache line.
#[derive(Clone, Default)]
pub struct Aligned {
    lines: Vec<Line>,
    len: usize,
}

impl Aligned {
    /// `len` zeros.
    pub fn zeros(len: usize) -> Self {
        Self { lines: vec![Line([0.0; 16]); len.div_ceil(16)], len }
    }

    /// Bytes that are held, which may be more than the length.
    pub(crate) fn bytes(&self) -> usize {
        self.lines.len() * size_of::<Line>()
    }

    /// Another length; the values may be any.
    pub(crate) fn set_len(&mut self, len: usize) {
        if len.div_ceil(16) > self.lines.len() {
            *self = Self::zeros(len);
        }
        self.len = len;
    }
}

impl Deref for Aligned {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: `lines` holds at least `len` floats, all initialised, without padding between them.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as above, and the borrow is unique.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}

/// Where several threads write, each to its own places.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SharedMut(*mut f32);

// SAFETY: it is only an address; whoever writes through it answers for the places being disjoint.
unsafe impl Send for SharedMut {}
// SAFETY: as above.
unsafe impl Sync for SharedMut {}

impl From<*mut f32> for SharedMut {
    fn from(address: *mut f32) -> Self {
        Self(address)
    }
}

impl From<&mut [f32]> for SharedMut {
    fn from(floats: &mut [f32]) -> Self {
        Self(floats.as_mut_ptr())
    }
}

impl SharedMut {
    pub(crate) fn new(floats: impl Into<Self>) -> Self {
        floats.into()
    }

    /// The place `offset` floats on, to be read.
    ///
    /// # Safety
    /// As [`SharedMut::at`].
    pub(crate) unsafe fn shared_at(self, offset: usize) -> Shared {
        // SAFETY: the caller's promise.
        Shared(unsafe { self.at(offset) }.cast_const())
    }

    /// The same place, to be read.
    pub(crate) const fn shared(self) -> Shared {
        Shared(self.0.cast_const())
    }

    /// The address `offset` floats on.
    ///
    /// # Safety
    /// The result must lie within the slice that this was made from, or one past its end.
    #[inline(always)]
    pub(crate) unsafe fn at(self, offset: usize) -> *mut f32 {
        // SAFETY: the caller's promise.
        unsafe { self.0.add(offset) }
    }
}

/// Where several threads read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shared(*const f32);

// SAFETY: it is only an address, of floats that nobody writes while it is used.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl From<*const f32> for Shared {
    fn from(address: *const f32) -> Self {
        Self(address)
    }
}

impl From<&[f32]> for Shared {
    fn from(floats: &[f32]) -> Self {
        Self(floats.as_ptr())
    }
}

impl Shared {
    pub(crate) fn new(floats: impl Into<Self>) -> Self {
        floats.into()
    }

    /// The address `offset` floats on.
    ///
    /// # Safety
    /// The result must lie within the slice that this was made from, or one past its end.
    #[inline(always)]
    pub(crate) unsafe fn at(self, offset: usize) -> *const f32 {
        // SAFETY: the caller's promise.
        unsafe { self.0.add(offset) }
    }
}
